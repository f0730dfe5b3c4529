// What a session must be, whatever the role, the database or what lies between has made of it.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { connectToPrimary } from './connect.ts'
import { PostgresConnections } from './connections.ts'
import { parsePostgresPlace } from './postgres-place.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const at = '2026-01-02T03:04:05.678Z'

t.test('a pooler is refused: its sessions are not ours', async t => {
  const database = /seg\d+/.exec(await server.makeDatabase())![0]
  const through = async (change: Changes) => {
    const place = parsePostgresPlace(`postgres://postgres@127.0.0.1:${await pool(t, change)}/${database}`, undefined)
    return connectToPrimary(place, { purpose: 'test', session: { lock_timeout: '5s' } })
  }
  const refused = (what: string) => ({
    code: 'storage-unavailable',
    detail: new RegExp(`no PostgreSQL server but a pooler before one: expected ${what}`),
  })
  await t.rejects(through({ dropsOptions: true }), refused('search_path seg, found'), 'one that leaves settings out')
  await t.rejects(through({ hasOwnKeys: true }), refused('backend 77, found'), 'one with processes of its own')
  await (await through({})).close()
})

t.test('settings of a role do not reach it', async t => {
  const url = await server.makeDatabase()
  const database = /seg\d+/.exec(url)![0]
  for (const setting of [
    "bytea_output = 'escape'",
    'standard_conforming_strings = off',
    'array_nulls = off',
    "DateStyle = 'German'",
    "timezone = 'Asia/Kathmandu'",
    "client_min_messages = 'error'",
    "search_path = 'public'",
    "client_encoding = 'LATIN1'",
    "idle_in_transaction_session_timeout = '1ms'",
  ])
    await server.ask('postgres', `ALTER DATABASE ${database} SET ${setting}`)
  const { ledger } = await openNode(t, url)
  await ledger.record({ type: 'stop', at })
  await ledger.moveCursor('größer', 0)
  t.equal(await ledger.cursor('größer'), 0)
  t.match(await ledger.event(0), { type: 'stop' })
  t.match(await server.ask(database, 'SELECT sender FROM seg.transactions'), [{ sender: null }])
})

t.test('what is read has its standbys, also where the role commits without', async t => {
  const url = await server.makeDatabase()
  const database = /seg\d+/.exec(url)![0]
  await server.ask('postgres', `ALTER DATABASE ${database} SET synchronous_commit = off`)
  await server.set("synchronous_standby_names = 'ANY 1 (elsewhere)'")
  t.teardown(() => server.set("synchronous_standby_names = ''"))
  const place = parsePostgresPlace(`${url}&standbys=1`, undefined)
  const connections = new PostgresConnections(place, { purpose: 'verification' }, 1)
  await t.rejects(connections.rows('read', 'SELECT 1'), { code: 'storage-unavailable' })
})

type Changes = { readonly dropsOptions?: boolean; readonly hasOwnKeys?: boolean }

/** The port of what a pooler does to the beginning of a session (PostgreSQL, 55.7). */
async function pool(t: Test, { dropsOptions = false, hasOwnKeys = false }: Changes): Promise<number> {
  const listener = createServer(client => {
    const backend = connect(server.port, '127.0.0.1')
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy())
    client.once('data', first => {
      backend.write(dropsOptions ? withoutOptions(first) : first)
      client.pipe(backend)
    })
    backend.once('data', first => {
      const key = first.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
      if (hasOwnKeys) first.writeInt32BE(77, key + 5)
      client.write(first)
      backend.pipe(client)
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => listener.close())
  await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

function withoutOptions(startup: Buffer): Buffer {
  const fields = startup.toString('latin1', 8).split('\0')
  const at = fields.indexOf('options')
  const rest = Buffer.from(fields.toSpliced(at, 2).join('\0'), 'latin1')
  const head = Buffer.from(startup.subarray(0, 8))
  head.writeInt32BE(8 + rest.length)
  return Buffer.concat([head, rest])
}
