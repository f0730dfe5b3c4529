// Receipts that say where the document stands in the log, for the tests that look at that: the facts in JSON.
import { Fault } from '@seg/core'
import type { AcceptedDocument, SealableAcceptance } from '../ledger.ts'
import type { ReceiptEntry } from '../verify-document.ts'

export function openSealer(): (acceptance: SealableAcceptance) => Buffer {
  return ({ leaf, proof, ...facts }) => {
    return Buffer.from(
      JSON.stringify({ ...facts, leaf: leaf.toString('base64'), proof: proof.map(hash => hash.toString('base64')) }),
    )
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
    proof,
    checkpoint: facts.checkpoint,
  }
}

function parse(receipt: Buffer) {
  try {
    return JSON.parse(receipt.toString())
  } catch (cause) {
    throw new Fault('receipt-invalid', 'it cannot be read', { cause })
  }
}
