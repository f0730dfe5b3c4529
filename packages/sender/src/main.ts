// The sender's commands. What runs one is loaded when it runs.
import { resolve } from 'node:path'
import {
  addConfigCommands,
  addSettings,
  buildProgram,
  onDemand,
  parseLimit,
  parseNumber,
  rootFolder,
  runProgram,
  settings,
} from '@seg/core'
import { addFactsCommands } from '@seg/operators/commands'
import { parseState } from './commands/parse-state.ts'
import { withRecords } from './commands/with-records.ts'

const certs = resolve(rootFolder, 'certs')
const data = resolve(rootFolder, 'data/sender')
const to = new URL('https://localhost:8443')
const program = buildProgram('sender', 'signs documents, delivers them over mutual TLS and verifies the receipts')

const shared = { outbox: undefined, outboxPassword: undefined }

const idHelp = 'document id to set; auto: a fresh one'
const stripHelp = 'leave comments and processing instructions out of what is signed'

const why = ['--why <text>', 'the reason, for the audit trail'] as const

const send = program
  .command('send')
  .description('sign files, deliver them and verify the receipts')
  .argument('<file...>', 'documents, signed or not')
send.option('--id <id>', idHelp).option('--strip-comments', stripHelp)
send.option('--no-wait', 'only queue them; `sender deliver` delivers them')
addSettings(send, { to, timeout: 30, lifetime: 72, certs, data, ...shared }).action(
  onDemand(() => import('./commands/send-command.ts').then(it => it.runSend)),
)

const deliver = program
  .command('deliver')
  .description('deliver what is queued or dropped into outgoing/ of the data folder, until it is stopped')
addSettings(deliver, {
  to,
  lifetime: 72,
  concurrency: 8,
  certs,
  data,
  ...shared,
  deskDays: 90,
  deskBytes: 10 * 1024 ** 3,
  tracing: 'off',
  tracingCa: undefined,
}).action(onDemand(() => import('./commands/deliver-command.ts').then(it => it.runDeliver)))

const diagnosing = program.command('diagnose').description('what would keep documents from being delivered, and why')
diagnosing.option('--to <url>', 'try the receiver there, too', settings.to.parse)
addSettings(diagnosing, { certs, data }).action(
  onDemand(() => import('./commands/diagnose-command.ts').then(it => it.runDiagnoseSender)),
)

const outbox = program
  .command('outbox')
  .description('the queued documents and their outcomes, also while a daemon delivers')
const list = outbox.command('list').description('all entries, in the order of queueing')
list.option('--state <state>', 'only those that are queued, delivered, refused, expired or cancelled', parseState)
addSettings(list.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
  onDemand(() => import('./commands/outbox-command.ts').then(it => it.runList)),
)
const entryHelp = 'number of the entry, or id of its document'
addSettings(outbox.command('show').description('the details of one entry').argument('<entry>', entryHelp), {
  data,
}).action(onDemand(() => import('./commands/outbox-command.ts').then(it => it.runShow)))
const retry = outbox
  .command('retry')
  .description('make what is queued due now; queue again what was refused, expired or cancelled')
addSettings(retry.argument('<entry...>', entryHelp).option(...why), { lifetime: 72, data }).action(
  withRecords(
    it => it.deliveryAct('retried'),
    onDemand(() => import('./commands/outbox-command.ts').then(it => it.runRetry)),
  ),
)
const cancel = outbox
  .command('cancel')
  .description('cancel queued documents that are not being sent')
  .argument('<entry...>', entryHelp)
addSettings(cancel.option(...why), { data }).action(
  withRecords(
    it => it.deliveryAct('cancelled'),
    onDemand(() => import('./commands/outbox-command.ts').then(it => it.runCancel)),
  ),
)

addFactsCommands(program, { data, about: 'deliveries, as `sender deliver` sees them', wrap: run => run })

const receivers = program.command('receivers').description('whom documents go to, also while a daemon delivers')
const receiverHelp = 'the id of the receiver, its ReceiverID'
addSettings(receivers.command('list').description('all records of receivers'), {}).action(
  onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversList)),
)
const registering = receivers.command('add').description('register a receiver, or change its record')
registering.argument('<id>', receiverHelp).option('--url <url>', 'where it is', settings.to.parse)
registering.option('--name <text>', 'for people').option('--contact <text>', 'whom to ask')
addSettings(registering.option(...why), { data }).action(
  withRecords(
    it => it.receiverAct('changed'),
    onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversAdd)),
  ),
)
for (const [name, help, run] of [
  [
    'suspend',
    'send nothing to it',
    withRecords(
      it => it.receiverAct('suspended'),
      onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversSuspend)),
    ),
  ],
  [
    'resume',
    'end a suspension',
    withRecords(
      it => it.receiverAct('resumed'),
      onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversResume)),
    ),
  ],
  [
    'remove',
    'remove its record',
    withRecords(
      it => it.receiverAct('removed'),
      onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversRemove)),
    ),
  ],
] as const)
  addSettings(
    receivers
      .command(name)
      .description(help)
      .argument('<id>', receiverHelp)
      .option(...why),
    { data },
  ).action(run)
addSettings(receivers.command('show').description('one record').argument('<id>', receiverHelp), {}).action(
  onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversShow)),
)
const holding = receivers.command('trust').description('hold one receiver to CAs of its own')
holding.argument('<id>', receiverHelp).option('--anchors <file>', 'its CAs, PEM, instead of ca.crt')
holding.option('--crl <file...>', 'their revocation lists').option('--remove', 'hold it to ca.crt')
addSettings(holding.option(...why), { data }).action(
  withRecords(
    it => it.receiverAct('trust-changed'),
    onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversTrust)),
  ),
)
const replacing = receivers.command('import').description('replace all receivers by those of a file')
replacing.argument('<file>', 'what export wrote').option(...why)
addSettings(replacing, { data }).action(
  withRecords(
    it => it.importReceiversAct,
    onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversImport)),
  ),
)
addSettings(receivers.command('export').description('all receivers, in YAML'), {}).action(
  onDemand(() => import('./commands/receivers-command.ts').then(it => it.runReceiversExport)),
)

const rollover = program.command('rollover').description('our next certificate, announced while the present one counts')
addSettings(rollover.command('list').description('what was announced, and who has it'), { data }).action(
  onDemand(() => import('./commands/rollover-command.ts').then(it => it.runAnnouncementList)),
)
const nextHelp = 'the next certificate, NAME.crt'
const announcing = rollover.command('announce').description('announce our next certificate to a receiver')
announcing.argument('<id>', receiverHelp).requiredOption('--certificate <file>', nextHelp)
announcing.option('--url <url>', 'where it is, when it is not registered', settings.to.parse)
announcing
  .option('--for <uses>', 'tls,sign (the default), tls or sign')
  .option('--from <time>', 'when it begins to count')
announcing.option('--until <time>', 'how long the present one counts (default: 30 days)').option(...why)
addSettings(announcing, { timeout: 30, lifetime: 72, certs, data }).action(
  withRecords(
    it => it.announcementAct('announced'),
    onDemand(() => import('./commands/rollover-command.ts').then(it => it.runRolloverAnnounce)),
  ),
)
const finishing = rollover.command('finish').description('take the next certificate into use, once receivers have it')
finishing.requiredOption('--certificate <file>', `${nextHelp}, with NAME.key beside it`)
finishing.option('--signing', 'it signs documents: signing.crt').option(...why)
addSettings(finishing, { certs, data }).action(
  withRecords(
    it => it.announcementAct('finished'),
    onDemand(() => import('./commands/rollover-command.ts').then(it => it.runRolloverFinish)),
  ),
)

const log = program.command('log').description("the receivers' logs, as their receipts have shown them")
const logShow = log.command('show').description('the checkpoints seen of each log')
logShow.option('--out <file>', 'write them there, for a partner to compare with its own')
addSettings(logShow, { data }).action(onDemand(() => import('./commands/log-command.ts').then(it => it.runLogShow)))
const logCompare = log
  .command('compare')
  .description('compare with the checkpoints that partners have seen: a log must show the same history to all')
  .argument('<file...>', 'what `sender log show --out` wrote, or signed checkpoints as they are')
logCompare.option('--to <url>', 'fetch proofs from the log of the receiver there', settings.to.parse)
addSettings(logCompare, { certs, data }).action(
  onDemand(() => import('./commands/log-command.ts').then(it => it.runLogCompare)),
)
const logEnd = log
  .command('end')
  .description('a log has ended: one under another key need not continue it')
  .argument('<log>', 'name+hash, as `sender log show` lists it')
addSettings(logEnd.option(...why), { data }).action(
  withRecords(
    it => it.endLogAct,
    onDemand(() => import('./commands/log-command.ts').then(it => it.runLogEnd)),
  ),
)

const backingUp = program.command('backup').description('copy the data folder, verified, also while a daemon delivers')
backingUp.argument('<folder>', 'where backups are made, one folder each; what an earlier one has is not copied again')
addSettings(backingUp.option(...why), { data }).action(
  withRecords(
    it => it.outboxBackupAct,
    onDemand(() => import('./commands/backup-commands.ts').then(it => it.runBackupOutbox)),
  ),
)
const restoring = program.command('restore').description('make a new data folder (--data) of a backup')
restoring.argument('<backup>', 'a backup, or a folder of backups: its latest')
addSettings(restoring.option(...why), { data }).action(
  onDemand(() => import('./commands/backup-commands.ts').then(it => it.runRestoreOutbox)),
)

const audit = program.command('audit').description('who changed what of the outbox, when, from where and why')
const auditList = audit.command('list').description('all records, the oldest first')
addSettings(auditList.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
  onDemand(() => import('@seg/operators').then(it => it.runAuditList)),
)
const auditShow = audit.command('show').description('one record whole').argument('<record>', 'its number or id')
addSettings(auditShow, { data }).action(onDemand(() => import('@seg/operators').then(it => it.runAuditShow)))
addSettings(audit.command('verify').description('whether a record was edited or deleted, by their chain'), {
  data,
}).action(onDemand(() => import('@seg/operators').then(it => it.runAuditVerify)))

const sign = program.command('sign').description('sign a file without sending it').argument('<file>', 'the document')
sign
  .option('-o, --output <file>', 'where to write the signed document; standard output without')
  .option('--id <id>', idHelp)
addSettings(sign.option('--strip-comments', stripHelp), { certs }).action(
  onDemand(() => import('./commands/sign-command.ts').then(it => it.runSign)),
)

const verify = program
  .command('verify')
  .description('verify a signed document under a certificate')
  .argument('<file>', 'the signed document')
verify.requiredOption('--cert <file>', "the signer's certificate, in PEM")
verify.option(
  '--canonical <file>',
  'write the canonical octets under the digest there, also when the digest does not match',
)
verify.option(
  '--repeat <times>',
  'verify that many times and report the time of one',
  parseNumber({ what: '--repeat', least: 1, most: 999_999_999 }),
)
addSettings(verify, {}).action(onDemand(() => import('./commands/verify-command.ts').then(it => it.runVerify)))

const verifyReceipt = program
  .command('verify-receipt')
  .description('verify a receipt offline: seal, document, log entry, checkpoint')
  .argument('<receipt>', 'the receipt')
verifyReceipt.requiredOption('--document <file>', 'the signed document that was sent')
verifyReceipt.option('--cert <file>', "the signer's certificate, for documents without one; sender.crt by default")
addSettings(verifyReceipt, { certs }).action(
  onDemand(() => import('./commands/verify-receipt-command.ts').then(it => it.runVerifyReceipt)),
)

const attacking = program
  .command('attack')
  .description('try a library of attacks on a running receiver of your own, and report what met each')
attacking.option('--list', 'only list the attacks').option('--html <file>', 'write a page with the results there, too')
attacking.option('--only <kind...>', 'only these: signature, wrapping, xml, envelope, exchange, http, flood')
attacking.option('--i-own-this-host', 'the receiver is mine, although it is not on this machine')
addSettings(attacking, { to, certs }).action(
  onDemand(() => import('./commands/attack-command.ts').then(it => it.runAttack)),
)

addConfigCommands(program, async () => (await import('./configuration-sections.ts')).senderSections)

const run = (): Promise<void> => runProgram(program)

export { program, run }

if (import.meta.main) await run()
