// Each threat of docs/threats.md has a step that stops it and a test that proves that: both exist
// under these very names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/commands.ts'

const page = readFileSync(join(root, 'docs/threats.md'), 'utf8')
const rows = [...page.matchAll(/^\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].filter(
  ([, threat]) => threat !== 'Threat' && !threat!.startsWith('---'),
)
const STEP = /^`(\w+)` in `(\S+\.ts)`$/
const PROOF = /^`([^`]+\.test\.ts)` › _(.+)_$/

t.test('each threat has a step that is where the page says, and a test with this title', async t => {
  t.ok(rows.length > 40, 'the search finds the rows that are there')
  for (const [, threat, step, proof] of rows) {
    const [, name, path] = STEP.exec(step!) ?? []
    if (name === undefined) t.match(step, /lockfile/, String(threat))
    else {
      const source = readFileSync(join(root, 'packages', path!), 'utf8')
      t.match(source, new RegExp(`^export .*(function\\*?|class|const) ${name}\\b`, 'm'), `${name} in ${path}`)
    }
    const [, file = '', title = ''] = PROOF.exec(proof!) ?? []
    t.ok(
      ["'", '`'].some(quote => readFileSync(join(root, file), 'utf8').includes(`${quote}${title}${quote}`)),
      `${file} › ${title}`,
    )
  }
})

t.test('no threat stands there twice', async t => {
  t.equal(new Set(rows.map(([, threat]) => threat)).size, rows.length)
})
