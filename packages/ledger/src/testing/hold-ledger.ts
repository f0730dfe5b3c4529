// A process that keeps a ledger open until it is killed: `hold-ledger.ts FOLDER`.
import { openTestLedger } from './test-ledger.ts'

await openTestLedger(process.argv[2] ?? '')
process.stdout.write('open\n')
setInterval(() => {}, 1000)
