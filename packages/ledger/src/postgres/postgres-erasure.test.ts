// Facts that were erased, as docs/high-availability.md says how: the tree stays whole, and nothing
// of them is left in the tables' files.
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROTATION } from '../log/log-keys.ts'
import { openEvidence } from '../stores.ts'
import { checkReceipt, checks } from '../testing/entry-sealer.ts'
import { type Node, openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeSample, sender } from '../testing/sample-documents.ts'
import { acceptBytes, verifierKey } from '../testing/test-log.ts'
import { type VerifiedLedger, verifyLedger } from '../verification/verify-ledger.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const at = '2026-01-02T03:04:05.678Z'
const page = readFileSync(new URL('../../../../docs/high-availability.md', import.meta.url), 'utf8')
const statements = /```sql\n(.*?)```/s.exec(page)![1]!.trim().split(/;\n?/).filter(Boolean)

async function verify({ folder }: Node): Promise<VerifiedLedger> {
  const verifying = verifyLedger(openEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

/** The entries that it erased. */
async function erase(database: string, index: number): Promise<unknown[]> {
  const rows: unknown[] = []
  for (const statement of statements)
    rows.push(...(await server.ask(database, statement.replaceAll(':index', String(index)))))
  return rows
}

t.test('leaves the tree whole, is counted, and leaves no octets behind', async t => {
  const url = await server.makeDatabase()
  const database = /seg\d+/.exec(url)![0]
  const node = await openNode(t, url)
  const { ledger } = node
  const samples = [makeSample('small'), makeSample('large', { size: 300_000 })]
  for (const { document, bytes } of samples) await acceptBytes(ledger, document, bytes)
  await ledger.record({ type: 'stop', at })
  const { head } = await verify(node)
  const found = (await ledger.find(sender, 'small'))!
  const { nonce } = checkReceipt((await ledger.receipt(sender, 'small'))!, found).opening!
  const isThere = (octets: Buffer) =>
    globSync(join(server.socket, 'data/base/*/*')).some(
      path => statSync(path).isFile() && readFileSync(path).includes(octets),
    )
  await server.ask(database, 'CHECKPOINT')
  t.ok(isThere(nonce), 'before, it is')
  for (const index of [0, 1]) {
    t.match(await erase(database, index), [{ leaf_index: String(index) }])
    t.match(await verify(node), { head, erased: index + 1 }, `entry ${index}`)
  }
  t.equal(await ledger.find(sender, 'small'), undefined)
  for (const octets of [nonce, ...samples.map(({ bytes }) => bytes.subarray(0, 100))]) t.notOk(isThere(octets))
  const { document, bytes } = samples[0]!
  t.match(await acceptBytes(ledger, document, bytes), { index: 3, replay: false }, 'sent again, it is a new document')
})

t.test('an entry that names a key of the log is not erased', async t => {
  const url = await server.makeDatabase()
  const { ledger } = await openNode(t, url)
  await ledger.rotateKey({ type: 'admin', at, action: ROTATION, subject: verifierKey, by: 'x' }, verifierKey)
  t.same(await erase(/seg\d+/.exec(url)![0], 0), [])
})
