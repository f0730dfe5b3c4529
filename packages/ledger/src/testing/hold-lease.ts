// A node that has a lease and asks for it as one does that hands on: `hold-lease.ts FOLDER URL`. It
// writes the number of its lease, and what becomes of a write under it once it has lost it.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { asFault } from '@seg/core'
import { openLedger } from '../stores.ts'
import { logKey } from './test-log.ts'

const [folder = '', url = ''] = process.argv.slice(2)
const sealer = { module: new URL('./entry-sealer.ts', import.meta.url).href, data: undefined }
const address = { ledger: url, password: undefined }
const ledger = await openLedger(folder, { log: logKey, sealer, address, node: 'held' })
const ask = () => ledger.lease('hand-off').catch(() => undefined)
const lease = (await ask())!
writeSync(1, `${lease.number}\n`)
while ((await ask())?.number === lease.number) await pause(50)
const outcome = await ledger.moveCursor('inbox A', 7, lease).then(
  () => 'moved',
  error => asFault(error).message,
)
writeSync(1, `${outcome}\n`)
await ledger.close()
