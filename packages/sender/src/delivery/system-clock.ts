// The clocks, timer and random numbers of this machine.
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from './gateway.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  random: Math.random,
  pause: milliseconds => pause(milliseconds),
}
