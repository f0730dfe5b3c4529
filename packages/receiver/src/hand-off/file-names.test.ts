import t from 'tap'
import { fileNameOf } from './file-names.ts'

t.test('leaves alone what is plain', async t => {
  for (const id of ['doc123', 'MINISTRY 1_SEG01', 'a.b-c_d', '2026-11-24', 'receipt', 'a.receipts'])
    t.equal(fileNameOf(id), id)
})

t.test('escapes what a file system, or a reader of the folder, could take for something else', async t => {
  const names: Record<string, string> = {
    '..': '%2E%2E',
    '.': '%2E',
    '.hidden': '%2Ehidden',
    'a/b': 'a%2Fb',
    'a\\b': 'a%5Cb',
    '../../etc/passwd': '%2E.%2F..%2Fetc%2Fpasswd',
    'urn:doc:1': 'urn%3Adoc%3A1',
    'a%2Fb': 'a%252Fb',
    'a~b': 'a%7Eb',
    'end.': 'end%2E',
    'a\u0000b\n': 'a%00b%0A',
    Außenministerium: 'Au%C3%9Fenministerium',
    'doc.receipt': 'doc%2Ereceipt',
    'doc.RECEIPT': 'doc%2ERECEIPT',
    con: '%63on',
    'NUL.txt': '%4EUL.txt',
    COM1: '%43OM1',
    '😀': '%F0%9F%98%80',
  }
  for (const [id, name] of Object.entries(names)) t.equal(fileNameOf(id), name)
})

t.test('shortens what is too long, and still keeps two of them apart', async t => {
  const longest = 'x'.repeat(238)
  t.equal(fileNameOf(longest), longest)
  const [one, other] = [`${longest}1`, `${longest}2`].map(fileNameOf) as [string, string]
  t.not(one, other)
  t.equal(one.length, 238)
  t.match(one, /^x+~[0-9a-f]{32}$/)
  t.ok(fileNameOf('€'.repeat(128)).length <= 238)
})

t.test('gives no two ids one name', async t => {
  const pieces = [
    '',
    '.',
    '..',
    'a',
    'A',
    ' ',
    '%',
    '%2E',
    '~',
    '/',
    'receipt',
    '.receipt',
    'con',
    '%63on',
    '\u0000',
    'é',
    'e\u0301',
  ]
  const ids = new Set(pieces.flatMap(one => pieces.flatMap(two => pieces.map(three => one + two + three))))
  t.equal(new Set([...ids].map(fileNameOf)).size, ids.size)
})
