// Certificates in temporary folders for the tests: a sender, and receivers that it may or may not
// trust.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { generate } from '@seg/pki'
import type { Signer } from '@seg/xmldsig'
import type { Test } from 'tap'
import type { WaitingGateway } from '../delivery/gateway.ts'
import { openGateway } from '../delivery/open-gateway.ts'
import { type DocumentFile, openDocumentFile } from '../document/document-file.ts'
import { readOutline, signTemplate, type Template } from '../document/sign-template.ts'

export const senderId = 'MINISTRY 1_SEG01'
export const receiverId = 'MINISTRY 2_SEG01'

/** A folder that is gone after the test. */
export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-sender-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/**
 * A folder with a CA of its own and what it issued: a sender, and a receiver named `receiver` at
 * `hosts`.
 */
export async function makeCerts(t: Test, receiver = receiverId, hosts = ['localhost', '127.0.0.1']): Promise<string> {
  const folder = await makeFolder(t)
  await generate({ out: folder, key: 'ec-p256', senderId, receiverId: receiver, hosts })
  return folder
}

/** What a gateway under test noted, and how long it paused. */
export type Diary = { readonly notes: string[]; readonly pauses: number[] }

/**
 * A sender that takes no real pauses and jitters as far as it may. Its clock is the real one unless
 * `now` says otherwise. `outbox`: the address of a database.
 */
export async function openSender(
  certs: string,
  data: string,
  timeout = 10_000,
  now = () => new Date(),
  outbox?: string,
): Promise<WaitingGateway & Diary & AsyncDisposable> {
  const notes: string[] = []
  const pauses: number[] = []
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds)
    await setImmediate()
  }
  const elapsed = () => performance.now()
  const clock = { now, elapsed, random: () => 0.5, pause }
  const gateway = await openGateway(
    { certs, data, outbox, lifetime: 72 },
    { clock, note: line => void notes.push(line) },
  )
  return { ...gateway, patience: { timeout, onWait() {} }, notes, pauses }
}

/** A file of these bytes. */
export async function openInput(t: Test, bytes: Uint8Array): Promise<DocumentFile> {
  const path = join(await makeFolder(t), 'input.xml')
  await writeFile(path, bytes)
  const file = await openDocumentFile(path)
  t.teardown(() => file[Symbol.asyncDispose]())
  return file
}

export async function openTemplate(t: Test, bytes: Uint8Array): Promise<Template> {
  return { file: 'input.xml', input: await openInput(t, bytes), id: undefined, stripComments: false }
}

/** The signed document as a whole. */
export async function sign(template: Template, signer: Signer, now = new Date()): Promise<Buffer> {
  const signed: Buffer[] = []
  await signTemplate(template, await readOutline(template), signer, now, async pieces => {
    for await (const piece of pieces) signed.push(Buffer.from(piece))
  })
  return Buffer.concat(signed)
}

export function makeDocument({
  id = 'doc123',
  timestamp = 'YYYY-MM-DDTHH:MM:SSZ',
  receiver = receiverId,
  sender = senderId,
} = {}): Buffer {
  return Buffer.from(`<CriticalDocument id="${id}">
  <SenderID>${sender}</SenderID>
  <ReceiverID>${receiver}</ReceiverID>
  <TimestampForSignature>${timestamp}</TimestampForSignature>
  <Payload>
    <SensitiveData>Lunch party at Saturday</SensitiveData>
  </Payload>
</CriticalDocument>
`)
}

/** A document of `size` bytes and a few more, written to `path` piece by piece. */
export async function writeLargeDocument(path: string, size: number): Promise<void> {
  const [head = '', tail = ''] = makeDocument()
    .toString()
    .split('    <SensitiveData>Lunch party at Saturday</SensitiveData>\n')
  const row =
    '    <Record unit="EUR"><Name>Lunch party</Name><Note>Deliver by 0300 &amp; bring \u00e4pples.</Note></Record>\n'
  const rows = Buffer.from(row.repeat(1000))
  const records = function* () {
    yield Buffer.from(head)
    for (let written = 0; written < size; written += rows.length) yield rows
    yield Buffer.from(tail)
  }
  await writeFile(path, records())
}
