// complexity.test.ts at length: larger documents.
import './complexity.test.ts'
