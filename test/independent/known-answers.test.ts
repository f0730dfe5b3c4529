// The independent verifier itself, against answers that others published:
// Certificate Transparency's reference trees, and the signed note of Go's documentation.
import t from 'tap'
import { openCheckpoint, openNote, readKey } from './checkpoint.ts'
import { checkConsistency, checkInclusion, consistencyProof, hashEntry, inclusionProof, rangeHash } from './merkle.ts'
import { Rejected } from './rejected.ts'
import { bundlePath, tilePath, tilesOf } from './tiles.ts'

const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const hash = rangeHash(leaves.map(leaf => hashEntry(Buffer.from(leaf, 'hex'))))
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const hex = (hashes: readonly Buffer[]) => hashes.map(octets => octets.toString('hex'))

t.test('roots and proofs of Certificate Transparency', async t => {
  t.same(hex(roots.map((_, size) => hash(0, size))), roots)
  t.same(hex(inclusionProof(0, 8, hash)), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ])
  t.same(hex(consistencyProof(6, 8, hash)), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
})

t.test('every proof leads to its root, and a changed one to none', async t => {
  const other = hashEntry(Buffer.from('other'))
  for (let size = 1; size <= leaves.length; size++) {
    const head = { size, root: hash(0, size) }
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, hash)
      checkInclusion(hash(index, index + 1), index, proof, head)
      t.throws(() => checkInclusion(other, index, proof, head), Rejected)
      t.throws(() => checkInclusion(hash(index, index + 1), index, [...proof, other], head), Rejected)
      t.throws(
        () => checkInclusion(hash(index, index + 1), index, proof.slice(1), { size: size + 1, root: head.root }),
        Rejected,
      )
      for (const i of proof.keys())
        t.throws(() => checkInclusion(hash(index, index + 1), index, proof.with(i, other), head), Rejected)
    }
    for (let before = 1; before <= size; before++) {
      const older = { size: before, root: hash(0, before) }
      const proof = consistencyProof(before, size, hash)
      checkConsistency(older, head, proof)
      t.throws(() => checkConsistency({ size: before, root: other }, head, proof), Rejected)
      t.throws(() => checkConsistency(older, { size, root: other }, proof), Rejected)
      t.throws(() => checkConsistency(older, head, [...proof, other]), Rejected)
      for (const i of proof.keys()) t.throws(() => checkConsistency(older, head, proof.with(i, other)), Rejected)
    }
  }
})

t.test('the signed note of Go, golang.org/x/mod/sumdb/note', async t => {
  const key = readKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n')
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
  const signature = 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
  const note = `${text}\n\u2014 PeterNeumann ${signature}\n`
  t.equal(openNote(Buffer.from(note), key), text)
  t.equal(
    openNote(
      Buffer.from(
        `${note}\u2014 EnochRoot ` +
          'rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n',
      ),
      key,
    ),
    text,
  )
  const changed = [
    note.replace('think', 'thank'),
    note.replace('x08g', 'x09g'),
    note.replace('PeterN', 'PaterN'),
    `${text}\n`,
    text,
    note.slice(0, -1),
  ]
  for (const bad of changed) t.throws(() => openNote(Buffer.from(bad), key), Rejected)
  t.throws(() => openCheckpoint(Buffer.from(note), key), Rejected, 'which is no checkpoint')
})

t.test('names and numbers of tiles, by the examples of tlog-tiles', async t => {
  const tiles = tilesOf(70_000)
  const count = (level: number, isFull: boolean) =>
    tiles.filter(tile => tile.level === level && (tile.width === 256) === isFull).length
  t.same([count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)], [273, 1, 1, 1, 1])
  t.same(tiles.filter(({ width }) => width < 256).map(tilePath), [
    'tile/0/273.p/112',
    'tile/1/001.p/17',
    'tile/2/000.p/1',
  ])
  t.same(tilesOf(256).map(tilePath), ['tile/0/000', 'tile/1/000.p/1'])
  t.equal(bundlePath({ index: 1_234_067, width: 256 }), 'tile/entries/x001/x234/067')
})
