// Lists as CSV: what a partner sent is text in a spreadsheet, and who took the list has a record.
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { openDatabase } from '@seg/ledger'
import t from 'tap'
import type { RawAnswer } from '../api/route.ts'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { deskMigrations } from '../desk/desk-schema.ts'
import { openDeskSearch } from '../desk/desk-search.ts'
import { DeskStore } from '../desk/desk-store.ts'
import { MetricStore } from '../metrics/metric-store.ts'
import { makeConsoleCerts, openListener, someone } from '../testing/listener.ts'
import { csvLine, exportRoutes } from './export-routes.ts'

const certs = await makeConsoleCerts(t)

t.test('a cell is quoted as RFC 4180 has it, and begins no formula', async t => {
  for (const [value, expected] of [
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a "b"\n', '"a ""b""\n"'],
    [' x', '" x"'],
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['＝1', "'＝1"],
    ['\n=1', `"'\n'=1"`],
    ['  =1', `'  =1`],
    ['\ufeff=1', `'\ufeff=1`],
    ['x;=1', `x;'=1`],
    ['x;\u00a0@1', `x;'\u00a0@1`],
    ['x\t-1', `x\t'-1`],
    ['x;-', `x;'-`],
    ['a-b=c', 'a-b=c'],
    [-1, '-1'],
    [true, 'true'],
    [null, ''],
    [undefined, ''],
    [{ a: 1 }, '"{""a"":1}"'],
  ] as const)
    t.equal(csvLine([value]), `${expected}\r\n`, JSON.stringify(value))
  t.equal(csvLine(['a', 1, null]), 'a,1,\r\n')
})

t.test('a list is exported whole by its filter, newest first, and leaves a record', async t => {
  const listener = await openListener(t, certs)
  const early = await listener.ask('GET', '/api/v1/exports/documents', listener.keyOf('viewer'))
  t.match([early.status, listener.records()], [503, []], 'before there is a desk')
  const database = await openDatabase(join(listener.folder, 'desk.sqlite'), deskMigrations)
  t.teardown(() => database.close())
  const store = new DeskStore(database, new MetricStore())
  const at = Date.parse('2026-11-01T00:00:00Z')
  const facts = Array.from({ length: 1203 }, (_, i) => ({
    ...({ kind: 'document', outcome: 'accepted', at: at + i, index: i, partner: i % 3 ? 'M1' : 'M2' } as const),
    document: i === 5 ? '=cmd|calc' : `doc${i}`,
  }))
  store.enter(facts)
  const [viewer, auditor] = [listener.keyOf('viewer'), listener.keyOf('auditor')]
  const { status, fields, text } = await listener.ask('GET', '/api/v1/exports/documents', viewer)
  t.equal(status, 200)
  t.match(fields, { 'content-type': /^text\/csv/, 'content-disposition': /^attachment; filename="documents-.*\.csv"$/ })
  const lines = text.split('\r\n')
  t.equal(lines.length, 1205, 'a heading, each row, the end of the last')
  t.match([lines[0], lines[1], lines[1203]], [/^id,at,kind,outcome/, /doc1202/, /doc0/])
  t.match(
    lines.filter(line => line.includes('calc')),
    [/,'=cmd\|calc,/],
  )
  const some = await listener.ask('GET', '/api/v1/exports/documents?partner=M2&to=2026-11-01T00:00:00.010Z', viewer)
  t.equal(some.text.split('\r\n').length, 6)
  t.match(await listener.ask('GET', '/api/v1/exports/documents?colour=red', viewer), { status: 400 })
  t.match(await listener.ask('GET', '/api/v1/exports/audit', viewer), { status: 403 })
  const trail = await listener.ask('GET', '/api/v1/exports/audit', auditor)
  t.match(trail.text.split('\r\n').slice(0, 2), [/^number,digest,leaf,at,action/, /document\.list-exported/])
  const taken = listener.records().filter(({ action }) => action === 'document.list-exported')
  t.match(taken.slice(0, 4), [
    { outcome: 'pending', on: { kind: 'list', id: 'documents {}' }, actor: { role: 'viewer' } },
    { outcome: 'success' },
    { on: { id: /"partner":"M2"/ } },
    {},
  ])
})

t.test('for a reader who has gone no further page is read', async t => {
  const folder = t.testdir()
  const audit = await openAuditTrail(folder, 'receiver', '1.2.3')
  const database = await openDatabase(join(folder, 'desk.sqlite'), deskMigrations)
  t.teardown(() => {
    audit.close()
    database.close()
  })
  const at = Date.parse('2026-11-01T00:00:00Z')
  const facts = Array.from({ length: 1203 }, (_, i) => ({
    ...({ kind: 'document', outcome: 'accepted', at: at + i, index: i, partner: 'M1', document: `doc${i}` } as const),
  }))
  new DeskStore(database, new MetricStore()).enter(facts)
  const search = openDeskSearch(folder)
  t.teardown(() => search.close())
  const gone = new AbortController()
  const place = { address: '::1', id: 'urn:uuid:1' }
  const asked = { ...place, query: {}, act: 'document.list-exported', operator: someone('viewer'), signal: gone.signal }
  const parts = { audit, desk: () => search, now: () => new Date() }
  const { body } = (await exportRoutes[0]!.handle(asked as never, parts as never)) as RawAnswer
  gone.abort()
  t.equal((await textOf(body as Readable)).split('\r\n').length, 502, 'a heading, the first page, the end of its last')
})
