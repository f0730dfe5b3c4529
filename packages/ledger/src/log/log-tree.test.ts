// The tree against a plain recursive reading of RFC 6962 2.1, and against the known answers of
// Certificate Transparency's reference code.
import { createHash } from 'node:crypto'
import t from 'tap'
import { type CompletedTile, LogTree } from './log-tree.ts'
import { hashLeaf, verifyConsistency, verifyInclusion } from './merkle.ts'

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

/** MTH, PATH and SUBPROOF of RFC 6962 2.1, word by word. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!)
  const k = split(leaves.length)
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}
function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...path(m, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), treeHash(leaves.slice(0, k))]
}
function subproof(m: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [treeHash(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), treeHash(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))]
}
function split(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1)
}

/** A tree whose full tiles are kept as a store keeps them, and nothing else. */
function grow(leaves: readonly Buffer[]) {
  const tiles = new Map<string, Buffer>()
  const tree = new LogTree((level, index) => tiles.get(`${level}/${index}`)!)
  for (const leaf of leaves)
    for (const tile of tree.append(hashLeaf(leaf))) tiles.set(`${tile.level}/${tile.index}`, tile.hashes)
  return { tree, tiles }
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => Buffer.from(`leaf ${i}`))

t.test('known answers', async t => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const leaves = inputs.map(input => Buffer.from(input, 'hex'))
  t.equal(grow([]).tree.head.root.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  t.equal(
    grow(leaves.slice(0, 1)).tree.head.root.toString('hex'),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  )
  t.equal(
    grow(leaves).tree.head.root.toString('hex'),
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  )
})

t.test('roots and proofs of every small tree are those of the recursion, and verify', async t => {
  const leaves = leavesOf(40)
  const { tree } = grow(leaves)
  for (let size = 1; size <= leaves.length; size++) {
    const some = leaves.slice(0, size)
    const head = { size, root: treeHash(some) }
    t.ok(tree.root(size).equals(head.root))
    for (let index = 0; index < size; index++) {
      const proof = tree.proveInclusion(index, size)
      t.same(proof, path(index, some))
      verifyInclusion({ leafHash: hashLeaf(leaves[index]!), index, proof, tree: head })
    }
    for (let older = 1; older <= size; older++) {
      const proof = tree.proveConsistency(older, size)
      t.same(proof, subproof(older, some, true))
      verifyConsistency({ size: older, root: treeHash(leaves.slice(0, older)) }, head, proof)
    }
  }
})

t.test('a tree that is asked at each size, as a writer does, has the roots and proofs of that size', async t => {
  const leaves = leavesOf(40)
  const { tree } = grow([])
  for (let size = 1; size <= leaves.length; size++) {
    tree.append(hashLeaf(leaves[size - 1]!))
    const some = leaves.slice(0, size)
    t.ok(tree.head.root.equals(treeHash(some)))
    for (let index = 0; index < size; index++) t.same(tree.proveInclusion(index, size), path(index, some))
  }
})

t.test('trees across the edges of tiles, at the time and later, from tiles and from memory', async t => {
  const leaves = leavesOf(66_000)
  const { tree, tiles } = grow(leaves)
  t.equal(tiles.size, 257 + 1)
  const hashes = leaves.map(hashLeaf)
  for (const size of [255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000]) {
    const head = { size, root: treeHash(leaves.slice(0, size)) }
    t.ok(tree.root(size).equals(head.root), `root of ${size}`)
    for (const index of [0, 1, 254, 255, 256, size - 2, size - 1].filter(index => index >= 0 && index < size))
      verifyInclusion({ leafHash: hashes[index]!, index, proof: tree.proveInclusion(index, size), tree: head })
    for (const older of [1, 255, 256, 300, size - 1].filter(older => older <= size))
      verifyConsistency({ size: older, root: tree.root(older) }, head, tree.proveConsistency(older, size))
  }
})

t.test('a tree opened from its edge continues as the one before', async t => {
  const leaves = leavesOf(700)
  for (const size of [0, 1, 255, 256, 600]) {
    const { tiles } = grow(leaves.slice(0, size))
    const read = (level: number, index: number) => tiles.get(`${level}/${index}`)!
    const full = size - (size % 256)
    const roots = Array.from({ length: full / 256 }, (_, i) => treeHash(leaves.slice(i * 256, (i + 1) * 256)))
    const edge = [leaves.slice(full, size).map(hashLeaf), roots]
    const opened = new LogTree(read, size, edge)
    const completed: CompletedTile[] = []
    for (const leaf of leaves.slice(size)) completed.push(...opened.append(hashLeaf(leaf)))
    for (const { level, index, hashes } of completed) {
      t.notOk(tiles.has(`${level}/${index}`), 'a tile is passed on once')
      tiles.set(`${level}/${index}`, hashes)
    }
    t.ok(opened.head.root.equals(treeHash(leaves)), `opened at ${size}`)
    t.same(opened.proveInclusion(3, 700), path(3, leaves))
  }
})

t.test('no proof verifies for another leaf, place, size or root, nor shortened, lengthened or changed', async t => {
  const leaves = leavesOf(21)
  const { tree } = grow(leaves)
  const invalid = { code: 'log-invalid' }
  for (let size = 1; size <= 21; size++) {
    const head = { size, root: tree.root(size) }
    for (let index = 0; index < size; index++) {
      const good = { leafHash: hashLeaf(leaves[index]!), index, proof: tree.proveInclusion(index, size), tree: head }
      const refuse = (change: Partial<typeof good>) => t.throws(() => verifyInclusion({ ...good, ...change }), invalid)
      refuse({ leafHash: hashLeaf(Buffer.from('other')) })
      refuse({ index: index + 1 })
      refuse({ index: -1 })
      refuse({ index: index + 0.5 })
      refuse({ tree: { size, root: hashLeaf(Buffer.from('other')) } })
      refuse({ proof: [...good.proof, good.leafHash] })
      if (size > 1) refuse({ proof: good.proof.slice(1) })
      for (let i = 0; i < good.proof.length; i++) refuse({ proof: good.proof.with(i, good.leafHash) })
    }
    for (let older = 1; older < size; older++) {
      const from = { size: older, root: tree.root(older) }
      const proof = tree.proveConsistency(older, size)
      const refuse = (a: typeof head, b: typeof head, c: readonly Buffer[]) =>
        t.throws(() => verifyConsistency(a, b, c), invalid)
      refuse({ size: older, root: head.root }, head, proof)
      refuse(from, { size, root: from.root }, proof)
      refuse(head, from, proof)
      refuse(from, head, [...proof, from.root])
      refuse(from, head, proof.slice(1))
      for (let i = 0; i < proof.length; i++) refuse(from, head, proof.with(i, hashLeaf(Buffer.from('other'))))
    }
    t.throws(
      () => verifyConsistency({ size, root: hashLeaf(Buffer.from('fork')) }, head, []),
      invalid,
      'a fork of the same size',
    )
  }
})
