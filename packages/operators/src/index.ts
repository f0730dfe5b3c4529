// What happened, and who may know: the desk of facts.
export { type Desk, noDesk, openDesk } from './desk/desk.ts'
export { type DeskFilter, type DeskSearch, openDeskSearch } from './desk/desk-search.ts'
export { explainRefusal } from './desk/explain.ts'
export type { Fact, NoteFact } from './desk/fact.ts'
export type { KeptFact } from './desk/fact-columns.ts'
