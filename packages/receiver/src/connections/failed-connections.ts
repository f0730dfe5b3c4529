// Connections that ended before they were authenticated: in the receiver's own log as `CountedLog`
// has them, and as facts. Anybody can cause them, so only so many a minute are a fact of their own;
// the others are counted by reason, and the count is one.
import { type FaultCode, isFaultCode } from '@seg/core'
import type { Fact, NoteFact } from '@seg/operators'
import { openCountedLog } from '../counted-log.ts'
import type { Logger } from '../logger.ts'

const FACTS = 60
const PERIOD = 60_000
const KINDS = 32

export type FailedConnection = {
  /** One of few. */
  readonly reason: string
  /** For the log. */
  readonly line: string
  readonly code?: string | undefined
  readonly address: string | undefined
  /** Of the certificate that was shown. */
  readonly certificate?: string | undefined
}

export type FailedConnections = {
  report(failed: FailedConnection): void
  /** Writes what was only counted so far. */
  close(): void
}

export function openFailedConnections(
  logger: Pick<Logger, 'warn'>,
  note: NoteFact,
  now: () => Date,
): FailedConnections {
  const lines = openCountedLog('connections ended before they were authenticated', (facts, line) =>
    logger.warn(facts, line),
  )
  let counts = new Map<string, { readonly code: FaultCode | undefined; count: number }>()
  let noted = 0
  let timer: NodeJS.Timeout | undefined
  const fact = (reason: string, code: FaultCode | undefined): Fact => ({
    kind: 'connection',
    outcome: 'failed',
    at: now().getTime(),
    code,
    detail: reason,
  })
  const end = () => {
    clearTimeout(timer)
    timer = undefined
    for (const [reason, { code, count }] of counts) note({ ...fact(reason, code), count })
    counts = new Map()
    noted = 0
  }
  return {
    report({ reason, line, code: shown, address, certificate }) {
      lines.report(reason, line, shown)
      const code = isFaultCode(shown) ? shown : undefined
      timer ??= setTimeout(end, PERIOD).unref()
      if (noted++ < FACTS) return note({ ...fact(reason, code), address, certificate })
      const kind = counts.has(reason) || counts.size < KINDS ? reason : 'other reasons'
      const counted = counts.get(kind) ?? { code: kind === reason ? code : undefined, count: 0 }
      counted.count++
      counts.set(kind, counted)
    },
    close() {
      lines.close()
      end()
    },
  }
}
