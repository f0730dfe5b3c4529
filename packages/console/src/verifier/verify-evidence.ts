// Verifies a receipt and the document that it is for, offline, with WebCrypto alone: in a browser,
// from a file on disk, in Node. Nothing counts as verified unless every check passed; only whether
// a certificate was revoked may stay open, which the result then says.
import type { EvidenceCheck, Known } from './check.ts'
import { documentChecks } from './document-checks.ts'
import { type GivenFile, readGivenFiles } from './given-files.ts'
import { logChecks } from './log-checks.ts'
import { NotGiven, NotJudged, NotProven } from './not-proven.ts'
import { quoteFound } from './octets.ts'
import { sealChecks } from './seal-checks.ts'

/** The order in which the first that failed is named. */
const table = { ...sealChecks, ...logChecks, ...documentChecks }

export type CheckName = keyof typeof table | 'files'
export type CheckOutcome = {
  readonly name: CheckName
  readonly title: string
  readonly clause: string
  /**
   * `not given`: a file is missing; `not reached`: what it needs failed before; `not judged`: it
   * stays open, and nothing rests on it.
   */
  readonly state: 'passed' | 'failed' | 'not given' | 'not reached' | 'not judged'
  /** What was expected and found, where it did not pass. */
  readonly detail: string
  readonly fields: readonly string[]
}
export type ReceiptEvidence = {
  readonly isVerified: boolean
  readonly checks: readonly CheckOutcome[]
  /** The first that did not pass. */
  readonly first: CheckOutcome | undefined
  /** Elements of the receipt that something else contradicts. */
  readonly fields: readonly string[]
  /** What all of it rests on: SHA-256 of the CA's certificate or the seal's, and the log's key. */
  readonly anchors: readonly string[]
  readonly known: Known
}

export async function verifyEvidence(
  { evidence, trust }: { readonly evidence: readonly GivenFile[]; readonly trust: readonly GivenFile[] },
  now: Date,
): Promise<ReceiptEvidence> {
  const given = await readGivenFiles(evidence, trust)
  let known: Known = { given, now: now.getTime() }
  const unread = given.unread.map(({ name, why }) => `${name}: ${why}`).join('; ')
  const results: CheckOutcome[] = [
    {
      name: 'files',
      title: 'every file is understood',
      clause: 'docs/receipt.md',
      state: unread === '' ? 'passed' : 'failed',
      detail: unread,
      fields: [],
    },
  ]
  for (const [name, check] of Object.entries(table) as [CheckName, EvidenceCheck][]) {
    const { title, clause, needs } = check
    const lacks = needs.filter(need => known[need] === undefined)
    const { added, ...outcome } = lacks.length > 0 ? notReached : await runCheck(check, known)
    known = { ...known, ...added }
    results.push({ name, title, clause, ...outcome })
  }
  const first = results.find(({ state }) => state !== 'passed' && state !== 'not judged')
  const fields = [...new Set(results.flatMap(({ fields }) => fields))]
  return { isVerified: first === undefined, checks: results, first, fields, anchors: listAnchors(known), known }
}

type Outcome = Pick<CheckOutcome, 'state' | 'detail' | 'fields'> & { readonly added?: Partial<Known> | undefined }

const notReached: Outcome = { state: 'not reached', detail: '', fields: [] }

async function runCheck(check: EvidenceCheck, known: Known): Promise<Outcome> {
  try {
    return { state: 'passed', detail: '', fields: [], added: await check.run(known as never) }
  } catch (error) {
    if (error instanceof NotJudged) return { state: 'not judged', detail: error.message, fields: [] }
    if (error instanceof NotGiven) return { state: 'not given', detail: `needs ${error.message}`, fields: [] }
    if (error instanceof NotProven) return { state: 'failed', detail: error.message, fields: error.fields }
    // A cause that nobody thought of verifies nothing.
    return { state: 'failed', detail: `not understood: ${error}`, fields: [] }
  }
}

function listAnchors({ sealPath, signerPath, tree }: Known): string[] {
  const ends = [sealPath?.at(-1), signerPath?.at(-1)].flatMap(anchor => (anchor === undefined ? [] : [anchor]))
  const certificates = ends.map(
    ({ commonNames, fingerprint }) => `${quoteFound(commonNames.join(', '))}: SHA-256 ${fingerprint}`,
  )
  return [...new Set(certificates), ...(tree === undefined ? [] : [`log key ${tree.by.name}+${tree.by.hash}`])]
}
