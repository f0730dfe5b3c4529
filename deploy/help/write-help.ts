// Writes deploy/share.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeHelpFiles } from './help-files.ts'

for (const [name, octets] of await makeHelpFiles()) {
  const path = join(import.meta.dirname, '../share', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, octets)
}
