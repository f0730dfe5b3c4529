// The advice of the commands and the advice of docs/faults.md are one.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import t from 'tap'
import { advice } from './advice.ts'
import { rootFolder } from './settings.ts'

t.test('docs/faults.md gives the same advice', async t => {
  const page = await readFile(resolve(rootFolder, 'docs/faults.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `(.*)` +\| \d+ +\| \d +\| .*? +\| (.*?) +\|$/gm)].map(([, code, text]) => [
    code,
    text,
  ])
  t.same(documented, Object.entries(advice))
})
