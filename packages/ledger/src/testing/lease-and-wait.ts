// A sender of its own process, for tests: leases what is due in the outbox of the folder given to
// it, says so, and waits for its end.
import { openOutbox } from '../outbox/open-outbox.ts'

const [folder = '', receiver = ''] = process.argv.slice(2)
const outbox = await openOutbox(folder)
const leased = await outbox.lease({ receiver, limit: 100, now: Date.now() })
process.stdout.write(`${JSON.stringify(leased.map(({ number }) => number))}\n`)
setInterval(() => {}, 60_000)
