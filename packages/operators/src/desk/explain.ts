// A refusal for people: which check failed, what it expected, what it found, what to do.
import { advice, type FaultCode, faultRow } from '@seg/core'
import type { KeptFact } from './fact-columns.ts'

/** The steps of a document, in their order. */
type CheckName =
  | 'connection'
  | 'certificate'
  | 'share'
  | 'request'
  | 'form'
  | 'signature'
  | 'envelope'
  | 'addressee'
  | 'replay'
  | 'time'
  | 'second opinion'
  | 'storage'
  | 'receipt'

type CheckRow = { readonly check: CheckName; readonly expected: string }

/** Each code that the receiver can send: its check, and what that expects of every document. */
export const checks = {
  'media-type': { check: 'request', expected: 'application/xml in UTF-8, without a Content-Encoding' },
  'document-too-large': { check: 'request', expected: 'a document within --document-limit' },
  'xml-malformed': { check: 'form', expected: 'well-formed XML 1.0' },
  'xml-encoding': { check: 'form', expected: 'UTF-8' },
  'xml-doctype': { check: 'form', expected: 'no document type declaration' },
  'xml-processing-instruction': { check: 'form', expected: 'no processing instruction but the XML declaration' },
  'xml-comment': { check: 'form', expected: 'no comment' },
  'xml-name': { check: 'form', expected: 'no name that begins with xml, but xml:lang, xml:space and xml:id' },
  'xml-namespace': { check: 'form', expected: 'declared prefixes and absolute namespace URIs' },
  'xml-limit': { check: 'form', expected: 'depth, names, attributes and namespaces within the limits of the profile' },
  'signature-missing': { check: 'signature', expected: 'one Signature' },
  'signature-multiple': { check: 'signature', expected: 'one Signature' },
  'signature-misplaced': { check: 'signature', expected: 'the Signature as first or last child of the root' },
  'signature-malformed': { check: 'signature', expected: 'a Signature of the form that the profile gives' },
  'signature-algorithm': { check: 'signature', expected: 'an algorithm of the profile that fits the key' },
  'signature-reference': { check: 'signature', expected: 'one Reference, to the whole document' },
  'signature-digest': { check: 'signature', expected: 'the digest that was signed' },
  'signature-value': { check: 'signature', expected: "a value made with the key of the peer's certificate" },
  'signature-key': { check: 'signature', expected: "the peer's own certificate, for signing, with a strong key" },
  'second-opinion': { check: 'second opinion', expected: 'that xml-crypto finds the signature valid, too' },
  'envelope-malformed': { check: 'envelope', expected: 'a CriticalDocument with its children in order' },
  'timestamp-malformed': { check: 'envelope', expected: 'YYYY-MM-DDTHH:MM:SSZ' },
  'timestamp-stale': { check: 'time', expected: "a time within --clock-skew of the receiver's clock" },
  'receiver-mismatch': { check: 'addressee', expected: 'the id of this receiver' },
  'schema-invalid': { check: 'envelope', expected: 'a payload of the schema that was agreed on' },
  'schema-unavailable': { check: 'envelope', expected: 'that the schema of its type can be asked' },
  'document-type': { check: 'envelope', expected: 'a type of document that the partner may send' },
  'rollover-malformed': { check: 'envelope', expected: 'an announcement of a certificate' },
  'rollover-certificate': { check: 'envelope', expected: 'a certificate that may follow the present one' },
  'sender-mismatch': { check: 'addressee', expected: "the id in the peer's certificate" },
  'partner-unknown': { check: 'certificate', expected: 'a partner that is listed' },
  'partner-suspended': { check: 'certificate', expected: 'a partner that is not suspended' },
  'certificate-revoked': { check: 'certificate', expected: 'a certificate that is not revoked' },
  'certificate-expired': { check: 'certificate', expected: 'a certificate within its validity' },
  'certificate-untrusted': { check: 'certificate', expected: 'a certificate of an authority that is relied on' },
  'certificate-invalid': { check: 'certificate', expected: 'a certificate of the required form' },
  'revocation-unknown': { check: 'certificate', expected: 'a revocation list of its CA that is in date' },
  'certificate-purpose': { check: 'certificate', expected: 'a certificate for clientAuth' },
  'key-agreement': { check: 'connection', expected: 'the key agreement X25519MLKEM768' },
  'document-id-conflict': { check: 'replay', expected: 'the bytes that were accepted under this id' },
  'rate-limit': { check: 'share', expected: "less than the partner's share" },
  overloaded: { check: 'share', expected: 'fewer requests under way' },
  'shutting-down': { check: 'share', expected: 'a receiver that is not stopping' },
  'storage-unavailable': { check: 'storage', expected: 'storage that works and has room' },
  'seal-unavailable': { check: 'receipt', expected: 'a seal certificate in date' },
  'clock-behind': { check: 'storage', expected: 'a clock that is not behind the log' },
  'not-found': { check: 'request', expected: 'a path and an object that are there' },
  'method-not-allowed': { check: 'request', expected: 'the method of the path' },
  'request-malformed': { check: 'request', expected: 'a request that can be read in one way only' },
  'request-fragmented': { check: 'request', expected: 'pieces of a kilobyte or more' },
  'request-timeout': { check: 'request', expected: 'a request that makes progress' },
  internal: { check: 'storage', expected: 'no defect of this receiver' },
} as const satisfies Partial<Record<FaultCode, CheckRow>>

export type Explanation = {
  readonly check: CheckName
  readonly expected: string
  readonly found: string
  readonly meaning: string
  readonly remedy: string
}

/** Undefined for a fact that is no refusal. */
export function explainRefusal({ code, detail }: Pick<KeptFact, 'code' | 'detail'>): Explanation | undefined {
  const row = code !== undefined && Object.hasOwn(checks, code) ? checks[code as keyof typeof checks] : undefined
  if (code === undefined || row === undefined) return undefined
  const { expected, found } = readDetail(detail ?? '')
  return {
    check: row.check,
    expected: expected ?? row.expected,
    found: found ?? detail ?? 'not recorded',
    meaning: faultRow(code).sentence,
    remedy: advice[code],
  }
}

/** Most details say both; of others all of it is what was found. */
function readDetail(detail: string): { readonly expected?: string | undefined; readonly found?: string | undefined } {
  const [, algorithm, computed, length, signed] =
    /^computed (\S+) (\S+) over (\d+ canonical bytes), signed (\S+)$/.exec(detail) ?? []
  if (signed !== undefined)
    return { expected: `${algorithm} ${signed}`, found: `${algorithm} ${computed} over ${length}` }
  const [, expected, found] = /\bexpected (.+?), found (.+)$/s.exec(detail) ?? []
  return { expected, found }
}
