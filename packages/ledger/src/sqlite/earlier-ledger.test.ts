// A ledger of the versions before blinded entries and kept certificates: it is read as it is, goes
// on in the new version, and stays verifiable.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openCheckpointSigner } from '../log/checkpoint.ts'
import { writeEntry } from '../log/leaf.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'
import { checks } from '../testing/entry-sealer.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, logKey, verifierKey } from '../testing/test-log.ts'
import { type VerifiedLedger, verifyLedger } from '../verification/verify-ledger.ts'
import { openDatabase } from './database.ts'
import { openSqliteEvidence } from './evidence.ts'
import { LEDGER_FILE, migrations } from './schema.ts'
import { openSqliteReader } from './sqlite-ledger.ts'

const at = '2026-01-02T03:04:05.678Z'
const DOCUMENTS = 5

/** What the version before wrote for these: its schema, its leaves, its receipts. */
async function makeEarlierLedger(t: Test): Promise<string> {
  const folder = await makeFolder(t)
  const before = Object.entries(migrations).filter(([name]) => name < '0003')
  const database = await openDatabase(join(folder, LEDGER_FILE), Object.fromEntries(before))
  const tree = new LogTree(() => Buffer.alloc(0))
  const append = (leaf: string, columns: readonly (string | null)[]) => {
    const index = tree.size
    database.prepare('INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?)').run(index, ...columns, Buffer.from(leaf))
    tree.append(hashLeaf(Buffer.from(leaf)))
    const checkpoint = openCheckpointSigner(logKey)(tree.head)
    database.prepare('INSERT INTO checkpoints VALUES (?, ?)').run(tree.size, checkpoint)
    return { index, treeSize: tree.size, proof: tree.proveInclusion(index, tree.size), checkpoint }
  }
  append(`{"v":1,"type":"start","at":"${at}","version":"0.1.0"}`, [at, 'start', null, null, null])
  for (let i = 0; i < DOCUMENTS; i++) {
    const { document, bytes } = makeSample(`old${i}`)
    const { chain: _, id, acceptedAt, sha256, referenceDigest } = document
    const digest = Buffer.from(sha256, 'hex').toString('base64')
    const leaf =
      `{"v":1,"type":"accepted","at":"${acceptedAt}","sender":"${sender}","document":"${id}",` +
      `"bytes":${bytes.length},"sha256":"${digest}","reference":"${referenceDigest}"}`
    const { index, proof, ...place } = append(leaf, [acceptedAt, 'accepted', sender, id, null])
    database
      .prepare('INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(index, sender, id, acceptedAt, bytes.length, sha256, referenceDigest)
    database.prepare('INSERT INTO contents VALUES (?, ?)').run(index, bytes)
    const [base64Leaf, hashes] = [Buffer.from(leaf).toString('base64'), proof.map(hash => hash.toString('base64'))]
    const receipt = JSON.stringify({ sender, id, sha256, index, ...place, leaf: base64Leaf, proof: hashes })
    database.prepare('INSERT INTO receipts VALUES (?, ?)').run(index, Buffer.from(receipt))
  }
  database.close()
  return folder
}

async function verify(folder: string): Promise<VerifiedLedger> {
  const verifying = verifyLedger(openSqliteEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

t.test('is listed, exported and verified before a receiver has opened it, and stays as it is', async t => {
  const folder = await makeEarlierLedger(t)
  const reader = openSqliteReader(folder)
  t.equal((await collect(reader.list())).length, DOCUMENTS)
  t.same(await readBytes(reader, sender, 'old1'), makeSample('old1').bytes)
  t.equal(await reader.chain(sender, 'old1'), undefined)
  t.match(await reader.event(1), { type: 'accepted', document: 'old0', certificate: null })
  t.same(await collect(reader.deadLetters()), [])
  await reader.close()
  t.match(await verify(folder), { documents: DOCUMENTS, withoutCertificate: DOCUMENTS, erased: 0 })
  const database = new DatabaseSync(join(folder, LEDGER_FILE), { readOnly: true })
  t.same(database.prepare("SELECT name FROM sqlite_schema WHERE name IN ('chains', 'certificates')").all(), [])
  database.close()
})

t.test('continues in the new version: its entries stay, those after them are proven', async t => {
  const folder = await makeEarlierLedger(t)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  const leaves = await ledger.log.entries(0, DOCUMENTS + 1)
  const { document, bytes } = makeSample('new')
  await acceptBytes(ledger, document, bytes)
  const old = makeSample('old2')
  t.match(await acceptBytes(ledger, old.document, old.bytes), { replay: true }, 'what was accepted stays accepted')
  t.same(await ledger.log.entries(0, DOCUMENTS + 1), leaves)
  await ledger.close()
  t.match(await verify(folder), { documents: DOCUMENTS + 1, withoutCertificate: DOCUMENTS })
})

t.test('an entry of the version before, behind one of the new, is reported', async t => {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  await ledger.record({ type: 'start', at, version: '0.1.0' })
  await ledger.record({ type: 'stop', at })
  await ledger.close()
  const leaf = Buffer.from(`{"v":1,"type":"stop","at":"${at}"}`)
  const database = new DatabaseSync(join(folder, LEDGER_FILE))
  database.prepare('UPDATE transactions SET leaf = ?, facts = NULL, nonce = NULL WHERE leaf_index = 1').run(leaf)
  database.close()
  await t.rejects(verify(folder), {
    code: 'log-invalid',
    detail: 'entry 1 is of version 1, after entries of version 2',
  })
})

t.test('facts beside an entry that shows its own, and a certificate that it does not name, are reported', async t => {
  const { facts, nonce } = writeEntry({ type: 'stop', at }, randomBytes(32))
  const changes = [
    'UPDATE transactions ' +
      `SET facts = x'${facts.toString('hex')}', nonce = x'${nonce.toString('hex')}' WHERE leaf_index = 2`,
    `UPDATE transactions SET erased_at = '${at}' WHERE leaf_index = 2`,
    "INSERT INTO chains VALUES (1, 'x'); UPDATE documents SET chain = 1 WHERE leaf_index = 2",
    'UPDATE documents SET chain = 7 WHERE leaf_index = 2',
  ]
  for (const change of changes) {
    const folder = await makeEarlierLedger(t)
    await (await openTestLedger(folder, { sealer: 'entry-sealer' })).close()
    const database = new DatabaseSync(join(folder, LEDGER_FILE), { enableForeignKeyConstraints: false })
    database.exec(change)
    database.close()
    await t.rejects(verify(folder), { code: 'log-invalid', detail: /^entry 2/ }, change)
  }
})
