// The path to the root that a receipt holds, read as the verifier reads it.
import { decodeText, type RawOctets } from '../../verifier/octets.ts'
import { readSealedReceipt } from '../../verifier/sealed-receipt.ts'
import { parseXml } from '../../verifier/xml.ts'
import type { Proof } from '../log/proof-path.ts'
import { readCheckpointText } from '../log/read-checkpoint.ts'

export type ReceiptProof = { readonly proof: Proof; readonly root: string }

/** Throws for what is no receipt. */
export function readProofOfReceipt(octets: RawOctets): ReceiptProof {
  const receipt = readSealedReceipt(parseXml(decodeText(octets, 'receipt')), octets.length)
  const head = readCheckpointText(receipt.checkpoint)
  if (head === undefined) throw new TypeError('a receipt without a checkpoint')
  const { leaf, index, proof: hashes } = receipt
  return { proof: { leaf, index, size: head.size, hashes }, root: head.root }
}
