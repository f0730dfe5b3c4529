// Commands for what is kept: documents, evidence, dead letters, facts, the log, backups.
import { addSettings, type Command, onDemand, parseLimit } from '@seg/core'
import { addFactsCommands } from '@seg/operators/commands'
import { recorded, recordedReading } from '../audit/recorded.ts'
import { readsOnly } from '../commands/reads-only.ts'
import { places, whyOption } from './places.ts'

const { certs, data } = places

export function addLedgerCommands(program: Command): void {
  const documents = program.command('documents').description('the accepted documents, also while the receiver runs')
  const senderHelp = 'only documents of this gateway'

  const list = documents
    .command('list')
    .description('all accepted documents in order of acceptance')
    .option('--sender <id>', senderHelp)
  addSettings(list.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
    readsOnly(onDemand(() => import('../commands/documents-command.ts').then(it => it.runDocumentsList))),
  )

  const show = documents.command('show').description('the facts of one document').argument('<id>', 'its id')
  addSettings(show.option('--sender <id>', senderHelp), { data }).action(
    readsOnly(onDemand(() => import('../commands/documents-command.ts').then(it => it.runDocumentsShow))),
  )

  const exporting = documents
    .command('export')
    .description('the exact received bytes of one document, or the certificate that verified it')
    .argument('<id>', 'its id')
  exporting
    .option('-o, --output <file>', 'where to write them; standard output without')
    .option('--certificate', 'not the bytes, but the certificate that verified them and that of its CA, in PEM')
    .option('--sender <id>', senderHelp)
  addSettings(exporting.option(...whyOption), { data }).action(
    readsOnly(
      recordedReading(
        it => it.exportAct,
        onDemand(() => import('../commands/documents-command.ts').then(it => it.runDocumentsExport)),
      ),
    ),
  )

  const evidence = program.command('evidence').description('what others verify receipts with')
  const verifier = evidence
    .command('verifier')
    .description('write a page that verifies receipts offline, in any browser')
    .option('-o, --output <file>', 'where to write it; standard output without')
  addSettings(verifier, {}).action(
    onDemand(() => import('../commands/evidence-command.ts').then(it => it.runEvidenceVerifier)),
  )

  const deadLetters = program
    .command('dead-letters')
    .description('accepted documents that webhook or NATS did not take, why, and what becomes of them')
  const letterList = deadLetters.command('list', { isDefault: true }).description('all of them, which needs no name')
  addSettings(letterList, { data }).action(
    readsOnly(onDemand(() => import('../commands/dead-letters-command.ts').then(it => it.runDeadLetters))),
  )
  for (const [name, help, run] of [
    [
      'retry',
      'hand them on once more, by a running receiver or the next start',
      onDemand(() => import('../commands/dead-letters-command.ts').then(it => it.runLettersRetry)),
    ],
    [
      'discard',
      'nobody has to act on them any more; the documents stay kept',
      onDemand(() => import('../commands/dead-letters-command.ts').then(it => it.runLettersDiscard)),
    ],
  ] as const) {
    const deciding = deadLetters.command(name).description(help)
    deciding.argument('<index...>', 'the index of each document in the log').requiredOption(...whyOption)
    addSettings(deciding, { certs, data }).action(recorded(it => it.letterAct(name), run))
  }

  addFactsCommands(program, { data, about: 'documents and connections, refused ones, too', wrap: readsOnly })

  const log = program.command('log').description('the transparency log')
  const logVerify = log.command('verify').description('recompute the log from the documents up, also while it grows')
  addSettings(logVerify, { certs, data }).action(
    readsOnly(onDemand(() => import('../commands/log-command.ts').then(it => it.runLogVerify))),
  )

  const mirroring = log.command('mirror').description('copy the log into a folder, verified, and go on copying')
  mirroring
    .argument('<folder>', 'where it is, or an empty folder; elsewhere')
    .option('--once', 'only what is there now')
  addSettings(mirroring, { certs, data }).action(
    readsOnly(onDemand(() => import('../commands/mirror-command.ts').then(it => it.runLogMirror))),
  )

  const recovering = log.command('recover').description('make a new data folder of a log that lost its end')
  recovering.argument('<mirror>', 'what `log mirror` has copied').requiredOption('--to <dir>', 'a new data folder')
  recovering.option('--from <dir>', 'data folder of the ledger as it was earlier, such as a restored one')
  recovering.option('--receipts <dir>', 'receipts (*.receipt.xml), with documents beside them (*.xml), as in an inbox')
  recovering.option('--entries-lost', 'entries that partners have seen are lost: they report that').option(...whyOption)
  addSettings(recovering, { certs }).action(
    readsOnly(onDemand(() => import('../commands/recover-command.ts').then(it => it.runLogRecover))),
  )

  const rotateKey = log.command('rotate-key').description('give the log a new key: an entry under the present names it')
  rotateKey.option('--prepare', 'only make the next key, and print its line for partners')
  addSettings(rotateKey.option(...whyOption), { certs, data }).action(
    recorded(
      it => it.rotateAct,
      onDemand(() => import('../commands/rotate-key-command.ts').then(it => it.runRotateKey)),
    ),
  )

  const backingUp = program
    .command('backup')
    .description('copy the data folder, verified, also while the receiver runs')
  backingUp.argument('<folder>', 'where backups are made, one folder each; what an earlier one has is not copied again')
  addSettings(backingUp.option(...whyOption), { certs, data }).action(
    readsOnly(
      recordedReading(
        it => it.backupAct,
        onDemand(() => import('../commands/backup-command.ts').then(it => it.runBackup)),
      ),
    ),
  )
  const restoring = program.command('restore').description('make a new data folder (--data) of a backup')
  restoring.argument('<backup>', 'a backup, or a folder of backups: its latest')
  restoring.option('--checkpoint <file>', 'the latest checkpoint of the log that is known elsewhere')
  restoring.option('--entries-lost', 'entries that partners have seen are lost, or nobody knows: they report that')
  addSettings(restoring.option(...whyOption), { certs, data }).action(
    readsOnly(onDemand(() => import('../commands/backup-command.ts').then(it => it.runRestore))),
  )

  const migrating = program
    .command('migrate')
    .description('copy the ledger of stopped receivers into PostgreSQL, or back')
  migrating.requiredOption(
    '--from <dir>',
    'data folder of the receiver, which then names the database; or postgres://…',
  )
  migrating.requiredOption(
    '--to <url>',
    'an empty database, as --ledger has it; or, from a database, a new data folder',
  )
  addSettings(migrating.option(...whyOption), { ledgerPassword: undefined }).action(
    onDemand(() => import('../commands/migrate-command.ts').then(it => it.runMigrate)),
  )
}
