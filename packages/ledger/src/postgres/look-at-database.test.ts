// What `diagnose` says of a database, which is what a start would say.
import t from 'tap'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { lookAtDatabase } from './look-at-database.ts'
import { parsePostgresPlace } from './postgres-place.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const look = (url: string) => lookAtDatabase(parsePostgresPlace(url, undefined))

t.test('names the server, and warns when it is the only one', async t => {
  t.match(await look(server.urlOf('postgres')), {
    found: /^PostgreSQL .*, database postgres, standbys=0$/,
    warning: /waits for no standby/,
    command: /^pg_isready -d '?host=/,
  })
})

t.test('fails as a start would, with a command', async t => {
  const one = `${server.urlOf('postgres')}&standbys=1`
  const command = /^pg_isready/
  await t.rejects(look(one), { code: 'configuration', detail: /synchronous_standby_names = ''/, command })
  await server.set("synchronous_standby_names = 'ANY 1 (elsewhere)'")
  await t.rejects(look(one), { code: 'storage-unavailable', detail: /cannot commit with standbys=1:/, command })
  await server.stop('SIGQUIT')
  await t.rejects(look(one), { code: 'storage-unavailable', detail: /cannot connect/, command })
})
