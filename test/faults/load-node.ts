// A node of one ledger as a process, which accepts documents as fast as it may and writes a line
// for each that it acknowledges: `load-node.ts FOLDER URL NAME`. What fails is asked for again.
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { asFault } from '@seg/core'
import { openLedger } from '../../packages/ledger/src/index.ts'
import { makeSample } from '../../packages/ledger/src/testing/sample-documents.ts'
import { acceptBytes, logKey } from '../../packages/ledger/src/testing/test-log.ts'

/** Requests at the same time, milliseconds between two of one lane, and after a failure. */
const [LANES, BETWEEN, AGAIN] = [8, 60, 20]
const [folder = '', url = '', name = ''] = process.argv.slice(2)
const module = new URL('../../packages/ledger/src/testing/entry-sealer.ts', import.meta.url).href
const options = { log: logKey, sealer: { module, data: undefined }, address: { ledger: url, password: undefined } }

const ledger = await open()
say({ isOpen: true })
await Promise.all(Array.from({ length: LANES }, (_, lane) => load(lane)))

/** The database may be away just now. */
async function open() {
  for (;;) {
    try {
      return await openLedger(folder, options)
    } catch (error) {
      if (asFault(error).code !== 'storage-unavailable') throw error
      await pause(10 * AGAIN)
    }
  }
}

async function load(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${name}-${lane}-${i}`
    const { document, bytes } = makeSample(id, { size: i % 64 === 63 ? 300_000 : 2500 })
    const offered = { ...document, acceptedAt: new Date().toISOString() }
    for (let tries = 1; ; tries++) {
      try {
        const { index, receipt } = await acceptBytes(ledger, offered, bytes)
        say({ id, index, receipt: createHash('sha256').update(receipt).digest('hex'), tries })
        break
      } catch (error) {
        const { code, detail } = asFault(error)
        if (code !== 'storage-unavailable' && code !== 'overloaded') say({ id, defect: `${code}: ${detail}` })
        await pause(AGAIN)
      }
    }
    await pause(BETWEEN)
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
