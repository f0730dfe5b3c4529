// Writes deploy/prometheus/seg.rules.yml.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import { writePrometheusRules } from '../alerts/prometheus-rules.ts'

writeFileSync(join(rootFolder, 'deploy/prometheus/seg.rules.yml'), writePrometheusRules())
