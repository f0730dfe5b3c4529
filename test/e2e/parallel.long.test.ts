// parallel.test.ts at length: more documents.
import './parallel.test.ts'
