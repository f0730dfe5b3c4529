// The description of the API that is published is that of the routes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import t from 'tap'
import { describeApi } from './openapi.ts'
import { routeTable } from './route-table.ts'

const file = join(rootFolder, 'docs/openapi.json')

t.test('docs/openapi.json is what the listener serves', async t => {
  const described = JSON.parse(JSON.stringify(describeApi(routeTable)))
  t.same(
    JSON.parse(readFileSync(file, 'utf8')),
    described,
    '`node packages/operators/src/testing/write-openapi.ts` writes it',
  )
  t.ok(Object.keys(described.paths).length > 2)
})

t.test('each route has an id of its own, and names its permission or that it is open', async t => {
  const described = describeApi(routeTable) as { paths: Record<string, Record<string, Record<string, unknown>>> }
  const operations = Object.values(described.paths).flatMap(path => Object.values(path))
  const ids = operations.map(({ operationId }) => operationId)
  t.equal(new Set(ids).size, routeTable.length, ids.join(' '))
  for (const { operationId, security, 'x-permission': permission } of operations)
    t.ok((security as unknown[]).length === 0 || typeof permission === 'string', `${operationId}`)
})
