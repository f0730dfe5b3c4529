// falsified.test.ts at length: each of the changes.
import './falsified.test.ts'
