// Where libxml2 and we may differ on whether a document is well-formed: each case, why, and how it
// is recognized. Anything else is a finding.
import type { Fault, FaultCode } from '@seg/core'

type Difference = {
  readonly why: string
  /** Must be found in the document, one character per byte. */
  readonly pattern: RegExp
}

/** What only we refuse: rules of the profile, and where libxml2 merely warns. */
const onlyOurs: Partial<Record<FaultCode, Difference>> = {
  'xml-comment': { why: 'the profile has no comments', pattern: /<!--/ },
  'xml-processing-instruction': { why: 'the profile has no processing instructions', pattern: /<\?/ },
  'xml-doctype': { why: 'the profile has no document type declaration', pattern: /<!DOCTYPE/ },
  'xml-name': {
    why: 'names that begin with xml are reserved (XML 1.0 2.3); libxml2 lets them pass',
    pattern: /[<\s][xX][mM][lL]/,
  },
  'xml-encoding': {
    why: 'the profile has no encoding but UTF-8; libxml2 knows others, by declaration or by the first bytes',
    pattern: /^(?:\xef\xbb\xbf)?<\?xml[^>]*encoding|^\xff\xfe|^\xfe\xff|^\0|^.\0/s,
  },
  'xml-namespace': {
    why:
      'relative namespace names, and those that are no URI, ' +
      'get a warning of libxml2 (Namespaces in XML 1.0, 2.2: deprecated)',
    pattern: /\sxmlns(?::[^\s=]+)?\s*=\s*(?:"[^"]|'[^'])/,
  },
  'xml-malformed': {
    why: 'another version than 1.0 gets a warning of libxml2; we take what production 26 of the fourth edition takes',
    pattern: /^(?:\xef\xbb\xbf)?<\?xml\s+version\s*=\s*["']1\.(?!0["'])/,
  },
  'signature-multiple': { why: 'the profile has one Signature', pattern: /Signature.*Signature/s },
}

/** What only libxml2 refuses, by its message. */
const onlyTheirs: readonly Difference[] = [
  {
    why: 'an empty port in a namespace name: RFC 3986 3.2.3 allows it',
    pattern: /^xmlns(?::\S*)?: '[^']*:\/\/(?:[^/?#']*:[/?#'].*|[^/?#]*:') is not a valid URI$/,
  },
  {
    why:
      'a warning that libxml2 reports beside a refusal: ' +
      'another value of xml:space is an error, not a fatal one (XML 1.0 2.10)',
    pattern: /^Invalid value ".*" for xml:space : "default" or "preserve" expected$/,
  },
]

/** Whether a refusal of ours that libxml2 does not share is one of those known. */
export function isOnlyOurs(fault: Fault, document: Buffer): boolean {
  return onlyOurs[fault.code]?.pattern.test(document.toString('latin1')) ?? false
}

/** Whether each line of a refusal by libxml2 is one of those known. */
export function isOnlyTheirs(refusal: string): boolean {
  return refusal
    .trimEnd()
    .split('\n')
    .every(line => onlyTheirs.some(({ pattern }) => pattern.test(line)))
}
