// crash.test.ts at length: more kills.
import './crash.test.ts'
