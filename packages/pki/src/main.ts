// The commands of pki.
import { resolve } from 'node:path'
import { buildProgram, rootFolder, runProgram } from '@seg/core'
import { addHost, parseDays, parseKeyKind, parseName, runGen } from './gen-command.ts'
import { generateDefaults } from './generate.ts'
import { runInspect } from './inspect-command.ts'
import { keyKinds } from './key-pairs.ts'

const certs = process.env.SEG_CERTS ?? resolve(rootFolder, 'certs')
const json = ['--json', 'print one JSON object instead of text for people'] as const
const program = buildProgram('pki', 'makes and shows the keys and certificates of gateways')

program
  .command('gen')
  .description('make a CA, certificates and keys for a first exchange')
  .option('--out <dir>', 'folder for the files', certs)
  .option(
    '--key <kind>',
    `kind of the keys: ${Object.keys(keyKinds).join(', ')} (the seal is always ec-p256)`,
    parseKeyKind,
    generateDefaults.key,
  )
  .option('--sender-id <id>', "the sender's id", parseName, generateDefaults.senderId)
  .option('--receiver-id <id>', "the receiver's id", parseName, generateDefaults.receiverId)
  .option(
    '--host <name>',
    `host name or address of the receiver, may be given again (default: ${generateDefaults.hosts.join(', ')})`,
    addHost,
  )
  .option('--days <number>', 'days that the certificates are good for (the CA: ten years)', parseDays, generateDefaults.days)
  .option('--force', 'replace what is there')
  .option(...json)
  .action(runGen)

program
  .command('inspect')
  .description('show certificates: id, profile, key, days left, fingerprint')
  .argument('[path]', 'a certificate or a folder of them', certs)
  .option(...json)
  .action(runInspect)

await runProgram(program)
