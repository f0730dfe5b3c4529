// A check: the clause that demands it, what it needs, and what it adds to what is known.
import type { CertificatePath } from './certificates/certificate-path.ts'
import type { Certificate } from './certificates/x509.ts'
import type { SignedTree } from './checkpoint.ts'
import type { Given, GivenXml } from './given-files.ts'
import type { AcceptedFacts } from './log-entry.ts'
import { expectProven, NotGiven, NotProven } from './not-proven.ts'
import { quoteFound } from './octets.ts'
import type { SealedReceipt } from './sealed-receipt.ts'
import type { XmlSignature } from './xml-signature.ts'

/** A check is not reached while something that it needs is not there. */
export type Known = {
  readonly given: Given
  /** Our clock, milliseconds. */
  readonly now: number
  readonly receipt?: SealedReceipt
  readonly seal?: { readonly signature: XmlSignature; readonly certificate: Certificate }
  readonly sealPath?: CertificatePath
  /** That of the document. */
  readonly signature?: XmlSignature
  readonly signer?: Certificate
  readonly signerPath?: CertificatePath
  readonly facts?: AcceptedFacts
  readonly tree?: SignedTree
}

type Found<Needs extends keyof Known> = Known & { readonly [Name in Needs]-?: NonNullable<Known[Name]> }
type Added = Partial<Known> | undefined
type Run<Needs extends keyof Known> = (known: Found<Needs>) => Promise<Added> | Added
export type EvidenceCheck = {
  readonly title: string
  readonly clause: string
  readonly needs: readonly (keyof Known)[]
  readonly run: Run<never>
}

export function describeCheck<Needs extends keyof Known = never>(
  title: string,
  clause: string,
  needs: readonly Needs[],
  run: Run<Needs>,
): EvidenceCheck {
  // It runs only when all that it needs is known (verify-evidence.ts).
  return { title, clause, needs, run: run as Run<never> }
}

/** Each difference is named, not only the first. */
export function expectEqual(
  pairs: readonly (readonly [field: string, receipt: unknown, other: unknown])[],
  where: string,
): undefined {
  const wrong = pairs.filter(([, one, other]) => one !== other)
  expectProven(
    wrong.length === 0,
    wrong.map(([field, one, other]) => `${field} is ${shown(one)}, ${where} says ${shown(other)}`).join('; '),
    wrong.map(([field]) => field),
  )
}

/** Whatever fails within concerns these fields. */
export async function concerning<T>(fields: readonly string[], run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof NotProven && error.fields.length === 0 ? new NotProven(error.message, fields) : error
  }
}

export function givenReceipt({ given: { receipt } }: Known): GivenXml {
  if (receipt === undefined) throw new NotGiven('the receipt')
  return receipt
}

export function givenDocument({ given: { document } }: Known): GivenXml {
  if (document === undefined) throw new NotGiven('the signed document')
  return document
}

function shown(value: unknown): string {
  return quoteFound(String(value))
}
