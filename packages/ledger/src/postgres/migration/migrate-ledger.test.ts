// A ledger moves from SQLite to PostgreSQL whole, also in several runs, and goes on there.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { moveLedger, moveLedgerBack, openEvidence, openLedger, openLedgerReader } from '../../stores.ts'
import { checks } from '../../testing/entry-sealer.ts'
import { MISSING, PostgresServer } from '../../testing/postgres-server.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../../testing/sample-documents.ts'
import { openTestLedger } from '../../testing/test-ledger.ts'
import { acceptBytes, logKey, verifierKey } from '../../testing/test-log.ts'
import { verifyLedger } from '../../verification/verify-ledger.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const at = '2026-01-02T03:04:05.678Z'
const options = {
  log: logKey,
  sealer: { module: new URL('../../testing/entry-sealer.ts', import.meta.url).href, data: undefined },
}

async function makeUsed(folder: string): Promise<void> {
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  await ledger.record({ type: 'start', at, version: '1' })
  const samples = Array.from({ length: 600 }, (_, i) => makeSample(`doc${i}`, { size: i === 300 ? 1_500_000 : 500 }))
  await Promise.all(samples.map(({ document, bytes }) => acceptBytes(ledger, document, bytes)))
  const other = makeSample('doc1', { salt: 'other' })
  await t.rejects(acceptBytes(ledger, other.document, other.bytes), { code: 'document-id-conflict' })
  await ledger.giveUp('webhook A', 7, at, 'no')
  await ledger.moveCursor('inbox', 20)
  await ledger.close()
}

async function verify(folder: string) {
  const verifying = verifyLedger(openEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

t.test('with the same root, documents and receipts, also when a run was cut off', async t => {
  const folder = await makeFolder(t)
  await makeUsed(folder)
  const [before, note] = [await verify(folder), await lastNote(folder)]
  const former = await readFile(join(folder, 'ledger.sqlite'))
  const address = { ledger: await server.makeDatabase(), password: undefined }
  const cutOff = moveLedger(folder, address, () => {
    throw new Error('cut off')
  })
  await t.rejects(cutOff, /cut off/)
  t.equal(await lastNote(folder), note, 'the folder has its ledger as before')
  const elsewhere = await makeFolder(t)
  const unfinished = { code: 'configuration', detail: /not all of it is there/ }
  await t.rejects(openLedger(elsewhere, { ...options, address }), unfinished, 'no receiver starts with a part')

  const steps: number[] = []
  const { size, root } = await moveLedger(folder, address, ({ entries }) => steps.push(entries))
  t.same(steps, [512, size], 'what was copied is not copied again')
  t.ok(root.equals(before.head.root))
  t.same(await verify(folder), before, 'and verifies, by the same folder')
  t.equal(await lastNote(folder), note)
  const another = { ledger: await server.makeDatabase(), password: undefined }
  await t.rejects(
    moveLedger(folder, another, () => {}),
    { code: 'configuration', detail: /was copied to .* before/ },
  )
  t.ok(former.equals(await readFile(join(folder, 'ledger.sqlite'))), 'what was in the folder is as it was')

  const ledger = await openLedger(folder, options)
  t.teardown(() => ledger.close())
  for (const id of ['doc0', 'doc300']) {
    const { document, bytes } = makeSample(id, { size: id === 'doc300' ? 1_500_000 : 500 })
    t.ok((await readBytes(ledger, sender, id))?.equals(bytes))
    t.match(await acceptBytes(ledger, document, bytes), { replay: true, receipt: await ledger.receipt(sender, id) })
  }
  t.same([await ledger.cursor('inbox'), (await collect(ledger.deadLetters())).length], [20, 1])
  t.equal(await ledger.record({ type: 'start', at, version: '1' }), size, 'its log goes on')
  t.match(await verify(folder), { head: { size: size + 1 }, documents: before.documents })
})

t.test('and back, with the same root, also when a run was cut off; nothing is continued in both places', async t => {
  const [folder, back] = [await makeFolder(t), join(await makeFolder(t), 'back')]
  await makeUsed(folder)
  const before = await verify(folder)
  const address = { ledger: await server.makeDatabase(), password: undefined }
  await moveLedger(folder, address, () => {})
  const node = await openLedger(await makeFolder(t), { ...options, address })
  t.teardown(() => node.close())
  await t.rejects(
    moveLedgerBack(address, back, () => {
      throw new Error('cut off')
    }),
    /cut off/,
  )
  await t.rejects(openLedger(back, options), { code: 'configuration', detail: /has lost its database/ })
  t.equal(await node.record({ type: 'start', at, version: '1' }), before.head.size, 'until then it goes on there')
  const steps: number[] = []
  const atItsEnd = moveLedgerBack(
    address,
    back,
    ({ entries }) => steps.push(entries),
    async () => {
      throw new Error('cut off at its end')
    },
  )
  await t.rejects(atItsEnd, /cut off at its end/)
  await t.rejects(
    moveLedgerBack(address, join(await makeFolder(t), 'second'), () => {}),
    { code: 'configuration', detail: /was moved to another data folder/ },
    'no second copy of what has moved',
  )
  const { size } = await moveLedgerBack(address, back, ({ entries }) => steps.push(entries))
  t.same(steps, [512, size], 'what was copied is not copied again')
  t.equal(size, before.head.size + 1)
  await verify(back).then(found => t.match(found, { head: { size }, documents: before.documents }))
  const moved = { code: 'storage-unavailable', detail: /was moved to a data folder/ }
  await t.rejects(node.record({ type: 'stop', at }), moved, 'a receiver that runs enters nothing more')
  await t.rejects(openLedger(await makeFolder(t), { ...options, address }), moved, 'and none starts')
  await t.rejects(
    moveLedgerBack(address, back, () => {}),
    { code: 'configuration', detail: /found "?ledger\.sqlite/ },
  )
  t.notOk(
    (await readdir(back)).some(name => name.startsWith('.copying')),
    'nothing of the copying is left',
  )

  const ledger = await openLedger(back, options)
  t.teardown(() => ledger.close())
  for (const [id, length] of [
    ['doc0', 500],
    ['doc300', 1_500_000],
  ] as const) {
    const { document, bytes } = makeSample(id, { size: length })
    t.ok((await readBytes(ledger, sender, id))?.equals(bytes))
    t.match(await acceptBytes(ledger, document, bytes), { replay: true, receipt: await ledger.receipt(sender, id) })
  }
  t.same([await ledger.cursor('inbox'), (await collect(ledger.deadLetters())).length], [20, 1])
  t.equal(await ledger.record({ type: 'start', at, version: '1' }), size, 'its log goes on')
  t.match(await verify(back), { head: { size: size + 1 }, documents: before.documents })
})

t.test('into an empty database alone, and not while its receiver runs', async t => {
  const [folder, other] = [await makeFolder(t), await makeFolder(t)]
  const ledger = await server.makeDatabase()
  const address = { ledger, password: undefined }
  const used = await openLedger(other, { ...options, address })
  await used.record({ type: 'start', at, version: '1' })
  await used.close()
  const running = await openTestLedger(folder)
  await running.record({ type: 'start', at, version: '1' })
  await t.rejects(
    moveLedger(folder, address, () => {}),
    { code: 'storage-unavailable', detail: /another process is using it/ },
  )
  await running.close()
  await t.rejects(
    moveLedger(folder, address, () => {}),
    { code: 'configuration', detail: /has a ledger of 1 entry,/ },
  )
  await t.rejects(
    moveLedger(other, address, () => {}),
    { code: 'configuration' },
  )
})

async function lastNote(folder: string): Promise<string | undefined> {
  const reader = openLedgerReader(folder)
  return reader.log.checkpoint().finally(() => reader.close())
}
