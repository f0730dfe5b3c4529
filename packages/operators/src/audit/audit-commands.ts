// `audit list`, `show` and `verify` of both gateways.
import { amount, type Command, Fault, openOutput, quote, readSettings, writeList } from '@seg/core'
import { describeLedgerPlace } from '@seg/ledger'
import type { AuditRecord } from './audit-record.ts'
import { type AuditTrail, type KeptRecord, openAuditReader } from './audit-trail.ts'
import { checkTrail } from './check-trail.ts'

const STEP = 500

export async function runAuditList({ limit }: { readonly limit?: number }, command: Command): Promise<void> {
  await withTrail(command, trail =>
    writeList(command, listRecords(trail, limit), {
      name: 'records',
      facts: factsOf,
      line: hasLog(command) ? describeEntered : describeLine,
      empty: 'no records: nobody has changed anything',
    }),
  )
}

export async function runAuditShow(name: string, _options: object, command: Command): Promise<void> {
  await withTrail(command, async trail => {
    const found = trail?.find(name)
    if (found === undefined) throw new Fault('not-found', `the audit trail has no record ${quote(name)}`)
    openOutput(command).report(factsOf(found), JSON.stringify(factsOf(found), undefined, 2))
  })
}

/** With the entries of the log where the data folder has a ledger. */
export async function runAuditVerify(_options: object, command: Command): Promise<void> {
  const { data } = readSettings(command, ['data'])
  const shared = describeLedgerPlace(data)
  // The log names records of all receivers that share it, and each has only its own trail.
  if (shared !== undefined)
    throw new Fault(
      'configuration',
      `the ledger of ${data} is in ${shared}, which several receivers may share: ` +
        'their audit trails are not verified together yet',
    )
  await withTrail(command, async trail => {
    const isLogged = hasLog(command)
    const found = await checkTrail(trail, data, isLogged)
    const { records, entered, notEntered, unfinished } = found
    const proof = isLogged ? `${entered} of them entries of the log, ${notEntered} not yet` : 'proven by their chain'
    openOutput(command).report(
      { ok: true, ...found },
      `the audit trail is whole: ${amount(records, 'record')}, ${proof}; ` +
        `${amount(unfinished, 'act')} without an outcome`,
    )
  })
}

/** A sender has no log that its records could be entries of. */
function hasLog(command: Command): boolean {
  return command.parent?.parent?.name() === 'receiver'
}

async function* listRecords(trail: AuditTrail | undefined, limit: number | undefined): AsyncGenerator<KeptRecord> {
  const latest: KeptRecord[] = []
  for (let page = trail?.after(0, STEP) ?? []; page.length > 0; page = trail!.after(page.at(-1)!.number, STEP)) {
    if (limit === undefined) yield* page
    else latest.splice(0, Math.max(0, latest.push(...page) - limit))
  }
  yield* latest
}

async function withTrail(command: Command, use: (trail: AuditTrail | undefined) => Promise<void>): Promise<void> {
  const trail = openAuditReader(readSettings(command, ['data']).data)
  try {
    await use(trail)
  } finally {
    trail?.close()
  }
}

function factsOf({ number, digest, leaf, text }: KeptRecord) {
  return { number, digest, leaf: leaf ?? null, record: JSON.parse(text) as AuditRecord }
}

function describeLine({ number, text }: KeptRecord): string {
  const { at, action, outcome, actor, on, why } = JSON.parse(text) as AuditRecord
  const because = why === undefined ? '' : `: ${why}`
  return `${String(number).padStart(6)}  ${at}  ${action} ${quote(on.id)} by ${quote(actor.id)}: ${outcome}${because}`
}

function describeEntered(record: KeptRecord): string {
  return `${describeLine(record)}  (${record.leaf === undefined ? 'not in the log yet' : `entry ${record.leaf}`})`
}
