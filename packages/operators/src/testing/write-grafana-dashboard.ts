// Writes deploy/grafana/seg.json.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import { writeDashboard } from '../metrics/grafana-dashboard.ts'

writeFileSync(join(rootFolder, 'deploy/grafana/seg.json'), writeDashboard())
