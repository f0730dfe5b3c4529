// `receiver migrate`: from a ledger in a data folder to one that several receivers share.
import { amount, type Command, openOutput, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { checkDataFolder, describeLedgerPlace, moveLedger } from '@seg/ledger'
import { openAuditTrail, performAct } from '@seg/operators'
import { version } from '../open-ledger.ts'
import { showProgress } from './shown-progress.ts'

type MigrateOptions = { readonly from: string; readonly to: string }

/** With its audit records: those of the folder, which is not `--data` here. */
export async function runMigrate(options: MigrateOptions, command: Command): Promise<void> {
  const folder = resolveUserPath(options.from)
  checkDataFolder(folder, 'receiver')
  const trail = await openAuditTrail(folder, 'receiver', version)
  const act = {
    action: 'system.ledger-migrated',
    category: 'system',
    on: { kind: 'ledger', id: folder },
    look: async () => describeLedgerPlace(folder) ?? null,
    why: command.opts().why,
  } as const
  await performAct(trail, act, () => migrate(folder, options.to, command)).finally(() => trail.close())
}

async function migrate(from: string, to: string, command: Command): Promise<void> {
  const output = openOutput(command)
  const { ledgerPassword: password } = readSettings(command, ['ledgerPassword'])
  const progress = showProgress(output)
  const { size, root } = await moveLedger(from, { ledger: to, password }, ({ entries, of }) =>
    progress.show(`${entries} of ${amount(of, 'entry')} copied`),
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
