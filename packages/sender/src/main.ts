// The sender's commands.
import { resolve } from 'node:path'
import { addSettings, buildProgram, rootFolder, runProgram } from '@seg/core'
import { runSend } from './send-command.ts'
import { runSign } from './sign-command.ts'
import { parseRepeat, runVerify } from './verify-command.ts'
import { runVerifyReceipt } from './verify-receipt-command.ts'

const certs = resolve(rootFolder, 'certs')
const program = buildProgram('sender', 'signs documents, delivers them over mutual TLS and verifies the receipts')

const idHelp = 'document id to set; auto: a fresh one'
const stripHelp = 'leave comments and processing instructions out of what is signed'

const send = program
  .command('send')
  .description('sign files, deliver them and verify the receipts')
  .argument('<file...>', 'documents, signed or not')
send.option('--id <id>', idHelp).option('--strip-comments', stripHelp)
addSettings(send, { to: new URL('https://localhost:8443'), timeout: 30, certs, data: resolve(rootFolder, 'data/sender') }).action(runSend)

const sign = program.command('sign').description('sign a file without sending it').argument('<file>', 'the document')
sign.option('-o, --output <file>', 'where to write the signed document; standard output without').option('--id <id>', idHelp)
addSettings(sign.option('--strip-comments', stripHelp), { certs }).action(runSign)

const verify = program
  .command('verify')
  .description('verify a signed document under a certificate')
  .argument('<file>', 'the signed document')
verify.requiredOption('--cert <file>', "the signer's certificate, in PEM")
verify.option('--canonical <file>', 'write the canonical octets under the digest there, also when the digest does not match')
verify.option('--repeat <times>', 'verify that many times and report the time of one', parseRepeat)
addSettings(verify, {}).action(runVerify)

const verifyReceipt = program
  .command('verify-receipt')
  .description('verify a receipt offline: seal, document, log entry, checkpoint')
  .argument('<receipt>', 'the receipt')
verifyReceipt.requiredOption('--document <file>', 'the signed document that was sent')
addSettings(verifyReceipt, { certs }).action(runVerifyReceipt)

await runProgram(program)
