// `sender sign`: a signed document, to a file or to standard output, and no network.
import { isatty } from 'node:tty'
import {
  type Command,
  openOutput,
  quote,
  readSection,
  readSettings,
  resolveUserPath,
  writeOutputFile,
  writeResult,
} from '@seg/core'
import { loadIdentity, loadSigningIdentity } from '@seg/pki'
import { documentsSection, type Envelope } from '@seg/xmldsig'
import { openDocumentFile } from '../document/document-file.ts'
import { chooseId, type Keep, readOutline, signTemplate } from '../document/sign-template.ts'
import { openMeter, openProgress, terminal } from '../progress.ts'

type Options = { readonly output?: string; readonly id?: string; readonly stripComments?: boolean }

export async function runSign(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const path = options.output === undefined ? undefined : resolveUserPath(options.output)
  const id = chooseId(options.id)
  const { certs } = readSettings(command, ['certs'])
  const progress = openProgress(terminal, {
    isSilent: output.json || (path === undefined && isatty(1)),
  })
  await using input = await openDocumentFile(resolveUserPath(file), openMeter(progress, file))
  const [identity, signing] = await Promise.all([loadIdentity(certs, 'sender'), loadSigningIdentity(certs)])

  const keep: Keep = async (pieces, envelope) => {
    const facts = describeSigned(envelope, identity.id)
    progress.clear()
    for (const warning of facts.warnings) output.say(`warning: ${warning}`)
    if (path !== undefined) await writeOutputFile(path, pieces)
    else await writeResult(output.json ? formatJson(facts, pieces) : pieces)
    progress.clear()
    if (path !== undefined) output.report({ ...facts, file: path }, `signed ${envelope.id} as ${identity.id}: ${path}`)
  }
  const { value: types } = readSection(command.opts().config, documentsSection)
  const template = { file, input, id, stripComments: options.stripComments === true, types }
  try {
    await signTemplate(template, await readOutline(template), signing ?? identity, new Date(), keep)
  } finally {
    progress.clear()
  }
}

function describeSigned({ id, senderId, receiverId, timestamp }: Envelope, ownId: string) {
  return {
    ok: true,
    id,
    senderId,
    receiverId,
    timestamp,
    warnings: senderId === ownId ? [] : [foreignSender(senderId, ownId)],
  }
}

/**
 * One JSON object with the document as its last member, written as it comes: it may be longer than
 * any string.
 */
async function* formatJson(facts: object, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  yield `${JSON.stringify(facts).slice(0, -1)},"document":"`
  for await (const piece of pieces) yield JSON.stringify(decoder.decode(piece, { stream: true })).slice(1, -1)
  yield '"}\n'
}

function foreignSender(named: string, own: string): string {
  return (
    `SenderID is ${quote(named)}, but the certificate is ${quote(own)}; ` +
    'a receiver will refuse that (sender-mismatch)'
  )
}
