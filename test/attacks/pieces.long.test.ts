// pieces.test.ts at length: more sizes of pieces.
import './pieces.test.ts'
