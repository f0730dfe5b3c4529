// What people see in a browser: the console of operators, and the page that verifies receipts.
export { type OpenedConsole, openConsole } from './bundle/open-console.ts'
export { writeVerifierPage } from './page/write-verifier-page.ts'
