// crash-matrix.test.ts at length: more of the writes.
import './crash-matrix.test.ts'
