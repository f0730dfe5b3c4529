// A sender of its own process, for tests: leases what is due in the outbox at the address given to
// it, says so, and with each line that it gets tries to deliver the first of it.
import { createInterface } from 'node:readline'
import { asFault } from '@seg/core'
import { openOutbox } from '../outbox/open-outbox.ts'

const [folder = '', url = '', receiver = ''] = process.argv.slice(2)
const outbox = await openOutbox(folder, { outbox: url, password: undefined })
const leased = await outbox.lease({ receiver, limit: 100, now: Date.now() })
process.stdout.write(`${JSON.stringify(leased.map(({ number }) => number))}\n`)
for await (const _line of createInterface(process.stdin)) {
  const outcome = await outbox
    .deliver(leased[0]!, Buffer.from('theirs'), Date.now(), { startedAt: 0, duration: 0 })
    .then(
      () => 'delivered',
      error => asFault(error).message,
    )
  process.stdout.write(`${outcome}\n`)
}
await outbox.close()
