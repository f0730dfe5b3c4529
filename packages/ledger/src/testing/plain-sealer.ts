// Receipts for the tests of the ledger: what they say follows from the document, so that any
// process can tell whether a stored one is whole.
import type { SealableAcceptance } from '../ledger.ts'

export function openSealer(): (acceptance: SealableAcceptance) => Buffer {
  return ({ id, sha256 }) => {
    // In the writer's thread it ends that thread.
    if (id === 'deadly') process.exit(1)
    if (id === 'unsealable') throw new TypeError('no seal for this one')
    return Buffer.from(`<receipt for="${id}">${sha256}</receipt>`)
  }
}
