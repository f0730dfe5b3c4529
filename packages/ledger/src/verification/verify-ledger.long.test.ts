// verify-ledger.test.ts at length: more of the rows.
import './verify-ledger.test.ts'
