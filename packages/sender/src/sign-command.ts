// `sender sign`: a signed document, to a file or to standard output, and no network.
import { stat } from 'node:fs/promises'
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
    await writeNewFile(path, signed)
    output.report({ ...facts, file: path }, `signed ${document.id} as ${identity.id}: ${path}`)
  } else if (output.json) {
    output.report({ ...facts, document: signed.toString('utf8') }, '')
  } else {
    process.stdout.write(signed)
  }
}

/** Writes a file that is not there yet; an empty one, as mktemp makes, holds nothing to lose. */
async function writeNewFile(path: string, bytes: Buffer): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  try {
    await writeDurableFile(path, bytes, { mode: 0o644, replace: found?.isFile() === true && found.size === 0 })
  } catch (cause) {
    if (Object(cause).code === 'EEXIST') throw new Fault('file-exists', `${path} is there already; it is left as it is`, { cause })
    throw new Fault('file-unreadable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}

function foreignSender(named: string, own: string): string {
  return `SenderID is ${quote(named)}, but the certificate is ${quote(own)}; a receiver will refuse that (sender-mismatch)`
}
