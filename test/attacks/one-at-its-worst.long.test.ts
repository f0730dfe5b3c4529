// one-at-its-worst.test.ts at length: all shapes.
import './one-at-its-worst.test.ts'
