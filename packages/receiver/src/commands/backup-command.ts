// `receiver backup` and `receiver restore`.
import { amount, type Command, openOutput, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { backUpLedger } from '../backup/back-up-ledger.ts'
import { type Declared, type RestoredLedger, restoreLedger } from '../backup/restore-ledger.ts'
import { showProgress } from './shown-progress.ts'

export async function runBackup(place: string, _options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const trust = { certs, config: command.opts().config }
  const progress = showProgress(output)
  const made = await backUpLedger(data, resolveUserPath(place), trust, progress.show).finally(progress.clear)
  const { path, copied, linked } = made
  const { at, documents, log } = made.record
  output.report(
    { ok: true, backup: path, at, size: log?.size, root: log?.root, documents, copied, linked },
    [
      `${path}: the ledger as it was at ${at}, verified: ${amount(log?.size ?? 0, 'entry')}, ` +
        `${amount(documents, 'document')}; ${amount(copied, 'file')} copied, ${linked} had by the backup before`,
      'not in it: keys, certificates and seg.yaml, which are kept elsewhere; the inbox, unclaimed documents',
    ].join('\n'),
  )
}

export async function runRestore(from: string, options: Declared, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const trust = { certs, config: command.opts().config }
  const checkpoint = options.checkpoint && resolveUserPath(options.checkpoint)
  const progress = showProgress(output)
  const restored = await restoreLedger(
    resolveUserPath(from),
    data,
    { ...options, checkpoint },
    trust,
    progress.show,
  ).finally(progress.clear)
  const { path, at, size, root, documents, known } = restored
  const lost = known === undefined ? null : Math.max(0, known - size)
  output.report(
    { ok: true, data, backup: path, at, size, root, documents, lost },
    [
      `${data} is the ledger of ${path}: ${amount(size, 'entry')}, ${amount(documents, 'document')}, as at ${at}`,
      describeLog(restored),
      `next: pnpm --filter receiver diagnose --data ${shellWord(data)}, then start; ` +
        'the log then says that its ledger comes from a backup',
    ].join('\n'),
  )
}

function describeLog({ size, known, at }: RestoredLedger): string {
  if (known === undefined)
    return (
      'how many entries the log had shown is not known: ' +
      `a partner that saw more than ${size} reports log-rewritten (exit code 6) at its next delivery`
    )
  if (known <= size)
    return `it has all that the checkpoint has (${amount(known, 'entry')}): partners see their log continued`
  return (
    `lost: ${amount(known - size, 'entry')}; each partner that saw more than ${size} reports log-rewritten ` +
    '(exit code 6) at its next delivery. That is right: say what happened over another channel, ' +
    `and ask for the documents whose receipts are newer than ${at}`
  )
}
