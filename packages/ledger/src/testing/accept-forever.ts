// A process that accepts documents until it is killed: `accept-forever.ts FOLDER NAME`. A line on standard output acknowledges each.
import { writeSync } from 'node:fs'
import { openDocumentStore } from '../file-document-store.ts'
import { makeSample } from './sample-documents.ts'

const [folder = '', name = ''] = process.argv.slice(2)
const store = await openDocumentStore(folder)
writeSync(1, 'open\n')

/** Several at once, as a server would. */
async function acceptMany(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${name}.${lane}.${i}`
    const { document, bytes, receipt } = makeSample(id, { size: 60_000 })
    await store.accept(document, bytes, receipt)
    writeSync(1, `${id}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map(acceptMany))
