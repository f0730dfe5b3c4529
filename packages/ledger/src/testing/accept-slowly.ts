// A node that is slow under the lock of the log: `accept-slowly.ts FOLDER URL ID` accepts a
// document, and once more when that fails. A line on standard output says how each ended.
import type { Fault } from '@seg/core'
import { openLedger } from '../stores.ts'
import { makeSample } from './sample-documents.ts'
import { acceptBytes, logKey } from './test-log.ts'

const [folder = '', url = '', id = ''] = process.argv.slice(2)
const ledger = await openLedger(folder, {
  log: logKey,
  sealer: { module: new URL('./slow-sealer.ts', import.meta.url).href, data: undefined },
  address: { ledger: url, password: undefined },
})
const { document, bytes } = makeSample(id)
for (let tries = 0, outcome = ''; outcome !== 'accepted' && tries < 2; tries++) {
  outcome = await acceptBytes(ledger, document, bytes).then(
    () => 'accepted',
    (fault: Fault) => fault.code,
  )
  process.stdout.write(`${outcome}\n`)
}
await ledger.close()
