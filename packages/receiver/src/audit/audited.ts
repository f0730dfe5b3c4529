// Commands of the receiver with their audit records, and the entries of the log for these.
import { type Command, Fault, readSettings, standardError } from '@seg/core'
import { hasLedger } from '@seg/ledger'
import { type AuditTrail, auditedCommand, type Describe, enterRecords, openAuditTrail, type Run } from '@seg/operators'
import { loadLogKey, loadSeal } from '@seg/pki'
import { openSealedLedger, version } from '../open-ledger.ts'

/** Throws as `performAct` does. */
export function audited<Given extends readonly unknown[]>(describe: Describe<Given>, run: Run<Given>): Run<Given> {
  return auditedCommand({ owner: 'receiver', version, after: enterWhileStopped }, describe, run)
}

/**
 * The same for a command that only reads: a copy on read-only media is read without a record, and
 * the output says so.
 */
export function auditedReading<Given extends readonly unknown[]>(
  describe: Describe<Given>,
  run: Run<Given>,
): Run<Given> {
  const recorded = audited(describe, run)
  return async (...given) => {
    const { data } = readSettings(given.at(-1) as Command, ['data'])
    if (await canRecord(data)) return recorded(...given)
    standardError.write(`nothing can be written in ${data}: what is read there has no audit record\n`)
    await run(...given)
  }
}

async function canRecord(data: string): Promise<boolean> {
  // A folder that is not there has nothing to read either, and is not to be made.
  if (!hasLedger(data)) return false
  try {
    const trail = await openAuditTrail(data, 'receiver', version)
    trail.close()
    return true
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return false
  }
}

/**
 * A receiver that runs enters the records itself; so does the next start when this cannot, for want
 * of keys.
 */
async function enterWhileStopped(command: Command, data: string, trail: AuditTrail): Promise<void> {
  const certs = 'certs' in command.opts() ? readSettings(command, ['certs']).certs : undefined
  if (certs === undefined || !hasLedger(data)) return
  try {
    const seal = await loadSeal(certs)
    const ledger = await openSealedLedger(data, seal, await loadLogKey(certs, seal.id))
    await enterRecords(trail, ledger, () => new Date()).finally(() => ledger.close())
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}
