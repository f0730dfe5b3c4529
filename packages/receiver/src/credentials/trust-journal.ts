// Changes of trust, as entries of the log: by a command or an edit, found by comparing
// with what was recorded last.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Fault, readInput, writeDurableFile } from '@seg/core'
import type { Ledger } from '@seg/ledger'
import { partnerDigest, type TrustPolicy, type TrustRecord } from '@seg/pki'

/** Of each thing that decides about trust, what it says: `partner ID` → `STATE DIGEST`. */
type Recorded = ReadonlyMap<string, string>

/** The log calls everybody by a pseudonym; who it was stands in the audit trail. */
export const SOME_OPERATOR = 'operator'

type Act = { readonly action: string; readonly subject: string }

/**
 * Records each difference between what the log has last and `record`. Crash before the file is
 * replaced: the entries are there, and come once more with the next run. After: they are recorded.
 */
export async function recordTrustChanges(
  ledger: Pick<Ledger, 'record'>,
  data: string,
  { record, policy }: { readonly record: TrustRecord; readonly policy: TrustPolicy },
  at: Date,
  by: string,
): Promise<readonly Act[]> {
  const path = join(data, 'trust.json')
  const before = await readRecorded(path)
  const after = describe(record, policy)
  const acts = compare(before, after)
  for (const { action, subject } of acts)
    await ledger.record({ type: 'admin', at: at.toISOString(), action, subject, by })
  if (acts.length > 0)
    await writeDurableFile(path, `${JSON.stringify(Object.fromEntries(after))}\n`, { mode: 0o600, replace: true })
  return acts
}

async function readRecorded(path: string): Promise<Recorded> {
  try {
    return new Map(
      Object.entries(JSON.parse(readInput(path, { onlyFile: true }).toString('utf8')) as Record<string, string>),
    )
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

function describe({ mode, authorities, partners }: TrustRecord, { anchors }: TrustPolicy): Recorded {
  const found = new Map<string, string>()
  if (mode !== 'ca') found.set('trust mode', mode)
  for (const { line: _line, from, until, ...authority } of authorities)
    found.set(
      `authority ${authority.name}`,
      digest({
        ...authority,
        from: `${from}`,
        until: `${until}`,
        certificates: certificatesOf(authority.name, anchors),
      }),
    )
  for (const partner of partners)
    found.set(`partner ${partner.id}`, `${partner.state} ${partnerDigest({ ...partner, state: 'active' })}`)
  return found
}

function certificatesOf(name: string, { authorities }: TrustPolicy['anchors']): string[] {
  const found = authorities.filter(authority => authority.name === name)
  return found.flatMap(({ anchors, intermediates }) => [...anchors, ...intermediates]).map(one => one.fingerprint256)
}

function digest(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64')
}

function compare(before: Recorded, after: Recorded): Act[] {
  const acts: Act[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)]
    if (was === is) continue
    const kind = key.slice(0, key.indexOf(' '))
    const subject = key.slice(kind.length + 1)
    if (kind === 'trust') acts.push({ action: 'trust-mode', subject: is ?? 'ca' })
    else if (was === undefined)
      acts.push(
        { action: `${kind}-added`, subject },
        ...(isSuspended(is) ? [{ action: 'partner-suspended', subject }] : []),
      )
    else if (is === undefined) acts.push({ action: `${kind}-removed`, subject })
    else {
      if (textBehind(was) !== textBehind(is)) acts.push({ action: `${kind}-changed`, subject })
      if (kind === 'partner' && isSuspended(was) !== isSuspended(is))
        acts.push({ action: isSuspended(is) ? 'partner-suspended' : 'partner-resumed', subject })
    }
  }
  return acts
}

function isSuspended(state: string | undefined): boolean {
  return state?.startsWith('suspended ') === true
}

function textBehind(state: string): string {
  return state.slice(state.indexOf(' ') + 1)
}
