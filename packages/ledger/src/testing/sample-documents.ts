// Documents for the tests: their bytes and receipt follow from their id, so that any process can
// tell whether a stored one is whole.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeCertificateChain } from '../certificate-chain.ts'
import type { AcceptedDocument, LedgerReader, OfferedDocument } from '../ledger.ts'

export type Sample = {
  readonly document: OfferedDocument
  readonly bytes: Buffer
  readonly receipt: Buffer
}

export const sender = 'MINISTRY 1_SEG01'

export function makeSample(id: string, { from = sender, salt = '', size = 3000 } = {}): Sample {
  const bytes = Buffer.from(`<doc id="${id}" from="${from}">${salt}`.padEnd(size, `${id} `))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const document = {
    sender: from,
    id,
    acceptedAt: '2026-01-02T03:04:05.678Z',
    bytes: size,
    sha256,
    referenceDigest: Buffer.alloc(32).toString('base64'),
    chain: chainOf(from),
  }
  return { document, bytes, receipt: Buffer.from(`<receipt for="${id}">${sha256}</receipt>`) }
}

/** What the ledger knows of a document that it accepted. */
export function keptOf({ chain: _, ...document }: OfferedDocument, index: number): AcceptedDocument {
  return { ...document, index }
}

/** The ledger reads no certificate: any octets are one. */
export function certificatesOf(sender: string): Buffer[] {
  return [`certificate of ${sender}`, 'certificate of the CA'].map(text => Buffer.from(text))
}

const chains = new Map<string, OfferedDocument['chain']>()

function chainOf(sender: string): OfferedDocument['chain'] {
  const chain = chains.get(sender) ?? makeCertificateChain(certificatesOf(sender))
  chains.set(sender, chain)
  return chain
}

/** A folder that is gone after the test. */
export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-ledger-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The exact bytes of a document that fits into memory; undefined for one that is not there. */
export async function readBytes(ledger: LedgerReader, sender: string, id: string): Promise<Buffer | undefined> {
  const pieces = await ledger.read(sender, id)
  return pieces && Buffer.concat(await collect(pieces))
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
