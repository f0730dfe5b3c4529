// docs/faults.md is what people read of the registry: the two must say the same.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import t from 'tap'
import { faults, isFaultCode } from './faults.ts'
import { rootFolder } from './settings.ts'

const page = await readFile(resolve(rootFolder, 'docs/faults.md'), 'utf8')
const rows = [...page.matchAll(/^\| `(.*)` +\| (\d+) +\| (\d) +\| (.*?) +\| (.*?) +\|$/gm)]

t.test('docs/faults.md has a row for each fault, in the same order and words', async t => {
  const documented = rows.map(([, code, status, exit, sentence]) => ({
    code,
    status: Number(status),
    exit: Number(exit),
    sentence,
  }))
  t.same(
    documented,
    Object.entries(faults).map(([code, { status, exit, sentence }]) => ({ code, status, exit, sentence })),
  )
})

t.test('docs/faults.md says for each fault what to do', async t => {
  for (const [, code, , , , advice] of rows) t.match(advice, /^.{8,}[.]$/, code ?? '')
})

t.test('a code is one of the registry, and no name that every object has', async t => {
  t.ok(isFaultCode('signature-digest'))
  for (const code of ['toString', '__proto__', 'constructor', '', 'SIGNATURE-DIGEST', undefined, null, 7])
    t.notOk(isFaultCode(code), String(code))
})
