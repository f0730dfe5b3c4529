// The commands of pki.
import { resolve } from 'node:path'
import { addSettings, buildProgram, onDemand, parseNumber, rootFolder, runProgram } from '@seg/core'
import { addEncryption } from './commands/encrypt-options.ts'
import { addHost, parseKeyKind, parseName, runGen } from './commands/gen-command.ts'
import { runInspect } from './commands/inspect-command.ts'
import { parseProfile, runCsr, runIssue, runRenew } from './commands/issue-command.ts'
import { runLogKey } from './commands/log-key-command.ts'
import { parseCaName, parseReason, runRevoke } from './commands/revoke-command.ts'
import { CRL_DAYS, generateDefaults } from './issuing/generate.ts'
import { keyKinds } from './issuing/key-pairs.ts'
import { profiles } from './issuing/profiles.ts'
import { reasons } from './revocation/revoke.ts'

const certs = resolve(rootFolder, 'certs')
const parseDays = parseNumber({ what: '--days', least: 1, most: 3650 })
const program = buildProgram('pki', 'makes and shows the keys and certificates of gateways')

const gen = program
  .command('gen')
  .description('make a CA, certificates and keys for a first exchange')
  .option('--out <dir>', 'folder for the files, instead of that of --certs')
  .option(
    '--key <kind>',
    `kind of the keys: ${Object.keys(keyKinds).join(', ')} (default: rsa-3072, for the receiver ec-p256; ` +
      'the seal is always ec-p256)',
    parseKeyKind,
  )
  .option('--sender-id <id>', "the sender's id", parseName, generateDefaults.senderId)
  .option('--receiver-id <id>', "the receiver's id", parseName, generateDefaults.receiverId)
  .option(
    '--host <name>',
    `host name or address of the receiver, may be given again (default: ${generateDefaults.hosts.join(', ')})`,
    addHost,
  )
  .option(
    '--days <number>',
    'days that the certificates are good for (the CA: ten years)',
    parseDays,
    generateDefaults.days,
  )
  .option('--intermediate', 'issue by an intermediate CA below a root, whose key can then stay offline')
  .option('--force', 'make new files; existing ones are kept in a folder beside them')
addSettings(addEncryption(gen), { certs }).action(runGen)

const show = program
  .command('inspect')
  .description('show certificates: id, profile, key, days left, fingerprint')
  .argument('[path]', 'a certificate or a folder of them, instead of the folder of --certs')
addSettings(show, { certs }).action(runInspect)

const logKey = program
  .command('log-key')
  .description("make the key of a receiver's log, and add its line to log.pub")
  .option('--id <id>', "the receiver's id, instead of that in receiver.crt", parseName)
addSettings(addEncryption(logKey), { certs }).action(runLogKey)

/** Options of several commands. */
const profile = ['--profile <profile>', `what for: ${Object.keys(profiles).join(', ')}`, parseProfile] as const
const key = ['--key <kind>', `kind of the key: ${Object.keys(keyKinds).join(', ')}`, parseKeyKind] as const
const days = ['--days <number>', 'days that the certificate is good for', parseDays, generateDefaults.days] as const
const ca = [
  '--ca <name>',
  'the CA: NAME.crt, NAME.key and NAME.crl in the folder of --certs',
  parseCaName,
  'ca',
] as const
const password = ['--password-file <file>', 'the password of the file; else in SEG_P12_PASSWORD, or typed'] as const

const request = program
  .command('csr')
  .description('make a key and a certificate request for it')
  .requiredOption(...profile)
  .requiredOption('--id <id>', "the gateway's id, the CN", parseName)
  .requiredOption('--out <prefix>', 'PREFIX.csr and PREFIX.key, which is used if it is there')
  .option('--host <name>', 'host name or address of a server, may be given again', addHost)
  .option(...key)
addSettings(addEncryption(request), {}).action(runCsr)

const issuance = program
  .command('issue')
  .description('issue a certificate, for a request or with a new key')
  .requiredOption(...profile)
  .option('--id <id>', 'the CN; with --csr it must be that of the request', parseName)
  .option('--csr <file>', 'a certificate request, PEM or DER; its key stays where it is')
  .requiredOption('--out <prefix>', 'PREFIX.crt, and PREFIX.key without --csr')
  .option('--host <name>', 'host name or address of a server, instead of those in the request', addHost)
  .option(...key)
  .option(...days)
  .option(...ca)
addSettings(addEncryption(issuance), { certs }).action(runIssue)

const renewal = program
  .command('renew')
  .description('issue a new certificate, under the same name; the one before is kept')
  .argument('<name>', 'NAME.crt in the folder of --certs, such as sender, receiver or seal')
  .option('--new-key', 'under a new key of the same kind')
  .option(...days)
  .option(...ca)
addSettings(addEncryption(renewal), { certs }).action(runRenew)

const p12Import = program
  .command('import-p12')
  .description('take key, certificate and CAs out of a PKCS #12 file (.p12, .pfx)')
  .argument('<file>', 'the PKCS #12 file')
  .requiredOption('--out <prefix>', 'PREFIX.key, PREFIX.crt, and PREFIX-ca.crt where it has CAs')
  .option(...password)
addSettings(addEncryption(p12Import), {}).action(
  onDemand(() => import('./commands/p12-commands.ts').then(it => it.runImportP12)),
)

const p12Export = program
  .command('export-p12')
  .description('put key, certificate and CAs into a PKCS #12 file, for other programs')
  .argument('<name>', 'NAME.crt and NAME.key in the folder of --certs, such as sender')
  .requiredOption('--out <file>', 'the PKCS #12 file')
  .option(...password)
addSettings(p12Export, { certs }).action(
  onDemand(() => import('./commands/p12-commands.ts').then(it => it.runExportP12)),
)

const revocation = program
  .command('revoke')
  .description('put a certificate on the revocation list of the CA, or renew the list')
  .argument('[certificate]', 'a certificate, or its serial number; without it the list is renewed')
  .option('--reason <reason>', `why: ${Object.keys(reasons).join(', ')}`, parseReason, 'unspecified')
  .option('--days <number>', 'days until the next list is due', parseDays, CRL_DAYS)
  .option(...ca)
addSettings(revocation, { certs }).action(runRevoke)

const run = (): Promise<void> => runProgram(program)

export { program, run }

if (import.meta.main) await run()
