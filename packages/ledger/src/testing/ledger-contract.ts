// What any ledger must do, through its port alone: the tests that every implementation passes.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Fault } from '@seg/core'
import type { Test } from 'tap'
import { type AcceptedDocument, HELD_IN_MEMORY, type Ledger, type LedgerReader } from '../ledger.ts'
import { openCheckpoint, parseVerifierKey, verifierKeyOf } from '../log/checkpoint.ts'
import { readEntry } from '../log/leaf.ts'
import { ROTATION } from '../log/log-keys.ts'
import { hashLeaf, verifyInclusion } from '../log/merkle.ts'
import type { Evidence, StoredEntry } from '../verification/evidence.ts'
import { type VerifiedLedger, verifyLedger } from '../verification/verify-ledger.ts'
import { checkReceipt, checks } from './entry-sealer.ts'
import { certificatesOf, collect, keptOf, makeFolder, makeSample, readBytes, sender } from './sample-documents.ts'
import { acceptBytes, nextLogKey, verifierKey } from './test-log.ts'

type OpenOptions = { readonly queue?: number; readonly sealer?: 'plain-sealer' | 'entry-sealer' }

/** How to open the ledger under test, whose log has the key of `test-ledger.ts`. */
export type Implementation = {
  open(folder: string, options?: OpenOptions): Promise<Ledger>
  openReader(folder: string): LedgerReader
  openEvidence(folder: string): Evidence
}

const at = '2026-01-02T03:04:05.678Z'
const LARGE = HELD_IN_MEMORY + 10_000

export function testLedger(t: Test, { open, openReader, openEvidence }: Implementation): void {
  t.test('gives back what it accepted, byte for byte', async t => {
    const { ledger } = await openLedger(t)
    for (const [i, size] of [0, 3000, HELD_IN_MEMORY, HELD_IN_MEMORY + 1, LARGE].entries()) {
      const { document, bytes, receipt } = sampleOf(`doc${i}`, size)
      t.same(await acceptBytes(ledger, document, bytes), { index: i, replay: false, receipt })
      t.same(await ledger.find(sender, document.id), keptOf(document, i))
      t.ok((await readBytes(ledger, sender, document.id))?.equals(bytes))
      t.ok(Buffer.concat(await collect((await ledger.read(sender, document.id))!)).equals(bytes))
      t.same(await ledger.receipt(sender, document.id), receipt)
    }
  })

  t.test('knows nothing of what it did not accept', async t => {
    const { ledger } = await openLedger(t)
    for (const id of ['doc1', 'doc\0']) {
      t.equal(await ledger.find(sender, id), undefined)
      t.equal(await ledger.read(sender, id), undefined)
      t.equal(await ledger.receipt(sender, id), undefined)
    }
    t.equal(await readBytes(ledger, sender, 'doc1'), undefined)
    t.same(await ledger.accepted(-1, 10, 'MINISTRY\0'), [])
    t.same(await collect(ledger.list()), [])
    t.same(await ledger.accepted(-1, 10), [])
    t.equal(await ledger.log.size(), 0)
    t.equal(await ledger.log.checkpoint(), undefined)
    t.equal(await ledger.log.tile(0, 0, 1), undefined)
    t.equal(await ledger.log.entries(0, 1), undefined)
  })

  t.test('answers a replay with the receipt that was stored first, also after a restart', async t => {
    const { ledger, folder } = await openLedger(t, { sealer: 'entry-sealer' })
    for (const size of [3000, LARGE]) {
      const { document, bytes } = sampleOf(`doc${size}`, size)
      const { index, receipt } = await acceptBytes(ledger, document, bytes)
      const later = { ...document, acceptedAt: '2027-01-01T00:00:00.000Z' }
      await ledger.record({ type: 'stop', at })
      t.same(await acceptBytes(ledger, later, bytes), { index, replay: true, receipt })
    }
    await ledger.close()
    const reopened = await open(folder, { sealer: 'entry-sealer' })
    t.teardown(() => reopened.close())
    for (const size of [3000, LARGE]) {
      const { document, bytes } = sampleOf(`doc${size}`, size)
      const receipt = await reopened.receipt(sender, document.id)
      t.match(await acceptBytes(reopened, document, bytes), { replay: true, receipt })
    }
    t.equal(await reopened.log.size(), 4, 'a replay is no entry of the log')
  })

  t.test('takes no event that is dated back by more than an hour, but a start', async t => {
    const { ledger, folder } = await openLedger(t)
    const atHour = (hour: number) => `2026-01-02T0${hour}:00:00.000Z`
    await ledger.record({ type: 'start', at: atHour(5), version: '1' })
    await ledger.record({ type: 'stop', at: atHour(4) })
    const { document, bytes } = sampleOf('doc1', 3000)
    const behind = { code: 'clock-behind', detail: /the log has an entry of 2026-01-02T05/ }
    await t.rejects(acceptBytes(ledger, { ...document, acceptedAt: '2026-01-02T03:59:59.999Z' }, bytes), behind)
    await t.rejects(ledger.record({ type: 'stop', at: atHour(3) }), behind)
    await ledger.close()
    const reopened = await open(folder)
    t.teardown(() => reopened.close())
    await t.rejects(reopened.record({ type: 'stop', at: atHour(3) }), behind, 'also after it was opened again')
    await reopened.record({ type: 'start', at: atHour(3), version: '1' })
    await reopened.record({ type: 'stop', at: atHour(3) })
    t.equal(await reopened.log.size(), 4, 'a start enters that the clock was set back')
  })

  t.test('refuses other bytes under the same sender and id, and says so in the log', async t => {
    const { ledger } = await openLedger(t)
    for (const [i, size] of [3000, LARGE].entries()) {
      const { document, bytes } = sampleOf(`doc${i}`, size)
      await acceptBytes(ledger, document, bytes)
      const other = sampleOf(`doc${i}`, size, 'other')
      await t.rejects(acceptBytes(ledger, other.document, other.bytes), { code: 'document-id-conflict' })
      t.ok((await readBytes(ledger, sender, `doc${i}`))?.equals(bytes))
      const sha256 = Buffer.from(other.document.sha256, 'hex').toString('base64')
      const event = { type: 'conflict', sender, document: `doc${i}`, sha256, accepted: 2 * i }
      t.match((await events(ledger)).at(-1), event)
    }
  })

  t.test('leaves a conflict out of the log on request', async t => {
    const { ledger } = await openLedger(t)
    const { document, bytes } = sampleOf('doc1', 3000)
    await acceptBytes(ledger, document, bytes)
    const other = sampleOf('doc1', 3000, 'other')
    const code = 'document-id-conflict'
    await t.rejects(acceptBytes(ledger, other.document, other.bytes, { omitsConflict: true }), { code })
    t.equal(await ledger.log.size(), 1)
    await t.rejects(acceptBytes(ledger, other.document, other.bytes), { code })
    t.equal(await ledger.log.size(), 2)
  })

  t.test('answers what is known to be accepted, and takes nothing else', async t => {
    const { ledger } = await openLedger(t)
    for (const [i, size] of [3000, LARGE].entries()) {
      const { document, bytes, receipt } = sampleOf(`doc${i}`, size)
      const { chain: _, ...met } = { ...document, acceptedAt: '2026-01-02T04:00:00.000Z' }
      await t.rejects(ledger.acceptAgain(met), { code: 'storage-unavailable', detail: /is not there any more/ })
      await acceptBytes(ledger, document, bytes)
      t.same(await ledger.acceptAgain(met), receipt)
      const { sha256 } = sampleOf(`doc${i}`, size, 'other').document
      const conflict = { code: 'document-id-conflict', detail: new RegExp(`${document.sha256}, now ${sha256}`) }
      await t.rejects(ledger.acceptAgain({ ...met, sha256 }), conflict)
      await t.rejects(ledger.acceptAgain({ ...met, sha256 }, { omitsConflict: true }), conflict)
    }
    t.match(await events(ledger), [
      { type: 'accepted', document: 'doc0' },
      { type: 'conflict', document: 'doc0', accepted: 0, at: '2026-01-02T04:00:00.000Z' },
      { type: 'accepted', document: 'doc1' },
      { type: 'conflict', document: 'doc1', accepted: 2 },
    ])
    t.equal(await ledger.log.size(), 4)
  })

  t.test('distinguishes senders, also where a sender ends like an id', async t => {
    const { ledger } = await openLedger(t)
    const pairs = [
      ['A', 'doc1'],
      ['B', 'doc1'],
      ['A doc', '1'],
      ['../../A', '../doc1'],
      ["A'); DROP TABLE documents; --", 'doc1'],
      ['Ä\u{1f600}', 'doc1'],
    ] as const
    for (const [from, id] of pairs) {
      const { document, bytes } = makeSample(id, { from })
      t.equal((await acceptBytes(ledger, { ...document, bytes: bytes.length }, bytes)).replay, false)
    }
    for (const [from, id] of pairs) t.same(await readBytes(ledger, from, id), makeSample(id, { from }).bytes)
  })

  t.test('accepts one of 50 copies that come at once', async t => {
    const { ledger } = await openLedger(t, { sealer: 'entry-sealer' })
    for (const size of [3000, LARGE]) {
      const { document, bytes } = sampleOf(`doc${size}`, size)
      const answers = await Promise.all(Array.from({ length: 50 }, () => acceptBytes(ledger, document, bytes)))
      t.equal(answers.filter(({ replay }) => !replay).length, 1, 'one is new')
      t.equal(new Set(answers.map(({ receipt }) => receipt.toString())).size, 1, 'all get one receipt')
    }
    t.equal((await collect(ledger.list())).length, 2)
    t.equal(await ledger.log.size(), 2)
  })

  t.test('accepts one of 50 different documents that come at once under one id', async t => {
    const { ledger } = await openLedger(t)
    const samples = Array.from({ length: 50 }, (_, i) => sampleOf('doc1', 3000, `salt ${i}`))
    const outcomes = await Promise.allSettled(
      samples.map(({ document, bytes }) => acceptBytes(ledger, document, bytes)),
    )
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    const codes = outcomes.filter(outcome => outcome.status === 'rejected').map(({ reason }) => (reason as Fault).code)
    t.same(codes, Array(49).fill('document-id-conflict'))
    t.same(await readBytes(ledger, sender, 'doc1'), samples[winner]?.bytes)
    t.equal(await ledger.log.size(), 50, 'each conflict is an entry')
  })

  t.test('a request that fails takes no other of its batch with it', async t => {
    const { ledger } = await openLedger(t)
    const ids = ['doc1', 'doc2', 'unsealable', 'doc3', 'doc4']
    const outcomes = await Promise.allSettled(ids.map(id => accept(ledger, id)))
    t.same(
      outcomes.map(({ status }) => status),
      ids.map(id => (id === 'unsealable' ? 'rejected' : 'fulfilled')),
    )
    t.equal(await ledger.find(sender, 'unsealable'), undefined)
    t.same(
      (await collect(ledger.list())).map(({ id, index }) => [id, index]),
      ids.filter(id => id !== 'unsealable').map((id, index) => [id, index]),
      'and leaves no gap',
    )
  })

  t.test('keeps the order of acceptance across restarts, with the entries of others between', async t => {
    const folder = await makeFolder(t)
    const ids = ['z', 'm', 'a', 'k', 'b']
    for (const [i, id] of ids.entries()) {
      const ledger = await open(folder)
      t.equal(await ledger.record({ type: 'start', at, version: '0.1.0' }), 2 * i)
      await accept(ledger, id)
      await ledger.close()
    }
    const reader = openReader(folder)
    t.teardown(() => reader.close())
    const expected = ids.map((id, i) => [id, 2 * i + 1])
    t.same((await collect(reader.list())).map(idAndIndex), expected)
    t.same((await reader.accepted(3, 2)).map(idAndIndex), expected.slice(2, 4), 'and gives the next ones after any')
  })

  t.test('adds up what the documents since some time take, by sender and hour', async t => {
    const { ledger } = await openLedger(t)
    t.same(await ledger.storedSince('2026-01-01T00:00:00.000Z'), [])
    const times = ['2026-01-01T23:10', '2026-01-02T01:00', '2026-01-02T01:59', '2026-01-02T03:00']
    for (const [i, time] of times.entries()) {
      for (const from of ['A', 'B']) {
        const { document, bytes } = makeSample(`${i}`, { from, size: 1000 + i })
        await acceptBytes(ledger, { ...document, acceptedAt: `${time}:00.000Z` }, bytes)
      }
    }
    const since = async (time: string) =>
      (await ledger.storedSince(time))
        .filter(({ sender }) => sender === 'A')
        .map(({ hour, documents, bytes }) => `${hour} ${documents} ${bytes}`)
        .sort()
    const hours = ['2026-01-01T23 1 1000', '2026-01-02T01 2 2003', '2026-01-02T03 1 1003']
    t.same(await since('2026-01-01T00:00:00.000Z'), hours)
    t.same(await since('2026-01-01T23:10:00.001Z'), hours.slice(1))
    t.same(await since('2026-01-02T01:30:00.000Z'), ['2026-01-02T01 1 1002', hours[2]])
    t.same(await since('2026-01-02T03:00:00.000Z'), hours.slice(2))
    t.same(await since('2026-01-03T00:00:00.000Z'), [])
    t.equal((await ledger.storedSince('2026-01-01T00:00:00.000Z')).length, 6)
  })

  t.test('gives the documents of one sender, and the newest of each', async t => {
    const { ledger } = await openLedger(t)
    t.same(await ledger.newest(-1), [])
    t.same(await ledger.newest(0), [])
    const senders = ['B', 'A', "C'", 'Ä', 'A b']
    for (const id of ['1', '2', '3']) {
      for (const from of senders) {
        const { document, bytes } = makeSample(id, { from })
        await acceptBytes(ledger, document, bytes)
      }
    }
    const newest = async (after: number) =>
      (await ledger.newest(after)).map(({ sender, index }) => `${sender} ${index}`).sort()
    t.same(await newest(-1), senders.map((from, i) => `${from} ${10 + i}`).sort())
    t.same(
      await newest(11),
      senders
        .slice(2)
        .map((from, i) => `${from} ${12 + i}`)
        .sort(),
    )
    t.same(await newest(14), [])
    for (const [i, from] of senders.entries()) {
      const idsAfter = async (index: number, limit: number) =>
        (await ledger.accepted(index, limit, from)).map(({ id }) => id)
      t.same(await idsAfter(-1, 10), ['1', '2', '3'])
      t.same(await idsAfter(i, 1), ['2'])
      t.same(await idsAfter(i + 10, 10), [])
    }
    t.same(await ledger.accepted(-1, 10, 'nobody'), [])
  })

  t.test('moves a cursor past what is given up, and remembers that', async t => {
    const { ledger, folder } = await openLedger(t)
    const { document, bytes } = sampleOf('doc1', 3000)
    await acceptBytes(ledger, document, bytes)
    const letter = { cursor: 'webhook A', document: keptOf(document, 0), at, reason: 'no' }
    await ledger.giveUp('webhook A', 0, at, 'no')
    await ledger.giveUp('webhook A', 0, '2027-01-01T00:00:00.000Z', 'again')
    t.same(await collect(ledger.deadLetters()), [letter])
    t.equal(await ledger.cursor('webhook A'), 0)
    await t.rejects(ledger.giveUp('webhook A', 7, at, 'of no document'))
    t.equal(await ledger.cursor('webhook A'), 0, 'both or neither')
    await ledger.close()
    const reopened = await open(folder)
    t.teardown(() => reopened.close())
    t.same(await collect(reopened.deadLetters()), [letter])
  })

  t.test('gives what was given up page by page, the latest first, all of one document together', async t => {
    const { ledger } = await openLedger(t)
    for (const id of ['1', '2', '3', '4']) {
      const { document, bytes } = sampleOf(id, 100)
      await acceptBytes(ledger, document, bytes)
    }
    for (const [cursor, index] of [
      ['A', 0],
      ['A', 1],
      ['B', 1],
      ['A', 3],
    ] as const)
      await ledger.giveUp(cursor, index, at, 'no')
    const page = async (...[limit, from]: Parameters<typeof ledger.deadLetterPage>) =>
      (await ledger.deadLetterPage(limit, from)).map(({ cursor, document }) => `${cursor}${document.index}`)
    t.same(await page(10, { below: Number.MAX_SAFE_INTEGER }), ['A3', 'A1', 'B1', 'A0'])
    t.same(await page(1, { below: 3 }), ['A1', 'B1'])
    t.same(await page(1, { below: 1 }), ['A0'])
    t.same(await page(1, { below: 0 }), [])
    t.same(await page(2, { above: -1 }), ['A1', 'B1', 'A0'])
    t.same(await page(10, { above: 0 }), ['A3', 'A1', 'B1'])
  })

  t.test('remembers how far a cursor was moved, and moves none back', async t => {
    const { ledger, folder } = await openLedger(t)
    t.equal(await ledger.cursor('inbox'), -1)
    await ledger.moveCursor('inbox', 5)
    await ledger.moveCursor('webhook', 2)
    await ledger.moveCursor('inbox', 7)
    await ledger.moveCursor('inbox', 6)
    await ledger.close()
    const reopened = await open(folder)
    t.teardown(() => reopened.close())
    t.same([await reopened.cursor('inbox'), await reopened.cursor('webhook')], [7, 2])
    t.equal(await reopened.log.size(), 0, 'which is no entry of the log')
  })

  t.test('every receipt proves its entry, and a batch shares one checkpoint', async t => {
    const { ledger } = await openLedger(t, { sealer: 'entry-sealer' })
    const verifier = parseVerifierKey(verifierKey)
    const checkpoints = new Set<string>()
    const samples = Array.from({ length: 300 }, (_, i) => sampleOf(`doc${i}`, 500))
    const answers = await Promise.all(samples.map(({ document, bytes }) => acceptBytes(ledger, document, bytes)))
    for (const [i, { receipt }] of answers.entries()) {
      const document = await ledger.find(sender, `doc${i}`)
      const { index, treeSize, leaf, opening, proof, checkpoint } = checkReceipt(receipt, document!)
      const tree = openCheckpoint(checkpoint, verifier)
      t.equal(tree.size, treeSize)
      verifyInclusion({ leafHash: hashLeaf(leaf), index, proof, tree })
      const sha256 = Buffer.from(document!.sha256, 'hex').toString('base64')
      const { id, bytes, acceptedAt, referenceDigest } = document!
      const certificate = createHash('sha256').update(certificatesOf(sender)[0]!).digest('base64')
      t.same(readEntry(leaf, opening), {
        type: 'accepted',
        at: acceptedAt,
        sender,
        document: id,
        bytes,
        sha256,
        reference: referenceDigest,
        certificate,
      })
      checkpoints.add(checkpoint)
    }
    t.ok(checkpoints.size < 100, `${checkpoints.size} checkpoints`)
  })

  t.test('serves its log: tiles are the hashes of its entries, under the latest checkpoint', async t => {
    const { ledger } = await openLedger(t)
    await Promise.all(Array.from({ length: 258 }, (_, i) => accept(ledger, `doc${i}`)))
    t.equal(await ledger.log.size(), 258)
    const { size, root } = openCheckpoint((await ledger.log.checkpoint())!, parseVerifierKey(verifierKey))
    const leaves = await leavesOf(ledger)
    t.equal(size, 258)
    t.ok(root.equals(rootOf(leaves.map(hashLeaf))))
    t.same(await ledger.log.tile(0, 0, 256), Buffer.concat(leaves.slice(0, 256).map(hashLeaf)))
    t.same(await ledger.log.tile(0, 0, 3), Buffer.concat(leaves.slice(0, 3).map(hashLeaf)))
    t.same(await ledger.log.tile(0, 1, 2), Buffer.concat(leaves.slice(256).map(hashLeaf)))
    t.same(await ledger.log.tile(1, 0, 1), rootOf(leaves.slice(0, 256).map(hashLeaf)))
    for (const [level, index, width] of [
      [0, 1, 3],
      [1, 0, 2],
      [2, 0, 1],
      [0, 2, 1],
    ] as const) {
      t.equal(await ledger.log.tile(level, index, width), undefined, `no tile ${level}/${index}.p/${width}`)
    }
    t.equal(await ledger.log.entries(1, 3), undefined)
  })

  t.test('verifies through the port, and reports whatever that shows otherwise', async t => {
    const { ledger, folder } = await openLedger(t, { sealer: 'entry-sealer' })
    await ledger.record({ type: 'start', at, version: '0.1.0' })
    await Promise.all(Array.from({ length: 260 }, (_, i) => accept(ledger, `doc${i}`)))
    await accept(ledger, 'large', LARGE)
    const other = sampleOf('doc1', 3000, 'other')
    const conflict = acceptBytes(ledger, other.document, other.bytes)
    await t.rejects(conflict, { code: 'document-id-conflict' })
    t.match(await verify(openEvidence(folder)), { head: { size: 263 }, documents: 261, withoutCertificate: 0 })
    for (const [name, change] of Object.entries(changes)) {
      const changed = changeEvidence(openEvidence(folder), change)
      await t.rejects(verify(changed), { code: 'log-invalid' }, name)
    }
  })

  t.test('continues under the next key where it is given, with the entry that names it the last before', async t => {
    const { ledger, folder } = await openLedger(t, { sealer: 'entry-sealer' })
    const next = verifierKeyOf(nextLogKey)
    const event = { type: 'admin', at, action: ROTATION, subject: next, by: 'operator' } as const
    const few = (from: number) => Array.from({ length: 20 }, (_, i) => accept(ledger, `doc${from + i}`))
    const begun = few(0)
    const rotated = ledger.rotateKey(event, next, nextLogKey)
    await Promise.all([...begun, ...few(20), rotated])
    await accept(ledger, 'last')
    t.match(await verify(openEvidence(folder), `${verifierKey}\n${next}`), { head: { size: 42 }, documents: 41 })
    const note = String(await ledger.log.checkpoint())
    t.equal(openCheckpoint(note, parseVerifierKey(next)).size, 42)
  })

  t.test('takes nothing after its key was replaced, and verifies with both keys', async t => {
    const { ledger, folder } = await openLedger(t, { sealer: 'entry-sealer' })
    await accept(ledger, 'doc1')
    const next = verifierKeyOf(nextLogKey)
    const event = { type: 'admin', at, action: ROTATION, subject: next, by: 'operator' } as const
    t.equal(await ledger.rotateKey(event, next), 1)
    await t.rejects(accept(ledger, 'doc2'), { code: 'storage-unavailable', detail: /the key of the log was replaced/ })
    await t.rejects(ledger.moveCursor('inbox', 0), { code: 'storage-unavailable' })
    t.equal(await ledger.log.size(), 2)
    t.match(await verify(openEvidence(folder), `${verifierKey}\n${next}`), { head: { size: 2 }, documents: 1 })
    await t.rejects(verify(openEvidence(folder)), { code: 'log-invalid', detail: /has no line in log\.pub/ })
  })

  t.test('is read by anybody while it is open, and before it ever was', async t => {
    const { ledger, folder } = await openLedger(t)
    const reader = openReader(folder)
    t.teardown(() => reader.close())
    t.same(await collect(reader.list()), [])
    await accept(ledger, 'doc1')
    const { document, bytes } = makeSample('doc1')
    t.same(await reader.find(sender, 'doc1'), keptOf(document, 0))
    t.same(await readBytes(reader, sender, 'doc1'), bytes)
    t.equal(await reader.log.size(), 1)
    const nowhere = openReader(join(folder, 'nowhere'))
    t.same(await collect(nowhere.list()), [])
    await nowhere.close()
  })

  t.test('who writes alone does what only one may do', async t => {
    const { ledger } = await openLedger(t)
    const lease = await ledger.lease('hand-off')
    t.match(lease, { task: 'hand-off', number: Number })
    t.same(await ledger.lease('hand-off'), lease)
    await ledger.moveCursor('inbox', 3, lease)
    t.equal(await ledger.cursor('inbox'), 3)
  })

  t.test('opens for one at a time', async t => {
    const { ledger, folder } = await openLedger(t)
    await t.rejects(open(folder), { code: 'storage-unavailable', detail: /another process is using it/ })
    await ledger.close()
    await (await open(folder)).close()
  })

  t.test('refuses at once what does not fit into its queue, and takes the rest', async t => {
    const { ledger } = await openLedger(t, { queue: 4 })
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => accept(ledger, `doc${i}`)))
    const refused = outcomes
      .filter(outcome => outcome.status === 'rejected')
      .map(({ reason }) => (reason as Fault).code)
    t.same(refused, Array(6).fill('overloaded'))
    t.equal((await collect(ledger.list())).length, 4)
    t.equal((await accept(ledger, 'doc9')).replay, false, 'and continues after that')
  })

  t.test('close waits for what is under way, and nothing is taken after it', async t => {
    const { ledger, folder } = await openLedger(t)
    const staged = await Promise.all(
      [sampleOf('doc1', 3000), sampleOf('large', LARGE)].map(async ({ document, bytes }) => {
        const staging = ledger.stage()
        await staging.write(bytes)
        return { document, staging }
      }),
    )
    const acceptances = staged.map(({ document, staging }) => ledger.accept(document, staging))
    const closing = ledger.close()
    for (const { replay } of await Promise.all(acceptances)) t.equal(replay, false)
    await closing
    await ledger.close()
    await t.rejects(accept(ledger, 'doc2'), { code: 'storage-unavailable' })
    const reader = openReader(folder)
    t.teardown(() => reader.close())
    t.same((await collect(reader.list())).map(({ id }) => id).sort(), ['doc1', 'large'])
  })

  async function openLedger(t: Test, options?: OpenOptions) {
    const folder = await makeFolder(t)
    const ledger = await open(folder, options)
    t.teardown(() => ledger.close())
    return { ledger, folder }
  }
}

function accept(ledger: Ledger, id: string, size = 3000) {
  const { document, bytes } = sampleOf(id, size)
  return acceptBytes(ledger, document, bytes)
}

async function verify(evidence: Evidence, logPub = verifierKey): Promise<VerifiedLedger> {
  const verifying = verifyLedger(evidence, logPub, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

/** One thing that is shown otherwise, in each part of the port. */
const changes = {
  'the end': { extent: extent => ({ ...extent, size: 1 }) },
  'a document without its entry': {
    extent: extent => ({ ...extent, documents: [{ table: 'documents', first: 0, end: 1000 }] }),
  },
  'an entry that is missing': { entries: entries => entries.slice(1) },
  'a sender': { entries: first(entry => ({ ...entry, sender: 'B', from_sender: 'B' })) },
  'a digest': { entries: first(entry => ({ ...entry, sha256: 'x' })) },
  'octets in two places': { entries: first(entry => ({ ...entry, contents: ['a', 'b'] })) },
  'no octets': { content: () => () => [] },
  'another receipt': { receipt: () => Buffer.from('{}') },
  'no receipt': { receipt: () => undefined },
  'another certificate': { certificate: () => Buffer.from('another') },
  'another tile': { tile: tile => tile && { ...tile, root: Buffer.alloc(32) } },
  'no tile': { tile: () => undefined },
  'no checkpoint': { checkpoint: () => undefined },
  'a checkpoint that is another': { checkpoints: all => all.map(one => ({ ...one, note: 'none' })) },
  'the way to another document': { find: found => found && { ...found, index: 999 } },
  'a nonce twice': { sharedNonce: () => ({ first: 1, last: 2 }) },
  'a later key': { logKeys: keys => [...keys, { from: 1000, verifierKey: verifierKeyOf(nextLogKey) }] },
} satisfies Record<string, Change>

type Change = { [Part in keyof Evidence]?: (found: Awaited<ReturnType<Evidence[Part]>>) => unknown }

/** The first entry that has a document. */
function first(change: (entry: StoredEntry) => StoredEntry): NonNullable<Change['entries']> {
  return entries => entries.map(entry => (entry.leaf_index === 1 ? change(entry) : entry))
}

function changeEvidence(evidence: Evidence, change: Change): Evidence {
  return new Proxy(evidence, {
    get(_, part: keyof Evidence) {
      const ask = evidence[part].bind(evidence) as (...question: unknown[]) => Promise<never>
      const answer = change[part] ?? ((found: unknown) => found)
      return async (...question: unknown[]) => answer(await ask(...question))
    },
  })
}

/** Of that very size, which may be too small for the sample's own text. */
function sampleOf(id: string, size: number, salt = '') {
  const { document, bytes } = makeSample(id, { size: Math.max(size, 500), salt })
  if (size >= bytes.length) return { document, bytes, receipt: receiptOf(document) }
  const cut = bytes.subarray(0, size)
  const changed = { ...document, bytes: size, sha256: createHash('sha256').update(cut).digest('hex') }
  return { document: changed, bytes: cut, receipt: receiptOf(changed) }
}

function receiptOf({ id, sha256 }: Pick<AcceptedDocument, 'id' | 'sha256'>): Buffer {
  return Buffer.from(`<receipt for="${id}">${sha256}</receipt>`)
}

function idAndIndex({ id, index }: AcceptedDocument): readonly [string, number] {
  return [id, index]
}

async function events(ledger: Ledger) {
  return Promise.all(Array.from({ length: await ledger.log.size() }, (_, index) => ledger.event(index)))
}

async function leavesOf(ledger: Ledger): Promise<Buffer[]> {
  const size = await ledger.log.size()
  const leaves: Buffer[] = []
  for (let index = 0; index * 256 < size; index++) {
    let bundle = (await ledger.log.entries(index, Math.min(256, size - index * 256)))!
    for (; bundle.length > 0; bundle = bundle.subarray(2 + bundle.readUInt16BE()))
      leaves.push(bundle.subarray(2, 2 + bundle.readUInt16BE()))
  }
  return leaves
}

/** RFC 6962 2.1, as it stands there. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 1) return hashes[0]!
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  const [left, right] = [rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half))]
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest()
}
