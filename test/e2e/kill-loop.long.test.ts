// kill-loop.test.ts at length: more kills.
import './kill-loop.test.ts'
