// The metrics that are no counters, measured every 15 s and when somebody asks: what the desk's
// thread sees, and what the main thread sends.
import type { DatabaseSync } from 'node:sqlite'
import { asFault } from '@seg/core'
import { type LetterStore, openLetterReader } from '../dead-letters/letter-store.ts'
import type { FromDesk } from '../desk/desk-messages.ts'
import type { DeskStore } from '../desk/desk-store.ts'
import type { MetricName, Sample } from './catalogue.ts'
import { watchAccess } from './measure-access.ts'
import { watchAudit } from './measure-audit.ts'
import {
  measureDeadLetters,
  measureDisk,
  measuredHere,
  measureOutbox,
  measureProcess,
  samplesOfLog,
} from './measure-data.ts'
import { measureHabits } from './measure-habits.ts'
import type { MetricStore } from './metric-store.ts'
import { watchLog } from './watch-log.ts'

/** Milliseconds between two measurements. */
export const MEASURE_INTERVAL = 15_000
/** Milliseconds between two looks at the habits of partners. */
const HABITS_INTERVAL = 60_000
/** Milliseconds for which a measurement is good enough for whoever asks. */
const FRESH = 1000

type Opened = { readonly database: DatabaseSync; readonly store: DeskStore } | undefined

export type ThreadMetrics = {
  isDue(): boolean
  /** `opened`: the desk, once there is one. */
  measure(opened: Opened): Promise<void>
  /** What the main thread has measured. */
  take(samples: readonly Sample[]): void
  close(): Promise<void>
}

export function openThreadMetrics(
  folder: string,
  metrics: MetricStore,
  send: (message: FromDesk) => void,
): ThreadMetrics {
  const complain = (trouble: string) => send({ trouble })
  const log = watchLog(folder, complain)
  let measured = Number.NEGATIVE_INFINITY
  let sent: readonly MetricName[] = []
  let complaint = ''
  const audit = watchAudit(folder, metrics)
  const access = watchAccess(folder)
  let habits: readonly Sample[] = []
  let habitsAt = Number.NEGATIVE_INFINITY
  let letters: LetterStore | undefined
  const lettersOver = () => {
    letters ??= openLetterReader(folder)
    return letters?.countOver() ?? new Map<string, number>()
  }
  const measureAll = async (opened: Opened): Promise<void> => {
    const samples = [...measureProcess(), ...(await measureDisk(folder))]
    const state = await log.look()
    if (state !== undefined) send({ isLogConsistent: state.isConsistent })
    if (state !== undefined) samples.push(...samplesOfLog(state, opened?.store.cursor('ledger') ?? 0))
    if (log.reader !== undefined) samples.push(...(await measureDeadLetters(log.reader, lettersOver())))
    samples.push(...audit.look(), ...access.look(new Date()))
    if (opened !== undefined) {
      samples.push(...measureOutbox(opened.database))
      if (performance.now() - habitsAt > HABITS_INTERVAL) {
        habits = measureHabits(opened.database, Date.now())
        habitsAt = performance.now()
      }
      samples.push(...habits)
    }
    metrics.replace(measuredHere, samples)
  }
  let measuring: Promise<void> = Promise.resolve()
  return {
    isDue: () => performance.now() - measured >= MEASURE_INTERVAL,
    measure(opened) {
      if (performance.now() - measured < FRESH) return measuring
      measured = performance.now()
      measuring = measureAll(opened).then(
        () => {
          complaint = ''
        },
        error => {
          const found = asFault(error).message
          if (found !== complaint) complain(`the gateway cannot be measured: ${found}`)
          complaint = found
        },
      )
      return measuring
    },
    take(samples) {
      const names = [...new Set(samples.map(({ name }) => name))]
      // Those that were sent before, and have no value any more, go.
      metrics.replace([...new Set([...sent, ...names])], samples)
      sent = names
    },
    close: async () => {
      letters?.close()
      audit.close()
      access.close()
      await log.close()
    },
  }
}
