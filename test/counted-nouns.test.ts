// A number that may be 1 stands before its noun through `amount`, in every message; the console
// imports nothing of ours.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './support/commands.ts'

/** A number in a template, and behind it the plural of what people count. */
const COUNTED = /\$\{[^}]*\} (entries|tries|documents|receivers|checkpoints|starts|times|days|keys|lines)\b/g
/** Bounds are more than 1; names that are joined are no number. */
const OTHER = /^\$\{(?:[A-Z_]+|.*limit.*|.*\.join\(.*)\}/

t.test('a number agrees with its noun in every message', async t => {
  const sources = globSync('packages/*/src/**/*.ts', {
    cwd: root,
    exclude: ['**/*.test.ts', '**/testing/**', 'packages/console/**'],
  })
  t.ok(sources.length > 400)
  for (const source of sources) {
    const found = [...readFileSync(join(root, source), 'utf8').matchAll(COUNTED)].map(([text]) => text)
    t.same(
      found.filter(text => !OTHER.test(text)),
      [],
      source,
    )
  }
})
