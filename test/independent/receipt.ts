// A receipt and what it proves, from docs/receipt.md and docs/log.md; libxml2 reads the XML.
// Its signature is for any XMLDSig tool to verify.
import { createHash } from 'node:crypto'
import { XmlDocument } from 'libxml2-wasm'
import { type Checkpoint, type NoteKey, openCheckpoint, readBase64 } from './checkpoint.ts'
import { type Opening, openEntry, readEntry } from './entry.ts'
import { checkInclusion, hashEntry } from './merkle.ts'
import { demand, Rejected } from './rejected.ts'

export type Receipt = {
  readonly receiver: string
  readonly sender: string
  readonly document: string
  readonly sha256: string
  readonly reference: string
  readonly acceptedAt: string
  readonly index: number
  readonly treeSize: number
  readonly leaf: Buffer
  /** Undefined beside a leaf of version 1. */
  readonly opening: Opening | undefined
  readonly proof: readonly Buffer[]
  readonly checkpoint: string
}

/**
 * `tree` is that of its checkpoint; `certificate` the SHA-256 of the one that verified the
 * document, which version 1 does not name.
 */
export type ProvenReceipt = Receipt & { readonly tree: Checkpoint; readonly certificate: string | undefined }

const RECEIPT = 'urn:seg:receipt:1'
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'

export function readReceipt(xml: Uint8Array): Receipt {
  return withXml(xml, document => {
    const root = document.root
    demand(root.name === 'Receipt' && root.namespaceUri === RECEIPT, 'this is no receipt')
    const one = (path: string) => {
      const found = document.find(`/r:Receipt/${path}`, { r: RECEIPT })
      demand(found.length === 1, `the receipt has ${found.length} of ${path}`)
      return found[0]!.content
    }
    const has = (path: string) => document.find(`/r:Receipt/${path}`, { r: RECEIPT }).length > 0
    return {
      receiver: one('r:ReceiverID'),
      sender: one('r:SenderID'),
      document: one('r:DocumentID'),
      sha256: one('r:DocumentDigest'),
      reference: one('r:ReferenceDigest'),
      acceptedAt: one('r:AcceptedAt'),
      index: readNumber(one('r:LogEntry/r:Index')),
      treeSize: readNumber(one('r:LogEntry/r:TreeSize')),
      leaf: readBase64(one('r:LogEntry/r:Leaf')),
      opening: has('r:LogEntry/r:Facts') || has('r:LogEntry/r:Nonce') ? openingOf(one) : undefined,
      proof: document
        .find('/r:Receipt/r:LogEntry/r:Proof/r:Hash', { r: RECEIPT })
        .map(hash => readBase64(hash.content)),
      checkpoint: one('r:LogEntry/r:Checkpoint'),
    }
  })
}

function openingOf(one: (path: string) => string): Opening {
  return { facts: readBase64(one('r:LogEntry/r:Facts')), nonce: readBase64(one('r:LogEntry/r:Nonce')) }
}

/** That the receipt proves, offline, that `document` was accepted into the log with this key. */
export function checkReceipt(xml: Uint8Array, document: Uint8Array, key: NoteKey): ProvenReceipt {
  const receipt = readReceipt(xml)
  const { receiver, sender, sha256, reference, acceptedAt, index, treeSize, leaf, proof } = receipt
  demand(sha256 === createHash('sha256').update(document).digest('base64'), 'the receipt is for other bytes')
  demand(reference === readReferenceDigest(document), 'the receipt is for another Reference')
  const entry = readEntry(leaf)
  demand(entry.type === 'accepted' && entry.at === acceptedAt, 'the leaf is of no acceptance at that time')
  demand(
    (entry.v === 2) === (receipt.opening !== undefined),
    'a leaf of version 2 needs what opens it, and no other does',
  )
  const found: Readonly<Record<string, unknown>> =
    receipt.opening === undefined ? entry : openEntry(entry, receipt.opening)
  const said = { sender, document: receipt.document, bytes: document.length, sha256, reference }
  for (const [name, value] of Object.entries(said))
    demand(found[name] === value, `the entry says ${name} ${found[name]}, the receipt ${value}`)
  const tree = openCheckpoint(Buffer.from(receipt.checkpoint), key)
  demand(tree.origin === percentEncode(receiver), `the checkpoint is of ${tree.origin}, the receipt of ${receiver}`)
  demand(tree.size === treeSize, `the checkpoint is of ${tree.size} entries, the receipt says ${treeSize}`)
  checkInclusion(hashEntry(leaf), index, proof, tree)
  return { ...receipt, tree, certificate: entry.v === 2 ? String(found.certificate) : undefined }
}

function readReferenceDigest(document: Uint8Array): string {
  return withXml(document, xml => {
    const digests = xml.find('/*/ds:Signature/ds:SignedInfo/ds:Reference/ds:DigestValue', { ds: XMLDSIG })
    demand(digests.length === 1, `the document has ${digests.length} References`)
    return digests[0]!.content
  })
}

function withXml<Result>(octets: Uint8Array, read: (document: XmlDocument) => Result): Result {
  let document: XmlDocument
  try {
    document = XmlDocument.fromBuffer(octets)
  } catch (cause) {
    throw new Rejected('this is no XML', { cause })
  }
  try {
    return read(document)
  } finally {
    document.dispose()
  }
}

function readNumber(text: string): number {
  demand(/^(?:0|[1-9]\d{0,14})$/.test(text), `${text} is no number`)
  return Number(text)
}

/** All but A-Z a-z 0-9 - _ . ~ (docs/log.md). */
function percentEncode(id: string): string {
  return encodeURIComponent(id).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
