// tampering.test.ts at length: more of the changes.
import './tampering.test.ts'
