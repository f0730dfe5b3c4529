// outbox-model.test.ts at length: more histories.
import './outbox-model.test.ts'
