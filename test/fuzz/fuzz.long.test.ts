// fuzz.test.ts at length: ten times the documents.
import './fuzz.test.ts'
