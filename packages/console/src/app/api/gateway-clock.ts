// The time as the gateway has it, by the `Date` of its answers: the clock of a browser may be wrong
// by a day, and what the page shows happened by the gateway's.
import { signal, useMemo } from '../preact.ts'

/** Milliseconds that the gateway is ahead of this browser. */
const offset = signal(0)
/** Milliseconds that the header may be behind: it has whole seconds, and is made once a second. */
const STEP = 2000

/**
 * `sentAt`, `receivedAt`: by this browser. Only what the answer contradicts is corrected, so that
 * the time does not jump to and fro between two answers.
 */
export function followGatewayClock(date: string | null, sentAt: number, receivedAt: number): void {
  const time = Date.parse(date ?? '')
  if (Number.isNaN(time)) return
  const [least, most] = [time - receivedAt, time + STEP - sentAt]
  if (offset.value < least || offset.value > most) offset.value = (least + most) / 2
}

/** Milliseconds since 1970. A component that asks for it follows a correction. */
export function gatewayTime(): number {
  return Date.now() + offset.value
}

/** RFC 3339; the same one until the clock is corrected. */
export function useTimeAgo(milliseconds: number): string {
  return useMemo(() => new Date(gatewayTime() - milliseconds).toISOString(), [milliseconds, offset.value])
}

/** Changes when the clock is corrected: what the former time asked for is asked for again. */
export function clockCorrection(): number {
  return offset.value
}
