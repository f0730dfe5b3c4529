// Settings of a server that could lose what it commits: each keeps a receiver from starting, with
// its name and what is expected.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { openLedger } from '../stores.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import { logKey } from '../testing/test-log.ts'
import { checkLasting } from './server-settings.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const module = new URL('../testing/plain-sealer.ts', import.meta.url).href
const folder = await makeFolder(t)
const open = (ledger: string) =>
  openLedger(folder, { log: logKey, sealer: { module, data: undefined }, address: { ledger, password: undefined } })
const refused = (detail: RegExp) => ({ code: 'configuration', detail })

t.test('a setting of the server', async t => {
  const url = await server.makeDatabase()
  for (const [setting, normal, detail] of [
    ['fsync = off', 'fsync = on', /has fsync = 'off', expected on/],
    ['full_page_writes = off', 'full_page_writes = on', /has full_page_writes = 'off', expected on/],
  ] as const) {
    await server.set(setting)
    await t.rejects(open(url), refused(detail), setting)
    await server.set(normal)
  }
})

t.test('standbys that are expected, and not named', async t => {
  const url = `${await server.makeDatabase()}&standbys=2`
  for (const names of ['', '*', 'ANY 2 (*)', 'ANY 1 (one, two)', 'one']) {
    await server.set(`synchronous_standby_names = '${names}'`)
    await t.rejects(open(url), refused(/expected ANY n \(…\) or FIRST n/), names)
  }
  await server.set("synchronous_standby_names = ''")
})

t.test('a setting of the database', async t => {
  for (const [setting, detail] of [
    ['default_transaction_read_only = on', /transaction_read_only = 'on'/],
    ["default_transaction_isolation = 'serializable'", /default_transaction_isolation = 'serializable'/],
    ['zero_damaged_pages = on', /zero_damaged_pages = 'on'/],
    ['ignore_checksum_failure = on', /ignore_checksum_failure = 'on'/],
  ] as const) {
    const url = await server.makeDatabase()
    await server.ask('postgres', `ALTER DATABASE ${/seg\d+/.exec(url)![0]} SET ${setting}`)
    await t.rejects(open(url), refused(detail), setting)
  }
  await server.ask('postgres', "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
  await t.rejects(open(server.urlOf('ascii')), refused(/server_encoding = 'SQL_ASCII', expected UTF8/))
})

t.test('a server without checksums of its pages', async t => {
  const bare = (await PostgresServer.start(t, undefined, { checksums: false }))!
  await t.rejects(open(bare.urlOf('postgres')), refused(/has data_checksums = 'off', expected on/))
})

t.test('a schema in which others may make functions', async t => {
  const url = await server.makeDatabase()
  const database = /seg\d+/.exec(url)![0]
  await server.ask(database, 'CREATE SCHEMA seg; GRANT CREATE ON SCHEMA seg TO PUBLIC')
  await t.rejects(open(url), refused(/schema_creators = 'PUBLIC'.*REVOKE CREATE ON SCHEMA seg/))
  await server.ask(database, 'REVOKE CREATE ON SCHEMA seg FROM PUBLIC')
  await (await open(url)).close()
})

t.test('a database or a user that is not there, and no server', async t => {
  await t.rejects(open(server.urlOf('nowhere')), refused(/3D000/))
  await t.rejects(open(server.urlOf('postgres').replace('postgres@', 'nobody@')), refused(/28000/))
  const elsewhere = `postgres://seg@/seg?host=${folder}`
  await t.rejects(open(elsewhere), { code: 'storage-unavailable', detail: /cannot connect to PostgreSQL at/ })
})

t.test('a server that is not the one that its certificate must name', async t => {
  const url = await server.makeDatabase()
  const [own, other] = ['own', 'other'].map(name => makeCertificate(folder, name)) as [string, string]
  await server.useCertificate(own)
  const at = (host: string, ca: string) =>
    `postgres://postgres@${host}:${server.port}/${/seg\d+/.exec(url)![0]}?ca=${ca}.crt`
  const untrusted = { code: 'storage-unavailable', detail: /self-signed certificate/ }
  await t.rejects(open(at('localhost', other)), untrusted, 'another CA')
  await t.rejects(open(at('127.0.0.1', own)), { code: 'storage-unavailable', detail: /altnames/ }, 'another name')
  const ledger = await open(at('localhost', own))
  const encrypted = 'SELECT COUNT(*) AS count FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl'
  await ledger.record({ type: 'stop', at: '2026-01-02T03:04:05.678Z' })
  t.match(await server.ask('postgres', encrypted), [{ count: /[1-9]/ }])
  await ledger.close()
})

t.test('the same is asked again in each transaction', async t => {
  const good = {
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    synchronous_standby_names: 'ANY 1 (one, two)',
  }
  for (const names of ['ANY 1 (one, two)', 'FIRST 1 (one)', '1 (one, two)', 'one', '"pg-1"', 'one, two'])
    t.doesNotThrow(() => checkLasting({ ...good, synchronous_standby_names: names }, 1), names)
  t.throws(() => checkLasting({ ...good, synchronous_standby_names: 'one, two' }, 2), 'names alone are one standby')
  for (const [name, value] of [
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['synchronous_commit', 'local'],
    ['synchronous_standby_names', ''],
    ['synchronous_standby_names', 'ANY 1 (one, "*")'],
    ['synchronous_standby_names', '"*"'],
    ['synchronous_standby_names', 'one, *'],
    ['synchronous_standby_names', 'ANY 1 (one'],
  ] as const)
    t.throws(() => checkLasting({ ...good, [name]: value }, 1), { code: 'storage-unavailable', detail: name })
})

/** For localhost, signed by itself. */
function makeCertificate(place: string, name: string): string {
  const path = join(place, name)
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-keyout', `${path}.key`, '-out', `${path}.crt`]
  const { status, stderr } = spawnSync('openssl', ['req', ...form, ...names, ...files])
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
  return path
}
