export { writeVerifierPage } from './page/write-verifier-page.ts'
