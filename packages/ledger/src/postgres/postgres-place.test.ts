// The address of a ledger, as the setting and the data folder have it.
import t from 'tap'
import { makeFolder } from '../testing/sample-documents.ts'
import { keepPlace, parsePostgresPlace, placeOfLedger } from './postgres-place.ts'

t.test('names hosts, user, database and standbys', async t => {
  const place = parsePostgresPlace('postgres://seg@a:5433,b,[::1]:1/ledger?standbys=2&ca=/etc/ca.pem', '/run/password')
  t.same(place, {
    hosts: [
      { name: 'a', port: 5433 },
      { name: 'b', port: 5432 },
      { name: '::1', port: 1 },
    ],
    user: 'seg',
    database: 'ledger',
    standbys: 2,
    ca: '/etc/ca.pem',
    password: '/run/password',
  })
  t.same(parsePostgresPlace('postgres://seg@/ledger?host=/run/pg', undefined).hosts, [{ name: '/run/pg', port: 5432 }])
})

t.test('refuses everything else, and repeats no password', async t => {
  const secret = 'correct-horse'
  for (const text of [
    `postgres://seg:${secret}@a/ledger`,
    `postgres://a/${secret}`,
    'postgres://seg@a/',
    'postgres://seg@/ledger',
    'postgres://seg@a:0/ledger',
    'postgres://seg@a,,b/ledger',
    'postgres://seg@a/ledger?standbys=-1',
    'postgres://seg@a/ledger?standbys=1&standbys=2',
    'postgres://seg@a/ledger?sslmode=disable',
    'postgres://seg@a/ledger?ca=ca.pem',
    'postgres://seg@a/led%20ger',
    'postgres://seg@a/%zz',
    'mysql://seg@a/ledger',
    'postgres://%zz@a/ledger',
    'postgres://seg@a/%',
    'postgres://seg@a/l%C3%A9',
    'postgres://seg%00@a/ledger',
    'postgres://seg@a/ledger?host=/run/pg',
    'postgres://seg@a/ledger?port=1',
    'postgres://seg@/ledger?host=/run/pg&port=1,/tmp',
    'postgres://seg@/ledger?host=pg',
    `postgres://seg:${secret}/x@a/ledger`,
    `postgres://seg:${secret}@${secret}@a/ledger`,
    `postgres://seg@a/ledger?password=${secret}`,
    `postgres://seg@a/ledger?options=-c%20fsync=off`,
  ])
    t.throws(
      () => parsePostgresPlace(text, undefined),
      { code: 'configuration', detail: new RegExp(`^(?!.*${secret})`) },
      text,
    )
})

t.test('is kept in the data folder, and found there', async t => {
  const folder = await makeFolder(t)
  t.equal(placeOfLedger(folder), undefined)
  await keepPlace(folder, 'postgres://seg@a/ledger', '/run/password')
  t.match(placeOfLedger(folder), { database: 'ledger', password: '/run/password' })
  await keepPlace(folder, 'postgres://seg@b/ledger', undefined)
  t.match(placeOfLedger(folder), { hosts: [{ name: 'b' }], password: undefined })
})
