// The Merkle tree of RFC 6962 2.1 over SHA-256: its hashes, and the verification of its proofs.
import { hash } from 'node:crypto'
import { amount, Fault } from '@seg/core'

export const HASH_BYTES = 32
const LEAF_PREFIX = Buffer.of(0)
const NODE_PREFIX = Buffer.of(1)
/** Hash of the tree without leaves. */
export const EMPTY_ROOT: Buffer = hash('sha256', Buffer.alloc(0), 'buffer')

/** A tree as a checkpoint names it. */
export type TreeHead = { readonly size: number; readonly root: Buffer }

export function hashLeaf(leaf: Uint8Array): Buffer {
  return keep(hash('sha256', Buffer.concat([LEAF_PREFIX, leaf]), 'binary'))
}

export function hashChildren(left: Uint8Array, right: Uint8Array): Buffer {
  return keep(hash('sha256', Buffer.concat([NODE_PREFIX, left, right]), 'binary'))
}

const BLOCK = 256 * HASH_BYTES
let block = Buffer.alloc(0)
let next = 0

/**
 * A hash in octets, side by side with others: as `node:crypto` gives octets, each in memory of its
 * own outside of the heap, that costs twice what the hash does (Node 24).
 */
function keep(latin1: string): Buffer {
  if (next === block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK)
    next = 0
  }
  block.write(latin1, next, 'latin1')
  next += HASH_BYTES
  return block.subarray(next - HASH_BYTES, next)
}

export type Inclusion = {
  readonly leafHash: Buffer
  readonly index: number
  readonly proof: readonly Buffer[]
  readonly tree: TreeHead
}

/**
 * Throws the Fault `log-invalid` when the proof does not show that the leaf stands at `index` of
 * the tree. RFC 9162 2.1.3.2.
 */
export function verifyInclusion({ leafHash, index, proof, tree }: Inclusion): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) {
    throw new Fault('log-invalid', `expected an index below the tree's size ${tree.size}, found ${index}`)
  }
  let [first, last, computed] = [index, tree.size - 1, leafHash]
  for (const sibling of proof) {
    if (last === 0) throw tooLong()
    if (first % 2 === 1 || first === last) {
      computed = hashChildren(sibling, computed)
      while (first % 2 === 0 && first !== 0) [first, last] = parents(first, last)
    } else computed = hashChildren(computed, sibling)
    ;[first, last] = parents(first, last)
  }
  if (last !== 0) throw tooShort()
  checkRoot(computed, tree, `with the leaf ${index}`)
}

/**
 * Throws the Fault `log-invalid` when the proof does not show that the tree `to` has the leaves of
 * the tree `from`, unchanged, as its first. RFC 9162 2.1.4.2.
 */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Buffer[]): void {
  if (from.size > to.size)
    throw new Fault('log-invalid', `the log has shrunk: it had ${amount(from.size, 'entry')}, and now has ${to.size}`)
  if (from.size === 0 || from.size === to.size) {
    if (proof.length > 0) throw tooLong()
    if (from.size > 0) checkRoot(to.root, from, 'of the same size')
    return
  }
  const hashes = isPowerOfTwo(from.size) ? [from.root, ...proof] : proof
  if (hashes.length === 0) throw tooShort()
  let [first, last] = [from.size - 1, to.size - 1]
  while (first % 2 === 1) [first, last] = parents(first, last)
  let [older, newer] = [hashes[0]!, hashes[0]!]
  for (const sibling of hashes.slice(1)) {
    if (last === 0) throw tooLong()
    if (first % 2 === 1 || first === last) {
      older = hashChildren(sibling, older)
      newer = hashChildren(sibling, newer)
      while (first % 2 === 0 && first !== 0) [first, last] = parents(first, last)
    } else newer = hashChildren(newer, sibling)
    ;[first, last] = parents(first, last)
  }
  if (last !== 0) throw tooShort()
  checkRoot(older, from, 'that was seen before')
  checkRoot(newer, to, 'that is shown now')
}

/** Bitwise shifts would cut an index to 32 bits. */
function parents(first: number, last: number): [number, number] {
  return [Math.floor(first / 2), Math.floor(last / 2)]
}

/** Exactly: the logarithm alone of a number next to a large power is rounded to that. */
export function isPowerOfTwo(size: number): boolean {
  return 2 ** Math.round(Math.log2(size)) === size
}

function checkRoot(computed: Buffer, { size, root }: TreeHead, which: string): void {
  if (computed.equals(root)) return
  throw new Fault(
    'log-invalid',
    `the proof leads to ${hex(computed)}, the root of the tree of ${amount(size, 'entry')} ${which} is ${hex(root)}`,
  )
}

function hex(octets: Buffer): string {
  return octets.toString('hex')
}

function tooLong(): Fault {
  return new Fault('log-invalid', 'the proof has more hashes than the tree has levels')
}

function tooShort(): Fault {
  return new Fault('log-invalid', 'the proof has fewer hashes than the tree has levels')
}
