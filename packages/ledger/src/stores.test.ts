// A data folder has one ledger: its own, or the one that it names.
import { createRequire } from 'node:module'
import t from 'tap'
import { claimDataFolder } from './claim-data-folder.ts'
import { keepPlace } from './postgres/postgres-place.ts'
import { hasLedger, openLedger, openLedgerReader } from './stores.ts'
import { makeFolder } from './testing/sample-documents.ts'
import { openTestLedger } from './testing/test-ledger.ts'
import { logKey } from './testing/test-log.ts'

const options = {
  log: logKey,
  sealer: { module: new URL('./testing/plain-sealer.ts', import.meta.url).href, data: undefined },
}
const address = { ledger: 'postgres://seg@/seg?host=/nowhere', password: undefined }

t.test('a folder with a ledger of its own is given no other', async t => {
  const folder = await makeFolder(t)
  t.equal(hasLedger(folder), false)
  await (await openTestLedger(folder)).close()
  t.equal(hasLedger(folder), true)
  const refused = { code: 'configuration', detail: /has a ledger of its own \(ledger\.sqlite\)/ }
  await t.rejects(openLedger(folder, { ...options, address }), refused)
  const reader = openLedgerReader(folder)
  t.equal(await reader.log.size(), 0)
  await reader.close()
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  t.notOk(
    loaded.some(path => path.includes('/pg/')),
    'and nothing of PostgreSQL is loaded for it',
  )
})

t.test('a folder that names a database makes no ledger of its own', async t => {
  const folder = await makeFolder(t)
  await claimDataFolder(folder, 'receiver')
  await keepPlace(folder, address.ledger, undefined)
  t.equal(hasLedger(folder), true)
  const unreachable = { code: 'storage-unavailable', detail: /cannot connect to PostgreSQL at \/nowhere:5432/ }
  await t.rejects(openLedger(folder, options), unreachable)
  const reader = openLedgerReader(folder)
  await t.rejects(reader.log.size(), unreachable)
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  t.ok(loaded.some(path => path.includes('/pg/')))
  await reader.close()
})
