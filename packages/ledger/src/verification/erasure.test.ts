// Facts that were erased, as docs/log.md says how: the tree stays whole, what was erased is
// counted, and nothing else passes for it.
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { ROTATION } from '../log/log-keys.ts'
import { openSqliteEvidence } from '../sqlite/evidence.ts'
import { LEDGER_FILE } from '../sqlite/schema.ts'
import { openSqliteReader } from '../sqlite/sqlite-ledger.ts'
import { checkReceipt, checks } from '../testing/entry-sealer.ts'
import { collect, makeFolder, makeSample, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, verifierKey } from '../testing/test-log.ts'
import { type VerifiedLedger, verifyLedger } from './verify-ledger.ts'

const at = '2026-01-02T03:04:05.678Z'
/** Entries of what is made below. */
const [START, SMALL, LARGE, CONFLICT, REFUSED] = [0, 1, 2, 3, 4]

/** The statements of the page, as they stand there. */
const page = await readFile(new URL('../../../../docs/log.md', import.meta.url), 'utf8')
const statements = /```sql\n(.*?)```/s.exec(page)![1]!

async function makeErasable(t: Test): Promise<string> {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  await ledger.record({ type: 'start', at, version: '0.1.0' })
  await accept(ledger, 'small')
  await accept(ledger, 'large', { size: 300_000 })
  await accept(ledger, 'small', { salt: 'other' }).catch(() => {})
  await ledger.record({ type: 'refused', at, sender, code: 'signature-digest', sha256: null })
  await ledger.close()
  return folder
}

function accept(ledger: Ledger, id: string, options: { readonly size?: number; readonly salt?: string } = {}) {
  const { document, bytes } = makeSample(id, options)
  return acceptBytes(ledger, document, bytes)
}

/** Returns the file of a large document, which goes too. */
async function erase(folder: string, index: number, sql = statements): Promise<void> {
  const database = new DatabaseSync(join(folder, LEDGER_FILE))
  const file = database.prepare('SELECT name FROM content_files WHERE leaf_index = ?').get(index)?.name
  database.exec(sql.replaceAll(':index', String(index)))
  database.close()
  if (typeof file === 'string') await unlink(join(folder, 'contents', file))
}

async function verify(folder: string): Promise<VerifiedLedger> {
  const verifying = verifyLedger(openSqliteEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

t.test('leaves the tree whole and is counted, for each kind of entry', async t => {
  const folder = await makeErasable(t)
  const { head } = await verify(folder)
  let erased = 0
  for (const index of [SMALL, LARGE, CONFLICT, REFUSED, START]) {
    await erase(folder, index)
    t.match(await verify(folder), { head, erased: ++erased }, `entry ${index}`)
  }
  t.match(await verify(folder), { head, documents: 0, erased: 5 })
})

t.test('nothing of the document is left, and the receipt that its sender has still proves the entry', async t => {
  const folder = await makeErasable(t)
  const before = openSqliteReader(folder)
  const document = (await before.find(sender, 'small'))!
  const receipt = (await before.receipt(sender, 'small'))!
  const leaf = await before.log.entries(0, SMALL + 1)
  await before.close()
  const { nonce } = checkReceipt(receipt, document).opening!
  await erase(folder, SMALL)
  const reader = openSqliteReader(folder)
  t.equal(await reader.find(sender, 'small'), undefined)
  t.equal(await reader.receipt(sender, 'small'), undefined)
  t.equal(await reader.read(sender, 'small'), undefined)
  t.equal(await reader.event(SMALL), undefined)
  t.equal((await collect(reader.list())).length, 1)
  t.ok((await reader.log.entries(0, SMALL + 1))?.equals(leaf!), 'the entry is served as it was')
  await reader.close()
  const octets = await readFile(join(folder, LEDGER_FILE))
  t.notOk(octets.includes(nonce), 'not even in pages that are free')
  t.notOk(octets.includes(makeSample('small').bytes.subarray(0, 100)))
})

t.test('no copy is left of what has moved between pages before it was erased', async t => {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  const samples = Array.from({ length: 60 }, (_, i) => makeSample(`doc-${i}`, { size: 200 + 61 * i }))
  for (const { document, bytes } of samples) await acceptBytes(ledger, document, bytes)
  await ledger.close()
  for (let index = 0; index < samples.length; index += 3) await erase(folder, index)
  const octets = await readFile(join(folder, LEDGER_FILE))
  for (const [index, { bytes }] of samples.entries())
    t.equal(octets.includes(bytes.subarray(-150)), index % 3 !== 0, `document ${index}`)
})

t.test('a ledger continues after it, and its conflicts with what was erased stay', async t => {
  const folder = await makeErasable(t)
  await erase(folder, SMALL)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  t.match(await accept(ledger, 'small'), { replay: false }, 'what is not known any more is new')
  await ledger.close()
  t.match(await verify(folder), { documents: 2, erased: 1 })
})

t.test('an entry that names a key of the log, or shows its facts, is not erased', async t => {
  const folder = await makeErasable(t)
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  const rotation = { type: 'admin', at, action: ROTATION, subject: verifierKey, by: 'x' } as const
  const rotated = await ledger.rotateKey(rotation, verifierKey)
  await ledger.close()
  const kept = readRow(folder, rotated)
  await t.rejects(erase(folder, rotated), /not erased: .*names a key of the log/)
  t.same(readRow(folder, rotated), kept)
  const database = new DatabaseSync(join(folder, LEDGER_FILE))
  database.exec(`UPDATE transactions SET facts = NULL, nonce = NULL WHERE leaf_index = ${SMALL}`)
  database.close()
  await t.rejects(erase(folder, SMALL), /not erased: an entry of version 1/)
  const reader = openSqliteReader(folder)
  t.ok(await reader.receipt(sender, 'small'), 'and what belongs to it is still there')
  await reader.close()
})

function readRow(folder: string, index: number) {
  const database = new DatabaseSync(join(folder, LEDGER_FILE), { readOnly: true })
  const row = database.prepare('SELECT * FROM transactions WHERE leaf_index = ?').get(index)
  database.close()
  return row
}

t.test('what is only missing is not erased, and what is erased has nothing left', async t => {
  const changes: Record<string, string> = {
    'no time of erasure': `UPDATE transactions SET facts = NULL, nonce = NULL WHERE leaf_index = ${REFUSED}`,
    'the nonce alone': `UPDATE transactions SET nonce = NULL, erased_at = '${at}' WHERE leaf_index = ${REFUSED}`,
    'a time that is none': statements.replaceAll(':index', String(REFUSED)).replace(/strftime\(.*?\)/, "'today'"),
    'a time of erasure beside facts': `UPDATE transactions SET erased_at = '${at}' WHERE leaf_index = ${REFUSED}`,
    'facts of a document that is still there':
      'UPDATE transactions SET facts = NULL, nonce = NULL, sender = NULL, ' +
      `document_id = NULL, code = NULL, erased_at = '${at}' WHERE leaf_index = ${SMALL}`,
  }
  for (const [what, sql] of Object.entries(changes)) {
    const folder = await makeErasable(t)
    const database = new DatabaseSync(join(folder, LEDGER_FILE))
    database.exec(sql)
    database.close()
    await t.rejects(verify(folder), { code: 'log-invalid', detail: /^entry \d/ }, what)
  }
})
