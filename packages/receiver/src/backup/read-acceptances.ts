// Receipts in a folder, with the documents beside them, as the inbox has them: what proves
// acceptances that a ledger has lost.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, onFile, quote, readInput } from '@seg/core'
import { type AcceptedDocument, fingerprintOf, type KnownAcceptance, type LedgerReader, readEntry } from '@seg/ledger'
import { checkCertificateAt, type Trust } from '@seg/pki'
import { verifyReceipt } from '@seg/xmldsig'
import { openReceiptCheck } from '../stored/verify-sealed-receipt.ts'

const END = '.receipt.xml'
const LARGEST = 1024 * 1024
/** The latest documents of a sender whose certificates are looked at. */
const LATEST = 256

export type ReadAcceptances = {
  readonly acceptances: readonly KnownAcceptance[]
  /** Files that count for nothing, with the reason. */
  readonly doubts: readonly string[]
}

/**
 * `earlier`: a ledger that knows certificates of the senders. Throws the Fault `file-unreadable`.
 * A receipt that does not verify is a doubt.
 */
export async function readAcceptances(
  folder: string | undefined,
  trust: Trust,
  earlier: LedgerReader | undefined,
): Promise<ReadAcceptances> {
  if (folder === undefined) return { acceptances: [], doubts: [] }
  const names = await onFile('read', folder, () => readdir(folder, { recursive: true }))
  const chains = new KnownChains(earlier)
  const acceptances: KnownAcceptance[] = []
  const doubts: string[] = []
  for (const name of names.filter(name => name.endsWith(END)).sort()) {
    const path = join(folder, name)
    try {
      const read = readReceipt(readInput(path, { onlyFile: true, most: LARGEST }), trust)
      const { document } = read
      const content = await findContent(path, document, doubts)
      const chain = await chains.find(document.sender, read.certificate)
      if (content !== undefined && chain === undefined)
        doubts.push(`${path}: the ledger has no document of ${quote(document.sender)} with the same certificate`)
      acceptances.push({ ...read, content, chain })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      doubts.push(`${path}: ${error.detail}`)
    }
  }
  return { acceptances, doubts }
}

function readReceipt(receipt: Buffer, trust: Trust) {
  const facts = verifyReceipt(receipt, () => {})
  checkCertificateAt(facts.certificate, 'seal', trust, new Date(facts.acceptedAt))
  const { index, treeSize, leaf, opening, proof, checkpoint } = facts.logEntry
  const event = readEntry(leaf, opening)
  if (event.type !== 'accepted') throw new Fault('receipt-invalid', `entry ${index} is no acceptance`)
  const document: AcceptedDocument = {
    ...{ sender: event.sender, id: event.document, acceptedAt: event.at, bytes: event.bytes, index },
    ...{ sha256: Buffer.from(event.sha256, 'base64').toString('hex'), referenceDigest: event.reference },
  }
  openReceiptCheck(trust)(receipt, document)
  return { ...{ document, receipt, treeSize, leaf, opening, proof, checkpoint }, certificate: event.certificate }
}

/** The document beside a receipt, where it is that one. */
async function findContent(path: string, { sha256 }: AcceptedDocument, doubts: string[]) {
  const beside = `${path.slice(0, -END.length)}.xml`
  const found = await stat(beside).catch(() => undefined)
  if (found === undefined) return undefined
  // A pipe would never end.
  if (found.isFile() && (await onFile('read', beside, () => digestOf(beside))) === sha256)
    return () => createReadStream(beside)
  doubts.push(`${beside} is not the document of its receipt`)
  return undefined
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('hex')
}

/** Certificates that earlier documents were verified with, by the SHA-256 of the sender's. */
class KnownChains {
  readonly #earlier: LedgerReader | undefined
  readonly #bySender = new Map<string, Map<string, readonly Buffer[]>>()

  constructor(earlier: LedgerReader | undefined) {
    this.#earlier = earlier
  }

  async find(sender: string, certificate: string | null): Promise<readonly Buffer[] | undefined> {
    if (certificate === null) return undefined
    const known = this.#bySender.get(sender) ?? (await this.#read(sender))
    this.#bySender.set(sender, known)
    return known.get(Buffer.from(certificate, 'base64').toString('hex'))
  }

  async #read(sender: string): Promise<Map<string, readonly Buffer[]>> {
    const found = new Map<string, readonly Buffer[]>()
    const newest = (await this.#earlier?.newest(-1))?.find(one => one.sender === sender)
    if (newest === undefined) return found
    const documents = await this.#earlier!.accepted(newest.index - 16 * LATEST, LATEST, sender)
    for (const { id } of documents) {
      const chain = await this.#earlier!.chain(sender, id)
      if (chain?.[0] !== undefined) found.set(fingerprintOf(chain[0]), chain)
    }
    return found
  }
}
