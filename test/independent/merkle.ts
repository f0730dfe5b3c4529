// RFC 6962 2.1 as it is written there: recursion over ranges of the entries, nothing remembered,
// nothing optimized.
import { createHash } from 'node:crypto'
import { demand } from './rejected.ts'

/**
 * The Merkle Tree Hash of D[start:end]: from the entries, or from whatever else is known of the
 * tree.
 */
export type RangeHash = (start: number, end: number) => Buffer

export type TreeHead = { readonly size: number; readonly root: Buffer }

/** MTH({d(0)}) = SHA-256(0x00 || d(0)) */
export function hashEntry(entry: Uint8Array): Buffer {
  return sha256(Buffer.of(0), entry)
}

/** SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])) */
export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.of(1), left, right)
}

/** MTH(D[start:end]) of entries whose own hashes are given. */
export function rangeHash(entryHashes: readonly Buffer[]): RangeHash {
  const hash: RangeHash = (start, end) => {
    if (end === start) return sha256()
    if (end === start + 1) return entryHashes[start]!
    const middle = start + split(end - start)
    return hashNode(hash(start, middle), hash(middle, end))
  }
  return hash
}

/** PATH(m, D[n]) of 2.1.1. */
export function inclusionProof(m: number, n: number, hash: RangeHash): Buffer[] {
  const path = (start: number, end: number): Buffer[] => {
    if (end === start + 1) return []
    const middle = start + split(end - start)
    return m < middle ? [...path(start, middle), hash(middle, end)] : [...path(middle, end), hash(start, middle)]
  }
  return path(0, n)
}

/** PROOF(m, D[n]) of 2.1.2. */
export function consistencyProof(m: number, n: number, hash: RangeHash): Buffer[] {
  const subproof = (start: number, end: number, isWhole: boolean): Buffer[] => {
    if (m === end) return isWhole ? [] : [hash(start, end)]
    const middle = start + split(end - start)
    return m <= middle
      ? [...subproof(start, middle, isWhole), hash(middle, end)]
      : [...subproof(middle, end, false), hash(start, middle)]
  }
  return subproof(0, n, true)
}

/**
 * The root that a proof leads to: PATH read backwards. The last hash of a proof is the sibling
 * nearest to the root.
 */
export function checkInclusion(
  entryHash: Buffer,
  index: number,
  proof: readonly Buffer[],
  { size, root }: TreeHead,
): void {
  demand(Number.isSafeInteger(index) && index >= 0 && index < size, `a tree of ${size} has no entry ${index}`)
  const rest = [...proof]
  const climb = (m: number, n: number): Buffer => {
    if (n === 1) return entryHash
    const sibling = take(rest)
    const k = split(n)
    return m < k ? hashNode(climb(m, k), sibling) : hashNode(sibling, climb(m - k, n - k))
  }
  const reached = climb(index, size)
  demand(rest.length === 0, 'the proof is too long')
  demand(reached.equals(root), `the inclusion proof of entry ${index} does not lead to the root`)
}

/** Both roots from one proof: PROOF read backwards. */
export function checkConsistency(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): void {
  demand(older.size > 0 && older.size <= newer.size, `a tree of ${older.size} is not part of one of ${newer.size}`)
  const rest = [...proof]
  /** What the older and the newer tree have at the same place. */
  const climb = (m: number, n: number, isWhole: boolean): readonly [old: Buffer, now: Buffer] => {
    if (m === n) {
      const both = isWhole ? older.root : take(rest)
      return [both, both]
    }
    const sibling = take(rest)
    const k = split(n)
    if (m <= k) {
      const [old, now] = climb(m, k, isWhole)
      return [old, hashNode(now, sibling)]
    }
    const [old, now] = climb(m - k, n - k, false)
    return [hashNode(sibling, old), hashNode(sibling, now)]
  }
  const [old, now] = climb(older.size, newer.size, true)
  demand(rest.length === 0, 'the proof is too long')
  demand(
    old.equals(older.root) && now.equals(newer.root),
    `the tree of ${newer.size} does not begin as the one of ${older.size} did`,
  )
}

/** The largest power of two smaller than n. */
export function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

function take(proof: Buffer[]): Buffer {
  const hash = proof.pop()
  demand(hash?.length === 32, 'the proof is too short')
  return hash
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
