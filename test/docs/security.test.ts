// Each promise of SECURITY.md names tests that prove it: they exist under these very titles.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/commands.ts'

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const section = page.slice(page.indexOf('## What is promised'), page.indexOf('## What is not'))
const promises = section
  .split(/^- /m)
  .slice(1)
  .map(text => text.replace(/\s+/g, ' ').trim())
/** `path` › _title_ */
const PROOF = /`([^`]+\.test\.ts)` › _([^_]+)_/g

t.test('each promise names at least one test', async t => {
  t.ok(promises.length > 10)
  for (const promise of promises) t.ok([...promise.matchAll(PROOF)].length > 0, promise.slice(0, 80))
})

t.test('each test that is named exists, with its title', async t => {
  for (const [, file, title] of promises.flatMap(promise => [...promise.matchAll(PROOF)]))
    t.ok(
      ["'", '`'].some(quote => readFileSync(join(root, file!), 'utf8').includes(`${quote}${title}${quote}`)),
      `${file} › ${title}`,
    )
})
