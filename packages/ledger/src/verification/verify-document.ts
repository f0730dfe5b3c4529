// What an entry of the log says, against everything else that is stored about it.
import { createHash } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { fingerprintOf, splitFingerprints } from '../certificate-chain.ts'
import type { AcceptedDocument, SealableAcceptance } from '../ledger.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import type { AcceptedEvent, LogEvent } from '../log/events.ts'
import type { Opening } from '../log/leaf.ts'
import type { LogKeys } from '../log/log-keys.ts'
import { hashLeaf, type TreeHead, verifyInclusion } from '../log/merkle.ts'
import { compare } from './compare-fields.ts'
import { type Evidence, octetsOf, type ReadOctets, type StoredEntry } from './evidence.ts'
import type { CheckedEntry } from './verify-entry.ts'

/** What a receipt says of the log; `opening` is undefined in one whose leaf needs none. */
export type ReceiptEntry = Pick<SealableAcceptance, 'index' | 'treeSize' | 'leaf' | 'proof' | 'checkpoint'> & {
  readonly opening: Opening | undefined
}

/**
 * Reads a receipt that was sealed for `document`, and throws when it was not: the ledger does not
 * know how receipts are written. What it returns is compared with the log.
 */
export type CheckReceipt = (receipt: Buffer, document: AcceptedDocument) => ReceiptEntry

/** What is kept of where a document is from. */
export type Origin = {
  readonly document: AcceptedDocument
  /** In DER, from the sender's certificate to the CA's. */
  readonly chain: readonly Buffer[]
  readonly read: ReadOctets
  /** Name of the log that accepted it. */
  readonly log: string
}

/**
 * Verifies a document's signature with its sender's certificate, and that certificate up to a CA
 * that is trusted, all at the time of acceptance. Throws when it does not hold: the ledger knows
 * neither signatures nor X.509.
 */
export type CheckOrigin = (origin: Origin) => Promise<void>

export type DocumentChecks = { readonly checkReceipt: CheckReceipt; readonly checkOrigin: CheckOrigin }

/** Certificates that are read and hashed once, not for each document. */
const REMEMBERED = 1024

export class DocumentCheck {
  readonly #evidence: Evidence
  readonly #keys: LogKeys
  readonly #checks: DocumentChecks
  /** By fingerprints. */
  readonly #chains = new Map<string, readonly Buffer[]>()
  /** Receipts of one batch share a checkpoint. */
  #latest: { readonly note: string; readonly head: TreeHead } | undefined
  #count = 0
  #withoutCertificate = 0

  constructor(evidence: Evidence, keys: LogKeys, checks: DocumentChecks) {
    this.#evidence = evidence
    this.#keys = keys
    this.#checks = checks
  }

  /** Documents that were verified. */
  get count(): number {
    return this.#count
  }

  /** Those among them whose origin cannot be proven: accepted before certificates were kept. */
  get withoutCertificate(): number {
    return this.#withoutCertificate
  }

  async check(row: StoredEntry, entry: CheckedEntry): Promise<void> {
    const { index, event } = entry
    if (event?.type === 'accepted') await this.#checkDocument(event, row, entry)
    else checkNone(index, event?.type, row)
    if (event?.type === 'conflict') await this.#checkConflict(index, event)
  }

  async #checkDocument(event: AcceptedEvent, row: StoredEntry, entry: CheckedEntry): Promise<void> {
    const { index } = entry
    const { sender, document: id, at: acceptedAt, bytes, reference: referenceDigest } = event
    const document = { sender, id, acceptedAt, bytes, sha256: hex(event.sha256), referenceDigest, index }
    const said = {
      from_sender: sender,
      name: id,
      accepted_at: acceptedAt,
      bytes,
      sha256: document.sha256,
      reference_digest: referenceDigest,
    }
    if (row.document === null)
      throw new Fault('log-invalid', `entry ${index} accepts ${quote(id)}, of which there is no document`)
    compare(`the document ${quote(id)}`, index, said, row)
    const found = (await this.#evidence.find(sender, id))?.index
    if (found !== index)
      throw new Fault('log-invalid', `the index leads from ${quote(id)} to entry ${found}, not to ${index}`)
    const read = await this.#openOctets(document, row)
    compare(`the document ${quote(id)}`, index, { bytes, sha256: document.sha256 }, await digestOf(read()))
    await this.#checkOriginOf(document, event, row, read)
    await this.#checkReceiptOf(document, entry)
    this.#count++
  }

  async #openOctets({ id, index }: AcceptedDocument, { contents }: StoredEntry): Promise<ReadOctets> {
    if (contents.length === 1) return this.#evidence.content(index)
    const places = contents.length === 0 ? 'nowhere' : 'twice'
    throw new Fault('log-invalid', `the bytes of ${quote(id)}, entry ${index}, are stored ${places}`)
  }

  async #checkOriginOf(
    document: AcceptedDocument,
    event: AcceptedEvent,
    row: StoredEntry,
    read: ReadOctets,
  ): Promise<void> {
    const { id, index } = document
    if (event.certificate === null) {
      compare(`the document ${quote(id)}`, index, { chain: null }, row)
      this.#withoutCertificate++
      return
    }
    const [certificate] = typeof row.chain === 'string' ? splitFingerprints(row.chain) : []
    compare(`the document ${quote(id)}`, index, { certificate: hex(event.certificate) }, { certificate })
    try {
      const chain = await this.#readChain(String(row.chain))
      await this.#checks.checkOrigin({ document, chain, read, log: this.#keys.name })
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code === 'storage-unavailable') throw cause
      throw new Fault('log-invalid', `the document ${quote(id)}, entry ${index}: ${describe(cause)}`, { cause })
    }
  }

  async #readChain(fingerprints: string): Promise<readonly Buffer[]> {
    const known = this.#chains.get(fingerprints)
    if (known !== undefined) return known
    const chain = await Promise.all(splitFingerprints(fingerprints).map(name => this.#readCertificate(name)))
    if (this.#chains.size >= REMEMBERED) this.#chains.clear()
    this.#chains.set(fingerprints, chain)
    return chain
  }

  async #readCertificate(fingerprint: string): Promise<Buffer> {
    const der = octetsOf(await this.#evidence.certificate(fingerprint))
    if (der !== undefined && fingerprintOf(der) === fingerprint) return der
    throw new Fault(
      'log-invalid',
      `the certificate ${quote(fingerprint)} is ${der ? 'not the one that was kept' : 'missing'}`,
    )
  }

  async #checkReceiptOf(document: AcceptedDocument, { leaf, opening }: CheckedEntry): Promise<void> {
    const { id, index } = document
    const receipt = octetsOf(await this.#evidence.receipt(index))
    if (receipt === undefined) throw new Fault('log-invalid', `the receipt of ${quote(id)}, entry ${index}, is missing`)
    try {
      const entry = this.#checks.checkReceipt(receipt, document)
      if (entry.index !== index) throw new Fault('log-invalid', `it speaks of entry ${entry.index}`)
      if (!entry.leaf.equals(leaf)) throw new Fault('log-invalid', 'its leaf is not that of the log')
      if (!isSame(entry.opening?.facts, opening?.facts) || !isSame(entry.opening?.nonce, opening?.nonce))
        throw new Fault('log-invalid', 'its facts and nonce are not those of the entry')
      verifyInclusion({ leafHash: hashLeaf(leaf), index, proof: entry.proof, tree: await this.#headOf(entry) })
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      throw new Fault('log-invalid', `the receipt of ${quote(id)}, entry ${index}: ${cause.detail}`, { cause })
    }
  }

  /** The tree of a receipt's checkpoint, which must be the one that the log has for it. */
  async #headOf({ treeSize, checkpoint: note }: ReceiptEntry): Promise<TreeHead> {
    if (this.#latest?.note === note && this.#latest.head.size === treeSize) return this.#latest.head
    if ((await this.#evidence.checkpoint(treeSize)) !== note)
      throw new Fault('log-invalid', `its checkpoint is not that of the log at ${treeSize}`)
    this.#latest = { note, head: openCheckpoint(note, this.#keys.at(treeSize)) }
    return this.#latest.head
  }

  /** What an erased entry accepted is not known any more. */
  async #checkConflict(index: number, event: Extract<LogEvent, { type: 'conflict' }>): Promise<void> {
    const { sender, document, accepted, sha256 } = event
    const isEarlier = accepted < index
    const found = isEarlier ? await this.#evidence.find(sender, document) : undefined
    if (found?.index === accepted && found.sha256 === hex(sha256))
      throw new Fault('log-invalid', `entry ${index} is a conflict of ${quote(document)} with the same bytes`)
    if (found?.index === accepted) return
    if (isEarlier && (await this.#evidence.isErasedAcceptance(accepted))) return
    throw new Fault(
      'log-invalid',
      `entry ${index} is a conflict with entry ${accepted}, which does not accept ${quote(document)}`,
    )
  }
}

type Digest = { readonly bytes: number; readonly sha256: string }

async function digestOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of pieces) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}

/** A fault of ours needs no code before its sentence. */
function describe({ code, detail }: Fault): string {
  return code === 'log-invalid' ? detail : `${code}: ${detail}`
}

function checkNone(index: number, type: string | undefined, { document, contents, receipt }: StoredEntry): void {
  const found = [document === null ? [] : 'document', contents, receipt === null ? [] : 'receipt'].flat()[0]
  if (found === undefined) return
  const what = type === undefined ? 'has erased facts' : `is of type ${type}`
  throw new Fault('log-invalid', `entry ${index} ${what}, but there is a ${found} for it`)
}
