// The console's types of the API are those of its published description.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeApiTypes } from '../../packages/console/src/testing/write-api-types.ts'
import { root } from '../support/commands.ts'

t.test('the types that the console asks the API with are written from docs/openapi.json', async t => {
  const written = readFileSync(join(root, 'packages/console/src/app/api/api-types.ts'), 'utf8')
  t.equal(written, writeApiTypes(), '`node packages/console/src/testing/write-api-types.ts` writes them')
  t.match(written, /'GET \/api\/v1\/documents\/\{index\}': \{\n {4}readonly path: \{\n {6}readonly index: number/)
})
