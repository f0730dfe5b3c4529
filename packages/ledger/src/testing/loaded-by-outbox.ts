// Writes which packages an outbox has loaded, for tests: `loaded-by-outbox.ts FOLDER [URL]`.
import { createRequire } from 'node:module'
import { openOutbox } from '../outbox/open-outbox.ts'

const [folder = '', url] = process.argv.slice(2)
const outbox = await openOutbox(folder, url === undefined ? undefined : { outbox: url, password: undefined })
for await (const _entry of outbox.list()) break
await outbox.close()
const files = Object.keys(createRequire(import.meta.url).cache)
const packages = files.flatMap(file => /node_modules\/([^/.][^/]*)\/(?!.*node_modules)/.exec(file)?.[1] ?? [])
process.stdout.write(JSON.stringify([...new Set(packages)]))
