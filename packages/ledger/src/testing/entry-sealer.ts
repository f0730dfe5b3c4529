// Receipts that say where the document stands in the log, for the tests that look at that: the
// facts in JSON.
import { Fault } from '@seg/core'
import type { AcceptedDocument, SealableAcceptance } from '../ledger.ts'
import type { DocumentChecks, Origin, ReceiptEntry } from '../verification/verify-document.ts'
import { certificatesOf } from './sample-documents.ts'

export function openSealer(): (acceptance: SealableAcceptance) => Buffer {
  return ({ leaf, opening, proof, ...said }) => {
    const { facts, nonce } = opening
    const octets = { leaf: base64(leaf), facts: base64(facts), nonce: base64(nonce), proof: proof.map(base64) }
    return Buffer.from(JSON.stringify({ ...said, ...octets }))
  }
}

export function checkReceipt(receipt: Buffer, { sender, id, sha256 }: AcceptedDocument): ReceiptEntry {
  const facts = parse(receipt)
  if (facts.sender !== sender || facts.id !== id || facts.sha256 !== sha256)
    throw new Fault('receipt-invalid', 'it is for another document')
  const proof = facts.proof.map((hash: string) => Buffer.from(hash, 'base64'))
  return {
    index: facts.index,
    treeSize: facts.treeSize,
    leaf: Buffer.from(facts.leaf, 'base64'),
    opening: facts.nonce && { facts: Buffer.from(facts.facts, 'base64'), nonce: Buffer.from(facts.nonce, 'base64') },
    proof,
    checkpoint: facts.checkpoint,
  }
}

/** Documents of the tests begin with their names, and have the certificates that go with them. */
async function checkOrigin({ document: { sender, id }, chain, read }: Origin): Promise<void> {
  if (!Buffer.concat(chain).equals(Buffer.concat(certificatesOf(sender))))
    throw new Fault('certificate-invalid', `it was verified with ${chain.join(' and ')}`)
  const begin = `<doc id="${id}" from="${sender}">`
  for await (const piece of read()) {
    if (Buffer.from(piece).toString('utf8', 0, begin.length) === begin) return
    throw new Fault('signature-value', 'it is not signed')
  }
}

export const checks: DocumentChecks = { checkReceipt, checkOrigin }

function base64(octets: Buffer): string {
  return octets.toString('base64')
}

function parse(receipt: Buffer) {
  try {
    return JSON.parse(receipt.toString())
  } catch (cause) {
    throw new Fault('receipt-invalid', 'it cannot be read', { cause })
  }
}
