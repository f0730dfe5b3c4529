// From a file to the bytes that are sent: signed by us, or exactly as given when they bear a Signature already.
import { randomUUID } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { DOCUMENT_ID, isSigned, prepareDocument, type Signer, signDocument, type VerifiedDocument, verifyDocument } from '@seg/xmldsig'

export type Template = {
  readonly input: Buffer
  /** The document id to set; undefined keeps the template's own. */
  readonly id: string | undefined
  readonly stripComments: boolean
}

/**
 * Bytes to send and what they sign. `document` is the Fault instead when they do not verify under our certificate, which can only be with
 * bytes that came to us signed: then it is the receiver's part to judge them.
 */
export type SignedDocument = { readonly bytes: Buffer; readonly document: VerifiedDocument | Fault }

/** Fills in the timestamp and id, and signs. Throws Fault for a document that the profile does not allow or that is signed already. */
export async function signTemplate(template: Template, signer: Signer, now: Date): Promise<Buffer> {
  const signed = await signDocument(prepare(template, now), signer)
  verifyDocument(signed, signer.certificate)
  return signed
}

/** What `bytes` sign under our certificate, or why they do not. */
export function readSigned(bytes: Buffer, signer: Signer): SignedDocument {
  try {
    return { bytes, document: verifyDocument(bytes, signer.certificate) }
  } catch (error) {
    if (error instanceof Fault) return { bytes, document: error }
    throw error
  }
}

/** Whether it came to us signed. Throws Fault `xml-…` for a document outside the profile: not even a signed one is sent then. */
export function isSignedAlready(template: Template): boolean {
  return isSigned(template.stripComments ? prepare(template, new Date(0)) : template.input)
}

/** Whether signing fills in the time, so that signing again gives another one. */
export function isTimestampOurs(template: Template): boolean {
  return !isSignedAlready(template) && !prepare(template, new Date(0)).equals(prepare(template, new Date(1000)))
}

/** The id that `--id` asks for: undefined, a fresh one for `auto`, or the one given. Throws Fault `usage` for what can be no document id. */
export function chooseId(option: string | undefined): string | undefined {
  if (option === 'auto') return `doc-${randomUUID()}`
  if (option !== undefined && !DOCUMENT_ID.test(option)) {
    throw new Fault('usage', `${quote(option)} cannot be a document id: 1 to 128 letters, digits, or . _ : - after the first`)
  }
  return option
}

function prepare({ input, id, stripComments }: Template, now: Date): Buffer {
  return prepareDocument(input, { now, stripComments, ...(id === undefined ? {} : { id }) })
}
