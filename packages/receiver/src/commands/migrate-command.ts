// `receiver migrate`: from a ledger in a data folder to one that several receivers share.
import { amount, type Command, openOutput, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { describeLedgerPlace, moveLedger } from '@seg/ledger'
import { showProgress } from './shown-progress.ts'

type MigrateOptions = { readonly from: string; readonly to: string }

export async function runMigrate(options: MigrateOptions, command: Command): Promise<void> {
  const output = openOutput(command)
  const { ledgerPassword: password } = readSettings(command, ['ledgerPassword'])
  const from = resolveUserPath(options.from)
  const progress = showProgress(output)
  const { size, root } = await moveLedger(from, { ledger: options.to, password }, ({ entries, of }) =>
    progress.show(`${entries} of ${of} entries copied`),
  ).finally(progress.clear)
  const place = describeLedgerPlace(from)!
  output.report(
    { ok: true, from, to: place, size, root: root.toString('base64') },
    [
      `${amount(size, 'entry')} copied to ${place}, with the root of the last checkpoint: ${root.toString('base64')}`,
      `${from} names the database from now on; its ledger.sqlite stays as it was, and is not used any more`,
      `next: pnpm --filter receiver log verify --data ${shellWord(from)}, then start with --ledger`,
    ].join('\n'),
  )
}
