// ledger-model.test.ts at length: more histories.
import './ledger-model.test.ts'
