// The receiver's commands.
import { addConfigCommands, addSettings, buildProgram, parseLimit, parseNumber, runProgram } from '@seg/core'
import {
  addFactsCommands,
  parseHours,
  roleNames,
  runAlertsAck,
  runAlertsList,
  runAlertsMute,
  runAlertsTest,
  runAlertsUnmute,
  runAuditList,
  runAuditShow,
  runAuditVerify,
  runConsoleLogin,
  runKeysAdd,
  runKeysList,
  runKeysRevoke,
} from '@seg/operators'
import {
  ackAct,
  authorityAct,
  backupAct,
  exportAct,
  importAct,
  keyAddedAct,
  keyRevokedAct,
  letterAct,
  loginLinkAct,
  muteAct,
  partnerAct,
  rolloverAct,
  rotateAct,
  unmuteAct,
} from './audit/acts.ts'
import { audited, auditedReading } from './audit/audited.ts'
import { runBackup, runRestore } from './commands/backup-command.ts'
import { runDeadLetters, runLettersDiscard, runLettersRetry } from './commands/dead-letters-command.ts'
import { runDiagnoseReceiver } from './commands/diagnose-command.ts'
import { runDocumentsExport, runDocumentsList, runDocumentsShow } from './commands/documents-command.ts'
import { runEvidenceVerifier } from './commands/evidence-command.ts'
import { runLogVerify } from './commands/log-command.ts'
import { runMigrate } from './commands/migrate-command.ts'
import { runLogMirror } from './commands/mirror-command.ts'
import { parseRole } from './commands/parse-role.ts'
import {
  runPartnersAdd,
  runPartnersExport,
  runPartnersImport,
  runPartnersList,
  runPartnersRemove,
  runPartnersResume,
  runPartnersShow,
  runPartnersSuspend,
  runPartnersTrust,
} from './commands/partners-command.ts'
import { readsOnly } from './commands/reads-only.ts'
import { runLogRecover } from './commands/recover-command.ts'
import { runRolloverAccept, runRolloverList, runRolloverRefuse } from './commands/rollover-command.ts'
import { runRotateKey } from './commands/rotate-key-command.ts'
import { runStart } from './commands/start-command.ts'
import { startDefaults } from './commands/start-settings.ts'
import { receiverSections } from './configuration-sections.ts'
import { handOffDefaults } from './hand-off/targets.ts'

const { certs, data } = startDefaults
const program = buildProgram('receiver', 'accepts signed documents over mutual TLS and keeps them')

const parseKeyDays = parseNumber({ what: '--days', least: 1, most: 366 })
const why = ['--why <text>', 'the reason, for the audit trail'] as const

const start = program.command('start').description('listen for documents until it is stopped')
const allDefaults = { ...startDefaults, ...handOffDefaults }
addSettings(start, allDefaults).action(runStart)

const diagnosing = program.command('diagnose').description('what would keep it from starting or accepting, and why')
addSettings(diagnosing, allDefaults).action(runDiagnoseReceiver)

const documents = program.command('documents').description('the accepted documents, also while the receiver runs')
const senderHelp = 'only documents of this gateway'

const list = documents
  .command('list')
  .description('all accepted documents in order of acceptance')
  .option('--sender <id>', senderHelp)
addSettings(list.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
  readsOnly(runDocumentsList),
)

const show = documents.command('show').description('the facts of one document').argument('<id>', 'its id')
addSettings(show.option('--sender <id>', senderHelp), { data }).action(readsOnly(runDocumentsShow))

const exporting = documents
  .command('export')
  .description('the exact received bytes of one document, or the certificate that verified it')
  .argument('<id>', 'its id')
exporting
  .option('-o, --output <file>', 'where to write them; standard output without')
  .option('--certificate', 'not the bytes, but the certificate that verified them and that of its CA, in PEM')
  .option('--sender <id>', senderHelp)
addSettings(exporting.option(...why), { data }).action(readsOnly(auditedReading(exportAct, runDocumentsExport)))

const evidence = program.command('evidence').description('what others verify receipts with')
const verifier = evidence
  .command('verifier')
  .description('write a page that verifies receipts offline, in any browser')
  .option('-o, --output <file>', 'where to write it; standard output without')
addSettings(verifier, {}).action(runEvidenceVerifier)

const deadLetters = program
  .command('dead-letters')
  .description('accepted documents that webhook or NATS did not take, why, and what becomes of them')
const letterList = deadLetters.command('list', { isDefault: true }).description('all of them, which needs no name')
addSettings(letterList, { data }).action(readsOnly(runDeadLetters))
for (const [name, help, run] of [
  ['retry', 'hand them on once more, by a running receiver or the next start', runLettersRetry],
  ['discard', 'nobody has to act on them any more; the documents stay kept', runLettersDiscard],
] as const) {
  const deciding = deadLetters.command(name).description(help)
  deciding.argument('<index...>', 'the index of each document in the log').requiredOption(...why)
  addSettings(deciding, { certs, data }).action(audited(letterAct(name), run))
}

addFactsCommands(program, { data, about: 'documents and connections, refused ones, too', wrap: readsOnly })

const log = program.command('log').description('the transparency log')
const logVerify = log.command('verify').description('recompute the log from the documents up, also while it grows')
addSettings(logVerify, { certs, data }).action(readsOnly(runLogVerify))

const mirroring = log.command('mirror').description('copy the log into a folder, verified, and go on copying')
mirroring.argument('<folder>', 'where it is, or an empty folder; elsewhere').option('--once', 'only what is there now')
addSettings(mirroring, { certs, data }).action(readsOnly(runLogMirror))

const recovering = log.command('recover').description('make a new data folder of a log that lost its end')
recovering.argument('<mirror>', 'what `log mirror` has copied').requiredOption('--to <dir>', 'a new data folder')
recovering.option('--from <dir>', 'data folder of the ledger as it was earlier, such as a restored one')
recovering.option('--receipts <dir>', 'receipts (*.receipt.xml), with documents beside them (*.xml), as in an inbox')
recovering.option('--entries-lost', 'entries that partners have seen are lost: they report that').option(...why)
addSettings(recovering, { certs }).action(readsOnly(runLogRecover))

const rotateKey = log.command('rotate-key').description('give the log a new key: an entry under the present names it')
rotateKey.option('--prepare', 'only make the next key, and print its line for partners')
addSettings(rotateKey.option(...why), { certs, data }).action(audited(rotateAct, runRotateKey))

const backingUp = program.command('backup').description('copy the data folder, verified, also while the receiver runs')
backingUp.argument('<folder>', 'where backups are made, one folder each; what an earlier one has is not copied again')
addSettings(backingUp.option(...why), { certs, data }).action(readsOnly(auditedReading(backupAct, runBackup)))
const restoring = program.command('restore').description('make a new data folder (--data) of a backup')
restoring.argument('<backup>', 'a backup, or a folder of backups: its latest')
restoring.option('--checkpoint <file>', 'the latest checkpoint of the log that is known elsewhere')
restoring.option('--entries-lost', 'entries that partners have seen are lost, or nobody knows: they report that')
addSettings(restoring.option(...why), { certs, data }).action(readsOnly(runRestore))

const migrating = program
  .command('migrate')
  .description('copy the ledger of stopped receivers into PostgreSQL, or back')
migrating.requiredOption('--from <dir>', 'data folder of the receiver, which then names the database; or postgres://…')
migrating.requiredOption('--to <url>', 'an empty database, as --ledger has it; or, from a database, a new data folder')
addSettings(migrating.option(...why), { ledgerPassword: undefined }).action(runMigrate)

const partners = program.command('partners').description('who may send, also while the receiver runs')
const idHelp = "the partner's id, its SenderID"
const places = { certs, data }
addSettings(partners.command('list').description('all records of partners'), {}).action(runPartnersList)
addSettings(partners.command('show').description('one record').argument('<id>', idHelp), {}).action(runPartnersShow)
const adding = partners.command('add').description('add a partner, or a certificate to one').argument('<id>', idHelp)
adding.option('--name <text>', 'for people').option('--contact <text>', 'whom to ask')
adding.option('--authority <name>', 'what must have issued its certificate; its CN is the id, unless said otherwise')
adding.option('--subject <name=value...>', 'attributes of the subject, each exactly once in it')
adding.option('--certificate <file>', 'pin this certificate').option('--sha256 <digest>', 'pin by its digest')
adding.option('--spki <digest>', 'pin a key: sha256/ and base64').option('--san-uri <uri>', 'the one URI in it')
adding.option('--for <uses>', 'tls,sign (the default), tls or sign')
adding.option('--from <date>', 'when the certificate begins to count').option('--until <date>', 'its last day')
addSettings(adding.option(...why), places).action(audited(partnerAct('changed'), runPartnersAdd))
for (const [name, help, run] of [
  ['suspend', 'refuse it from now on, on open connections, too', audited(partnerAct('suspended'), runPartnersSuspend)],
  ['resume', 'end a suspension', audited(partnerAct('resumed'), runPartnersResume)],
  ['remove', 'remove its record', audited(partnerAct('removed'), runPartnersRemove)],
] as const)
  addSettings(
    partners
      .command(name)
      .description(help)
      .argument('<id>', idHelp)
      .option(...why),
    places,
  ).action(run)
const trusting = partners.command('trust').description('rely on an authority, for partners that name it')
trusting.argument('<name>', 'its name here').option('--anchors <file>', 'its roots or intermediate CAs, PEM')
trusting.option('--intermediates <file>', 'CAs between').option('--crl <file...>', 'its revocation lists')
trusting.option('--need-crl', 'refuse its certificates without a list in date').option('--grace <time>', 'beyond that')
trusting.option('--refresh <time>', 'between two fetches of lists that have an address (default: 1h)')
trusting.option('--from <date>', 'when it begins to count').option('--until <date>', 'its last day')
trusting.option('--remove', 'rely on it no more').option(...why)
addSettings(trusting, places).action(audited(authorityAct, runPartnersTrust))
const importing = partners.command('import').description('replace all authorities and partners by those of a file')
importing.argument('<file>', 'what export wrote').option(...why)
addSettings(importing, places).action(audited(importAct, runPartnersImport))
addSettings(partners.command('export').description('all authorities and partners, in YAML'), {}).action(
  runPartnersExport,
)

const rollover = program.command('rollover').description('next certificates that partners announced')
addSettings(rollover.command('list').description('all, the oldest first'), { data }).action(readsOnly(runRolloverList))
const digestHelp = 'SHA-256 of the certificate, as list shows it'
const by = ['--partner <id>', 'who announced it, where several did'] as const
const accepting = rollover.command('accept').description('let one that waits count').argument('<sha256>', digestHelp)
addSettings(accepting.option(...by).option(...why), places).action(audited(rolloverAct('accepted'), runRolloverAccept))
const refusing = rollover.command('refuse').description('refuse one that waits').argument('<sha256>', digestHelp)
addSettings(refusing.option(...by).option(...why), { data }).action(audited(rolloverAct('refused'), runRolloverRefuse))

const audit = program.command('audit').description('who did what, when, from where and why; also while it runs')
const auditList = audit.command('list').description('all records, the oldest first')
addSettings(auditList.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
  readsOnly(runAuditList),
)
const auditShow = audit.command('show').description('one record whole').argument('<record>', 'its number or id')
addSettings(auditShow, { data }).action(readsOnly(runAuditShow))
const auditVerify = audit.command('verify').description('whether a record was edited or deleted, by chain and log')
addSettings(auditVerify, { data }).action(readsOnly(runAuditVerify))

const console = program.command('console').description("who may use the operators' listener")
const role = ['--role <role>', `what it may do: ${roleNames.join(', ')}`, parseRole] as const
const login = console.command('login').description('a link that logs in once, within five minutes')
addSettings(login.option(...role, 'administrator').option(...why), { data }).action(
  audited(loginLinkAct, runConsoleLogin),
)
const keys = console.command('keys').description('API keys, for programs')
const keyAdding = keys.command('add').description('make an API key, which is shown once')
keyAdding.requiredOption('--name <text>', 'whose it is').requiredOption(...role)
keyAdding.option('--days <number>', 'days until it ends', parseKeyDays, 90).option(...why)
addSettings(keyAdding, { data }).action(audited(keyAddedAct, runKeysAdd))
addSettings(keys.command('list').description('all API keys, without their secrets'), { data }).action(runKeysList)
const keyRevoking = keys.command('revoke').description('end one at once').argument('<id>', 'its id')
addSettings(keyRevoking.option(...why), { data }).action(audited(keyRevokedAct, runKeysRevoke))

const alerts = program.command('alerts').description('what an operator must know of, and who is notified')
const alertsList = alerts.command('list').description('alerts, pending and resolved ones, too; channels that fail')
addSettings(alertsList, { data }).action(readsOnly(runAlertsList))
const alertsTest = alerts.command('test').description('send a test to each channel of seg.yaml')
addSettings(alertsTest, {}).action(runAlertsTest)
const acknowledging = alerts.command('ack').description('send an alert no more that somebody takes care of')
acknowledging.argument('<id>', 'its id').option(...why)
addSettings(acknowledging, places).action(audited(ackAct, runAlertsAck))
const muting = alerts.command('mute').description('send no alert of a rule, for a time; the list shows them')
muting.argument('<rule>', 'its name').requiredOption('--hours <number>', 'how long, 720 at most', parseHours)
addSettings(muting.option(...why), places).action(audited(muteAct, runAlertsMute))
const unmuting = alerts.command('unmute').description('send alerts of a rule again').argument('<rule>', 'its name')
addSettings(unmuting.option(...why), places).action(audited(unmuteAct, runAlertsUnmute))

addConfigCommands(program, receiverSections)

const run = (): Promise<void> => runProgram(program)

export { program, run }

if (import.meta.main) await run()
