// The commands of pki.
import { resolve } from 'node:path'
import { addSettings, buildProgram, parseNumber, rootFolder, runProgram } from '@seg/core'
import { addHost, parseKeyKind, parseName, runGen } from './commands/gen-command.ts'
import { runInspect } from './commands/inspect-command.ts'
import { runLogKey } from './commands/log-key-command.ts'
import { parseCaName, parseReason, runRevoke } from './commands/revoke-command.ts'
import { CRL_DAYS, generateDefaults } from './issuing/generate.ts'
import { keyKinds } from './issuing/key-pairs.ts'
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
    `kind of the keys: ${Object.keys(keyKinds).join(', ')} (default: rsa-3072, for the receiver ec-p256; the seal is always ec-p256)`,
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
  .option('--force', 'make all anew; what is there is kept in a folder beside')
addSettings(gen, { certs }).action(runGen)

const show = program
  .command('inspect')
  .description('show certificates: id, profile, key, days left, fingerprint')
  .argument('[path]', 'a certificate or a folder of them, instead of the folder of --certs')
addSettings(show, { certs }).action(runInspect)

const logKey = program
  .command('log-key')
  .description("make the key of a receiver's log, and add its line to log.pub")
  .option('--id <id>', "the receiver's id, instead of that in receiver.crt", parseName)
addSettings(logKey, { certs }).action(runLogKey)

const revocation = program
  .command('revoke')
  .description('put a certificate on the revocation list of the CA, or renew the list')
  .argument('[certificate]', 'a certificate, or its serial number; without it the list is renewed')
  .option('--reason <reason>', `why: ${Object.keys(reasons).join(', ')}`, parseReason, 'unspecified')
  .option('--days <number>', 'days until the next list is due', parseDays, CRL_DAYS)
  .option('--ca <name>', 'the CA: NAME.crt, NAME.key and NAME.crl in the folder of --certs', parseCaName, 'ca')
addSettings(revocation, { certs }).action(runRevoke)

await runProgram(program)
