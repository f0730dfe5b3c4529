// The nodes between an entry and the root, recomputed here (RFC 9162 2.1.3.2).
import { rootOfProof } from '../../verifier/checkpoint.ts'
import { digestOctets, hexOf, joinOctets, type RawOctets } from '../../verifier/octets.ts'

export type ProofStep = {
  /** In hexadecimal, as the log gives it. */
  readonly sibling: string
  readonly isSiblingLeft: boolean
  /** What the two make. */
  readonly parent: string
}
export type ProofPath = { readonly leafHash: string; readonly steps: readonly ProofStep[]; readonly root: string }

export type Proof = {
  readonly leaf: RawOctets
  readonly index: number
  readonly size: number
  readonly hashes: readonly RawOctets[]
}

/** Undefined for a proof that is not of this index and size. */
export async function computePath({ leaf, index, size, hashes }: Proof): Promise<ProofPath | undefined> {
  const root = await rootOfProof(leaf, index, size, hashes)
  if (root === undefined) return undefined
  const leafHash = await digestOctets(joinOctets(Uint8Array.of(0), leaf))
  const steps: ProofStep[] = []
  let hash = leafHash
  for (const [i, sibling] of hashes.entries()) {
    const isSiblingLeft = isLeft(index, size, i)
    const pair = isSiblingLeft ? [sibling, hash] : [hash, sibling]
    hash = await digestOctets(joinOctets(Uint8Array.of(1), ...pair))
    steps.push({ sibling: hexOf(sibling), isSiblingLeft, parent: hexOf(hash) })
  }
  return { leafHash: hexOf(leafHash), steps, root: hexOf(root) }
}

/** Whether the hash of this step stands left of what was computed before. */
function isLeft(index: number, size: number, step: number): boolean {
  let at = BigInt(index)
  let last = BigInt(size) - 1n
  for (let i = 0; ; i++) {
    const left = (at & 1n) === 1n || at === last
    if (i === step) return left
    while (left && at !== 0n && (at & 1n) === 0n) {
      at >>= 1n
      last >>= 1n
    }
    at >>= 1n
    last >>= 1n
  }
}
