// `receiver log recover MIRROR`: a new data folder with a log that lost its end.
import { amount, type Command, Fault, openOutput, quote, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { checkDataFolder, openNamedLedger, type Recovered, recoverLedger } from '@seg/ledger'
import { openRestoredTrail, performAct } from '@seg/operators'
import { loadTrust, loadVerifierKeys } from '@seg/pki'
import { readAcceptances } from '../backup/read-acceptances.ts'
import { version } from '../open-ledger.ts'
import { showProgress } from './shown-progress.ts'

type RecoverOptions = {
  readonly to: string
  readonly from?: string
  readonly receipts?: string
  readonly entriesLost?: true
  readonly why?: string
}

export async function runLogRecover(mirror: string, options: RecoverOptions, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs } = readSettings(command, ['certs'])
  const [trust, logPub] = await Promise.all([loadTrust(certs), loadVerifierKeys(certs)])
  const [to, from] = [resolveUserPath(options.to), options.from && resolveUserPath(options.from)]
  if (from !== undefined) checkDataFolder(from, 'receiver')
  const earlier = from === undefined ? undefined : openNamedLedger(from)
  const receipts = options.receipts && resolveUserPath(options.receipts)
  const { acceptances, doubts } = await readAcceptances(receipts, trust, earlier).finally(() => earlier?.close())
  for (const doubt of doubts) output.say(`does not count: ${doubt}`)
  const progress = showProgress(output)
  const on = { kind: 'ledger', id: to }
  const act = { action: 'system.ledger-recovered', category: 'system', on, why: options.why } as const
  const finish = async (giveName: () => Promise<void>) => {
    const trail = await openRestoredTrail(to, version)
    await performAct(trail, { ...act, look: async () => null }, giveName).finally(() => trail.close())
  }
  const found = await recoverLedger(to, {
    ...{ from, mirror: resolveUserPath(mirror), acceptances, logPub, finish },
    check: recovered => checkDeclared(recovered, options),
    onProgress: ({ entries, of }) => progress.show(`${entries} of ${amount(of, 'entry')} made`),
  }).finally(progress.clear)
  const { head, kept, documents, unopened, shown, beyond } = found
  const root = head.root.toString('base64')
  const lost = { entries: shown - head.size, documents: beyond.map(({ sender, id, index }) => ({ sender, id, index })) }
  output.report(
    { ok: true, to, size: head.size, root, kept, documents, unopened, lost, doubts },
    [
      `${to} has ${amount(head.size, 'entry')} of the log, with the root ${root}: ${kept} of the earlier ledger, ` +
        `${amount(documents, 'document')} by their receipts, ${unopened} whose facts are not known`,
      ...(lost.entries === 0 ? [] : [`lost: ${amount(lost.entries, 'entry')} that the log has shown`]),
      ...lost.documents.map(({ sender, id }) => `lost, and accepted: ${quote(id)} of ${quote(sender)}`),
      `next: pnpm --filter receiver log verify --data ${shellWord(to)}, then start with it`,
    ].join('\n'),
  )
}

/** A log that continues after fewer entries than it has shown is a second history. */
function checkDeclared({ head, shown, beyond }: Recovered, { entriesLost, why }: RecoverOptions): void {
  if (entriesLost && why === undefined)
    throw new Fault('usage', '--entries-lost is declared with --why: the audit trail keeps the reason')
  if (entriesLost || (shown === head.size && beyond.length === 0)) return
  throw new Fault(
    'log-incomplete',
    `the log can be made again up to ${amount(head.size, 'entry')}; it has shown ${shown}, and accepted ` +
      `${amount(beyond.length, 'document')} beyond: give more receipts with --receipts, or declare --entries-lost`,
  )
}
