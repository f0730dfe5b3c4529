// The audit trail of a running receiver: its start and stop, what it found changed, and the entries
// of the log for the records of all.
import { userInfo } from 'node:os'
import { asFault, pollLoop } from '@seg/core'
import { type Act, type AuditTrail, enterRecords, shellPlace } from '@seg/operators'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'

/** Milliseconds between two looks at the records that other processes wrote. */
const LOOK_INTERVAL = 1000

export type RunningAudit = {
  /** Records a change that was found in a file, by an unknown author. */
  found(action: string, kind: string, id: string): void
  close(): Promise<void>
}

/** What the receiver does by itself, the one with this name of several with one ledger. */
export function serviceAct(action: string, id: string, node: string): Act {
  const actor = { id: userInfo().username, method: 'service' } as const
  return { action, category: 'system', actor, from: { ...shellPlace(), node }, on: { kind: 'receiver', id } }
}

export function runAudit(trail: AuditTrail, { ledger, now }: Gate, logger: Logger): RunningAudit {
  const stop = new AbortController()
  const ended = pollLoop(() => enterRecords(trail, ledger, now), {
    interval: LOOK_INTERVAL,
    signal: stop.signal,
    complain: line => logger.error(`the audit trail: ${line}`),
  })
  return {
    found(action, kind, id) {
      const actor = { id: 'whoever wrote the file', method: 'configuration-file' } as const
      const act: Act = { action, category: 'configuration', actor, from: shellPlace(), on: { kind, id } }
      try {
        trail.add(act, 'success', now())
      } catch (error) {
        logger.error(`a change has no audit record: ${action} ${id}: ${asFault(error).message}`)
      }
    },
    async close() {
      stop.abort()
      await ended
      await enterRecords(trail, ledger, now).catch(error =>
        logger.error(`audit records wait for the next start: ${asFault(error).message}`),
      )
    },
  }
}
