// Writes the published description of the API, after a change of its routes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import { describeApi } from '../api/openapi.ts'
import { routeTable } from '../api/route-table.ts'

writeFileSync(join(rootFolder, 'docs/openapi.json'), `${JSON.stringify(describeApi(routeTable), undefined, 2)}\n`)
