// `sender sign`: a signed document, to a file or to standard output, and no network.
import { type Command, Fault, openOutput, quote, readSettings, resolveUserPath, writeDurableFile } from '@seg/core'
import { loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import { readInputFile } from './input-file.ts'
import { chooseId, signTemplate } from './signed-document.ts'

type Options = { readonly output?: string; readonly id?: string; readonly stripComments?: boolean }

export async function runSign(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const id = chooseId(options.id)
  const { certs } = readSettings(command, ['certs'])
  const input = await readInputFile(file)
  const identity = await loadIdentity(certs, 'sender')
  const signed = await signTemplate({ input, id, stripComments: options.stripComments === true }, identity, new Date())
  const document = verifyDocument(signed, identity.certificate)

  const warnings = document.senderId === identity.id ? [] : [foreignSender(document.senderId, identity.id)]
  for (const warning of warnings) output.say(`warning: ${warning}`)
  const facts = {
    ok: true,
    id: document.id,
    senderId: document.senderId,
    receiverId: document.receiverId,
    timestamp: document.timestamp,
    warnings,
  }
  if (options.output !== undefined) {
    const path = resolveUserPath(options.output)
    await writeOutput(path, signed)
    output.report({ ...facts, file: path }, `signed ${document.id} as ${identity.id}: ${path}`)
  } else if (output.json) {
    output.report({ ...facts, document: signed.toString('utf8') }, '')
  } else {
    process.stdout.write(signed)
  }
}

/** Replaces what is there, as every tool's -o does, and never with a part. */
async function writeOutput(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeDurableFile(path, bytes, { mode: 0o644, replace: true })
  } catch (cause) {
    throw new Fault('file-unreadable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}

function foreignSender(named: string, own: string): string {
  return `SenderID is ${quote(named)}, but the certificate is ${quote(own)}; a receiver will refuse that (sender-mismatch)`
}
