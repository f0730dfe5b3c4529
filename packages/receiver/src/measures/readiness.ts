// Whether documents can be accepted now: each check says what it found, and one that fails makes
// the receiver not ready. Looked at in the background, so that who asks costs nothing.
import { asFault, pollLoop } from '@seg/core'
import type { ReadinessReport } from '@seg/operators'
import type { Gate } from '../gate.ts'
import type { ConnectionProcess } from '../http/start-receiver.ts'
import { checkSeal } from '../own-certificates.ts'

type Finding = ReadinessReport['checks'][number]

export type Readiness = {
  last(): ReadinessReport
  /** Looks now, unless it has just done so. */
  look(): Promise<ReadinessReport>
  /** The receiver is being stopped: it is not ready from here on. */
  drain(): void
  close(): Promise<void>
}

/** Milliseconds between two looks, and for which a result is used again. */
const LOOK_INTERVAL = 10_000
/** Milliseconds between two writes that only try whether the ledger can be written. */
const WRITE_INTERVAL = 60_000
/** Milliseconds that a write may take, or a signature. */
const WRITE_TIME = 5_000
/** Milliseconds that the last entry of the log may be ahead of the clock. */
const AHEAD = 5_000
/** A cursor that nothing follows: moving it proves that the ledger can be written. */
const CURSOR = 'readiness'

const PROCESSES = 'processes'
const STOPPING: Finding = { check: 'stopping', ok: false, found: 'the receiver is being stopped' }

/** Of those that have the connections; undefined: this one has them. */
type ReadProcesses = () => readonly ConnectionProcess[] | undefined

type Check = (gate: Gate) => Promise<string>

/** Each throws, or answers with what it found. */
const checks: Readonly<Record<string, Check>> = {
  async log({ desk }) {
    if (desk.isLogConsistent() === false) throw new Error('it does not continue what it showed before')
    return 'continues what it showed before'
  },
  async certificates({ credentials, now }) {
    checkSeal(credentials.current, now())
    const { validToDate } = credentials.current.identity.certificate
    if (validToDate < now()) throw new Error(`receiver.crt expired at ${validToDate.toISOString()}`)
    return 'in date'
  },
  seal({ sealing, credentials }) {
    return inTime(sealing.check(credentials.current.seal), 'the key has not signed')
  },
  async disk({ room }) {
    if (room.trouble !== '') throw new Error(room.trouble)
    return 'there is room'
  },
  async clock({ ledger, now }) {
    if (ledger.isShared) return 'compared with that of the database by each write'
    const last = await ledger.event((await ledger.log.size()) - 1)
    const ahead = last === undefined ? 0 : Date.parse(last.at) - now().getTime()
    if (ahead > AHEAD) throw new Error(`the last entry of the log is ${Math.round(ahead / 1000)} s ahead of the clock`)
    return 'not behind the log'
  },
}

/** Names of all checks. */
export const readinessChecks: readonly string[] = ['ledger', ...Object.keys(checks), PROCESSES, STOPPING.check]

async function tryWrite({ ledger }: Gate): Promise<string> {
  const writing = async () => ledger.moveCursor(CURSOR, (await ledger.log.size()) - 1)
  await inTime(writing(), 'no write ended')
  return 'written'
}

/** `what` did not happen: the beginning of what was found then. */
async function inTime<Result>(work: Promise<Result>, what: string): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} within ${WRITE_TIME / 1000} s`)), WRITE_TIME)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}

/** Looks at once, and every ten seconds. The ledger was written by the start itself. */
export function watchReadiness(gate: Gate, processes: ReadProcesses = () => undefined): Readiness {
  const stop = new AbortController()
  let last: ReadinessReport = { isReady: false, at: gate.now().toISOString(), checks: [] }
  let written: Finding = { check: 'ledger', ok: true, found: 'written' }
  let triedAt = performance.now()
  let lookedAt = Number.NEGATIVE_INFINITY
  let isStopping = false
  const shown = (report: ReadinessReport): ReadinessReport =>
    isStopping ? { ...report, isReady: false, checks: [...report.checks, STOPPING] } : report
  const lookOnce = async (writeInterval: number) => {
    if (performance.now() - triedAt >= writeInterval || !written.ok) {
      triedAt = performance.now()
      written = await find('ledger', tryWrite, gate)
    }
    const others = Object.entries(checks).map(([name, check]) => find(name, check, gate))
    const found = [written, ...(await Promise.all(others)), ...findProcesses(processes())]
    last = { isReady: found.every(({ ok }) => ok), at: gate.now().toISOString(), checks: found }
    lookedAt = performance.now()
    return last
  }
  const ended = pollLoop(async () => void (await lookOnce(WRITE_INTERVAL)), {
    interval: LOOK_INTERVAL,
    signal: stop.signal,
    complain: () => {},
  })
  return {
    last: () => shown(last),
    look: async () => shown(performance.now() - lookedAt < LOOK_INTERVAL ? last : await lookOnce(LOOK_INTERVAL)),
    drain() {
      isStopping = true
    },
    async close() {
      stop.abort()
      await ended
    },
  }
}

/** Ready as long as one listens: the others are started again. */
function findProcesses(processes: readonly ConnectionProcess[] | undefined): Finding[] {
  if (processes === undefined) return []
  const listening = processes.filter(({ isListening }) => isListening).length
  const found = `${listening} of ${processes.length} connection processes run`
  return [{ check: PROCESSES, ok: listening > 0, found }]
}

function find(check: string, look: Check, gate: Gate): Promise<Finding> {
  return look(gate).then(
    found => ({ check, ok: true, found }),
    error => ({ check, ok: false, found: asFault(error).detail }),
  )
}
