// `sender backup` and `sender restore`: the outbox with its documents, receipts and evidence.
import { basename } from 'node:path'
import { amount, type Command, Fault, openOutput, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { checkEmpty, findBackup, makeBackup, openOutboxReader, restoreBackup } from '@seg/ledger'
import { openRestoredTrail, performAct, restoredAct, settleCopiedTrail } from '@seg/operators'
import { openProgress, terminal } from '../progress.ts'
import { version } from './acts.ts'

/** Entries read at a time. */
const PAGE = 500

export async function runBackupOutbox(place: string, _options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const progress = openProgress(terminal, { isSilent: output.json })
  const { path, record, copied, linked } = await makeBackup(data, resolveUserPath(place), {
    owner: 'sender',
    version,
    now: () => new Date(),
    onProgress: progress.show,
    verify: verifyCopy,
  }).finally(progress.clear)
  const { at, documents } = record
  output.report(
    { ok: true, backup: path, at, documents, copied, linked },
    [
      `${path}: the outbox as it was at ${at}, verified: ${amount(documents, 'entry')}; ` +
        `${amount(copied, 'file')} copied, ${linked} had by the backup before`,
      'not in it: keys, certificates and seg.yaml, which are kept elsewhere; files dropped into outgoing/',
    ].join('\n'),
  )
}

export async function runRestoreOutbox(
  from: string,
  { why }: { readonly why?: string },
  command: Command,
): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const found = findBackup(resolveUserPath(from))
  const { path, record } = found
  if (record.owner !== 'sender')
    throw new Fault('configuration', `${path} is a backup of a ${record.owner}, expected that of a sender`)
  await checkEmpty(data)
  await settleCopiedTrail(path)
  const progress = openProgress(terminal, { isSilent: output.json })
  await restoreBackup(found, data, progress.show, async giveName => {
    const trail = await openRestoredTrail(data, version)
    const look = async () => null
    await performAct(trail, { ...restoredAct(basename(path)), look, why }, giveName).finally(() => trail.close())
  }).finally(progress.clear)
  const { at, documents } = record
  output.report(
    { ok: true, data, backup: path, at, documents },
    [
      `${data} is the outbox of ${path}: ${amount(documents, 'entry')}, as at ${at}`,
      'what was queued at that time and delivered since is sent again: ' +
        'the same bytes get the receipt that they had; what was queued later is not in it',
      `next: pnpm --filter sender outbox list --data ${shellWord(data)}, then deliver`,
    ].join('\n'),
  )
}

/** The copier has held each document to the digest of its entry. */
async function verifyCopy(folder: string): Promise<{ of: string; documents: number }> {
  await settleCopiedTrail(folder)
  const reader = await openOutboxReader(folder)
  try {
    let documents = 0
    for (let page = (await reader?.entriesAfter(0, PAGE)) ?? []; page.length > 0; ) {
      documents += page.length
      page = await reader!.entriesAfter(page.at(-1)!.number, PAGE)
    }
    return { of: '', documents }
  } finally {
    await reader?.close()
  }
}
