// Whether the audit trail is what was written: each record has its digest, names the one before,
// and is the one that its entry of the log names; and each entry has its record.
import { quote } from '@seg/core'
import type { LogEvent } from '@seg/ledger'
import { type AuditRecord, digestRecord, writeCanonical } from './audit-record.ts'
import type { AuditTrail } from './audit-trail.ts'

const STEP = 500

export type VerifiedAudit = {
  readonly records: number
  /** Those whose entry of the log was found. */
  readonly entered: number
  /** Those that have no entry yet: nothing but the chain proves them. */
  readonly notEntered: number
  /** Intents without an outcome: the process ended in between. */
  readonly unfinished: number
  readonly problems: readonly string[]
}

/** `entries`: all entries of the log with their indexes; undefined for a trail without a log. */
export async function verifyAudit(
  trail: AuditTrail | undefined,
  entries: AsyncIterable<readonly [index: number, event: LogEvent | undefined]> | undefined,
): Promise<VerifiedAudit> {
  const problems: string[] = []
  const named = await readNamed(entries)
  const known = new Set<string>()
  const intents = new Map<string, number>()
  let [records, entered, notEntered] = [0, 0, 0]
  let last: { readonly number: number; readonly digest: string } | undefined
  for (let page = trail?.after(0, STEP) ?? []; page.length > 0; page = trail!.after(last!.number, STEP)) {
    for (const { number, digest, text, leaf } of page) {
      const record = readRecord(text)
      records++
      known.add(digest)
      if (record === undefined || digestRecord(text) !== digest)
        problems.push(`record ${number} was edited: its text is not that of its digest ${digest}`)
      else if (record.prev !== (last?.digest ?? null))
        problems.push(
          `a record before record ${number} was deleted or edited: ` +
            `it names ${record.prev}, found ${last?.digest ?? 'none'}`,
        )
      else if (number !== (last?.number ?? 0) + 1)
        problems.push(`records between ${last?.number ?? 0} and ${number} were deleted`)
      if (leaf === undefined) notEntered++
      else if (named === undefined || named.get(leaf) === digest) entered++
      else
        problems.push(
          `record ${number} is not the one of entry ${leaf} of the log: ` +
            `expected ${named.get(leaf) ?? 'none'}, found ${digest}`,
        )
      if (record?.outcome === 'pending') intents.set(record.id, number)
      if (record?.intent !== undefined) intents.delete(record.intent)
      last = { number, digest }
    }
  }
  for (const [index, digest] of named ?? [])
    if (!known.has(digest)) problems.push(`the record of entry ${index} of the log was deleted: ${quote(digest)}`)
  return { records, entered, notEntered, unfinished: intents.size, problems }
}

async function readNamed(entries: Parameters<typeof verifyAudit>[1]): Promise<Map<number, string> | undefined> {
  if (entries === undefined) return undefined
  const named = new Map<number, string>()
  for await (const [index, event] of entries)
    if (event !== undefined && 'record' in event && event.record !== undefined) named.set(index, event.record)
  return named
}

function readRecord(text: string): AuditRecord | undefined {
  try {
    const record = JSON.parse(text) as AuditRecord
    return writeCanonical(record) === text ? record : undefined
  } catch {
    return undefined
  }
}
