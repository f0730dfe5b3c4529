// console-pages.test.ts at length: each theme and width with all rules.
import './console-pages.test.ts'
