// A receiver's log and receipts, over mutual TLS, verified by code that shares nothing with it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { verifyEvidence } from '../../packages/console/src/verifier/verify-evidence.ts'
import { receiverId, senderId } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'
import { ACCEPTED, CONFLICTS, exchangeLog, REFUSED } from '../support/exchanged-log.ts'
import { asFiles } from '../support/given-evidence.ts'
import { needs, run } from '../support/programs.ts'
import { type Checkpoint, openCheckpoint, readKey } from './checkpoint.ts'
import { openLogClient } from './log-client.ts'
import { checkConsistency, checkInclusion, consistencyProof, hashEntry, inclusionProof } from './merkle.ts'
import { checkReceipt, type ProvenReceipt } from './receipt.ts'
import { verifyGrowth, verifyLog, verifyTiles } from './verify-log.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-independent-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

/** What the log itself said at the end of each life of the receiver. */
const notes: Buffer[] = []
const { certs, data, verifierKey, delivered } = await exchangeLog(t, folder, async ({ origin }, from) => {
  const client = await openLogClient(origin, from)
  notes.push(await client.fetch('checkpoint'))
  client.close()
})
const key = readKey(verifierKey)
const receiver = await startReceiver(t, ['--certs', certs, '--data', data])
const { fetch, close } = await openLogClient(receiver.url.origin, certs)
t.teardown(close)
const log = await verifyLog(fetch, verifierKey)

t.test('the log is what its checkpoint says, and says what happened', async t => {
  const { head, entries } = log
  t.ok(head.size > 2 * 256 && head.size % 256 > 0, `${head.size} entries: tiles that are full, and one that is not`)
  const groups = Object.groupBy(entries, ({ type }) => type)
  t.equal(groups.accepted?.length, 2 * ACCEPTED)
  t.equal(groups.conflict?.length, 2 * CONFLICTS)
  t.equal(groups.start?.length, 3)
  t.equal(groups.stop?.length, 2)
  t.ok(groups.refused!.length > 0 && groups.omitted!.length > 0, 'refusals that were too many are counted')
  t.ok(groups.refused!.length < 2 * REFUSED)
  t.ok(
    entries.every(entry => Object.keys(entry).join() === 'v,type,at,facts'),
    'of which everybody sees the kind and the time',
  )
})

t.test('every receipt proves its document offline, and is an entry of the log', async t => {
  const fromTiles = await verifyTiles(fetch, log.head)
  const wrong: string[] = []
  for (const { index, leaf, proof, tree, sender, receiver } of proveAll()) {
    const isOfLog = log.octets[index]?.equals(leaf) && log.hash(0, tree.size).equals(tree.root)
    const expected = inclusionProof(index, tree.size, log.hash)
    if (!isOfLog || sender !== senderId || receiver !== receiverId) wrong.push(`entry ${index}`)
    if (!Buffer.concat(proof).equals(Buffer.concat(expected)))
      wrong.push(`the proof of ${index} is not that of RFC 6962 2.1.1`)
    // And under the latest checkpoint, by a proof that the receiver never made.
    checkInclusion(hashEntry(leaf), index, inclusionProof(index, log.head.size, fromTiles), log.head)
  }
  t.same(wrong, [])
  t.equal(new Set(proveAll().map(({ index }) => index)).size, 2 * ACCEPTED, 'each receipt names an entry of its own')
})

t.test('the verifier of the console finds nothing wrong with them, either', async t => {
  const names = ['ca.crt', 'ca.crl', 'log.pub', 'sender.crt'] as const
  const files = await Promise.all(names.map(async name => [name, await readFile(join(certs, name))] as const))
  const { 'sender.crt': signer, ...trust } = Object.fromEntries(files)
  const wrong: string[] = []
  for (const [i, { receipt, document }] of delivered.entries()) {
    if (i % 9 !== 0) continue
    const evidence = asFiles({ receipt, document, signer: signer! })
    const { first } = await verifyEvidence({ evidence, trust: asFiles(trust) }, new Date())
    if (first !== undefined) wrong.push(`${i}: ${first.name} ${first.detail}`)
  }
  t.same(wrong, [])
})

t.test('every checkpoint that anybody was given begins the next one, and its tiles are still served', async t => {
  const given = [...notes.map(note => openCheckpoint(note, key)), ...proveAll().map(({ tree }) => tree), log.head]
  const bySize = new Map<number, Checkpoint>()
  for (const head of given) {
    const other = bySize.get(head.size)
    if (other && !other.root.equals(head.root)) t.fail(`two trees of ${head.size} entries`)
    bySize.set(head.size, head)
  }
  const heads = [...bySize.values()].sort((a, b) => a.size - b.size)
  for (const [i, head] of heads.entries()) {
    const hash = await verifyTiles(fetch, head)
    const older = heads[i - 1]
    if (older !== undefined) checkConsistency(older, head, consistencyProof(older.size, head.size, hash))
    await verifyGrowth(fetch, head, log.head)
  }
  t.ok(heads.length > 10, `${heads.length} checkpoints`)
})

t.test('xmlsec1 verifies the signature of every receipt, and of none that was changed', needs('xmlsec1'), async t => {
  const place = join(folder, 'receipts')
  await mkdir(place)
  const names = delivered.map((_, i) => join(place, `${i}.xml`))
  await Promise.all(delivered.map(({ receipt }, i) => writeFile(names[i]!, receipt)))
  const keys = ['--enabled-key-data', 'key-name,rsa,ecdsa', '--pubkey-cert-pem', join(certs, 'seal.crt')]
  const { status, output } = run('xmlsec1', ['--verify', ...keys, ...names])
  t.equal(status, 0)
  t.equal(output.match(/^OK$/gm)?.length, names.length)
  const text = delivered[0]!.receipt.toString()
  const elements = new Set(text.slice(0, text.indexOf('<Signature')).match(/(?<=<)\w+(?=>[^<]+<\/)/g))
  t.ok(elements.has('ReceiverID') && elements.has('Checkpoint'))
  for (const name of elements) {
    const changed = join(place, 'changed.xml')
    await writeFile(changed, text.replace(new RegExp(`(<${name}>[^<]*)(?=</)`), '$1x'))
    t.not(run('xmlsec1', ['--verify', ...keys, changed]).status, 0, name)
  }
})

function proveAll(): ProvenReceipt[] {
  return delivered.map(({ receipt, document }) => checkReceipt(receipt, document, key))
}
