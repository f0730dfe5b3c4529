// A process that accepts documents until it is killed: `accept-forever.ts FOLDER NAME`. A line on
// standard output acknowledges each, with the SHA-256 of its receipt.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { makeSample } from './sample-documents.ts'
import { openTestLedger } from './test-ledger.ts'
import { acceptBytes } from './test-log.ts'

const [folder = '', name = ''] = process.argv.slice(2)
const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
writeSync(1, 'open\n')

/** Several at once, as a server would. */
async function acceptMany(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${name}.${lane}.${i}`
    const { document, bytes } = makeSample(id, { size: i % 2 === 1 ? 300_000 : 20_000 })
    const { receipt } = await acceptBytes(ledger, document, bytes)
    writeSync(1, `${id} ${createHash('sha256').update(receipt).digest('hex')}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map(acceptMany))
