// The ledger on PostgreSQL keeps the whole contract, on a real server.
import t from 'tap'
import { openEvidence, openLedger, openLedgerReader } from '../stores.ts'
import { testLedger } from '../testing/ledger-contract.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import { logKey } from '../testing/test-log.ts'

const server = await PostgresServer.start(t)
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

type Sealing = 'plain-sealer' | 'entry-sealer'

function open(folder: string, ledger: string, { sealer = 'plain-sealer', ...options }: { sealer?: Sealing } = {}) {
  const module = new URL(`../testing/${sealer}.ts`, import.meta.url).href
  const address = { ledger, password: undefined }
  return openLedger(folder, { log: logKey, sealer: { module, data: undefined }, address, ...options })
}

await server.prepare(async url => open(await makeFolder(t), url))

/** The database of a folder. */
const databases = new Map<string, Promise<string>>()

testLedger(t, {
  async open(folder, options) {
    const ledger = databases.get(folder) ?? server.makeDatabase()
    databases.set(folder, ledger)
    return open(folder, await ledger, options)
  },
  openReader: openLedgerReader,
  openEvidence,
})
