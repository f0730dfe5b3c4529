// `receiver migrate`: from a ledger in a data folder to one that several receivers share, and back.
import { amount, type Command, Fault, openOutput, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { checkDataFolder, describeLedgerPlace, moveLedger, moveLedgerBack } from '@seg/ledger'
import { openAuditTrail, openRestoredTrail, performAct } from '@seg/operators'
import { version } from '../open-ledger.ts'
import { showProgress } from './shown-progress.ts'

type MigrateOptions = { readonly from: string; readonly to: string }

const ADDRESS = /^postgres(?:ql)?:/

/** With its audit records: those of the folder, which is not `--data` here. */
export async function runMigrate({ from, to }: MigrateOptions, command: Command): Promise<void> {
  if (ADDRESS.test(from) === ADDRESS.test(to))
    throw new Fault('usage', 'expected a data folder in --from and the address of a database in --to, or the other way')
  if (ADDRESS.test(from)) return migrateBack(from, resolveUserPath(to), command)
  const folder = resolveUserPath(from)
  checkDataFolder(folder, 'receiver')
  const trail = await openAuditTrail(folder, 'receiver', version)
  const act = { ...actOn(folder, command), look: async () => describeLedgerPlace(folder) ?? null }
  await performAct(trail, act, () => migrate(folder, to, command)).finally(() => trail.close())
}

function actOn(folder: string, command: Command) {
  const on = { kind: 'ledger', id: folder }
  return { action: 'system.ledger-migrated', category: 'system', on, why: command.opts().why } as const
}

/** The audit trail begins anew, as the folder does. */
async function migrateBack(ledger: string, folder: string, command: Command): Promise<void> {
  const output = openOutput(command)
  const { ledgerPassword: password } = readSettings(command, ['ledgerPassword'])
  const progress = showProgress(output)
  const show = ({ entries, of }: { readonly entries: number; readonly of: number }) =>
    progress.show(`${entries} of ${amount(of, 'entry')} copied`)
  const finish = async (giveName: () => Promise<void>) => {
    const trail = await openRestoredTrail(folder, version)
    await performAct(trail, { ...actOn(folder, command), look: async () => null }, giveName).finally(() =>
      trail.close(),
    )
  }
  const { size, root } = await moveLedgerBack({ ledger, password }, folder, show, finish).finally(progress.clear)
  output.report(
    { ok: true, from: ledger, to: folder, size, root: root.toString('base64') },
    [
      `${amount(size, 'entry')} copied to ${folder}, with the root of the last checkpoint: ${root.toString('base64')}`,
      'the database keeps them, says that they have moved, and takes no more',
      `next: pnpm --filter receiver log verify --data ${shellWord(folder)}, then start with --data, without --ledger`,
    ].join('\n'),
  )
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
