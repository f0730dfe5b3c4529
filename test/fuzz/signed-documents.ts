// CriticalDocuments from the grammar, signed without our engine: canonicalized by libxml2, digested
// and signed by node:crypto.
import { createHash, sign, verify } from 'node:crypto'
import { DSIG, ENVELOPED, type ForgingKey, transform, x509 } from '../../packages/sender/src/attack/forging.ts'
import type { CanonicalizationMethod } from '../../packages/xmldsig/src/c14n/canonicalizer.ts'
import { digests } from '../../packages/xmldsig/src/signature/algorithms.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'
import { tagSpaces } from './characters.ts'
import { type Scope, writeContent, writeProlog } from './grammar.ts'
import {
  canonicalize,
  canonicalizeElement,
  childElements,
  withDocument,
  type XmlDocument,
  type XmlElement,
} from './libxml2.ts'
import type { Tape } from './tape.ts'

const SIGNATURE_METHOD = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'
const STYLE = { isLoose: false, depth: 3 }

/** What the document says, as a reader of its tree finds it. */
export type Facts = {
  readonly id: string
  readonly senderId: string
  readonly receiverId: string
  readonly timestamp: string
}

export type Reference = Facts & {
  /** Digest of the canonical document without its Signature. */
  readonly digest: Buffer
}

/** A signed document in the profile. */
export function writeSigned(tape: Tape, key: ForgingKey): Buffer {
  const scope = new Map([
    ['p', 'urn:b'],
    ['u', 'urn:unused'],
  ])
  const reference = pickMethod(tape)
  const digest = tape.of(Object.entries(digests))
  const attributes = [' id="doc1"', ' xmlns:p="urn:b"', " xmlns:u='urn:unused'", ' xml:lang="en"']
  const start = `<CriticalDocument${shuffled(tape, attributes)}>`
  const children = writeChildren(tape, scope)
  const prolog = writeProlog(tape)
  const space = tape.of(['', '\n', ' '])
  const value = withDocument(Buffer.from(`${prolog}${start}${children}${space}</CriticalDocument>`), document =>
    createHash(digest[1]).update(canonicalize(document, reference.method)!).digest('base64'),
  )
  const signature = writeSignature(tape, reference, digest[0], value, key)
  const isFirst = tape.chance(30)
  const content = isFirst ? signature + children : children + signature
  const unsigned = `${prolog}${start}${content}${space}</CriticalDocument>`
  return Buffer.from(unsigned.replace(SIGNATURE_VALUE, signInfo(unsigned, key)))
}

const SIGNATURE_VALUE = '@@@'

function writeChildren(tape: Tape, scope: Scope): string {
  const pad = () => tape.of(['', '', '\n  ', '\r\n', '<![CDATA[ ]]>'])
  const timestamp = tape.of(['2026-11-23T12:00:00Z', '2026-11-23T12:00:00.123Z', '2026-11-23T12:00:00<![CDATA[Z]]>'])
  const sender = tape.of(['MINISTRY 1_SEG01', 'MINISTRY&#x20;1_SEG01', '<![CDATA[MINISTRY 1]]>_SEG01'])
  const tagSpace = tape.of(['', '\t', '\n'])
  const payload = writeContent(tape, STYLE, scope)
  return (
    `${pad()}<SenderID>${sender}</SenderID>${pad()}<ReceiverID${tagSpace}>MINISTRY 2_SEG01</ReceiverID>${pad()}` +
    `<TimestampForSignature>${timestamp}</TimestampForSignature>${pad()}` +
    `<Payload${tagSpace}>${payload}</Payload>${pad()}`
  )
}

type Written = { readonly method: CanonicalizationMethod; readonly transforms: string }

function pickMethod(tape: Tape): Written {
  const list = tape.of(['p', 'u', '#default p', 'p u absent', ''])
  const prefixes = list.split(' ').filter(prefix => prefix !== '')
  const inclusive = methodOf(
    EXCLUSIVE,
    prefixes.map(prefix => (prefix === '#default' ? '' : prefix)),
  )
  const listed = `<InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="${list}"/>`
  return tape.of([
    { method: methodOf(EXCLUSIVE), transforms: transform(EXCLUSIVE) },
    { method: inclusive, transforms: transform(EXCLUSIVE, listed) },
    { method: methodOf(INCLUSIVE), transforms: transform(INCLUSIVE) },
    { method: methodOf(INCLUSIVE_11), transforms: transform(INCLUSIVE_11) },
    { method: methodOf(INCLUSIVE), transforms: '' },
  ])
}

function writeSignature(
  tape: Tape,
  { transforms }: Written,
  digestMethod: string,
  digest: string,
  { certificate }: ForgingKey,
): string {
  const space = tape.of(['', '', '\n', '\t'])
  const canonicalization = tape.of([EXCLUSIVE, INCLUSIVE, INCLUSIVE_11])
  const uri = tape.of(['', '#doc1'])
  const signedInfo =
    `<SignedInfo>${space}<CanonicalizationMethod Algorithm="${canonicalization}"/>${space}` +
    `<SignatureMethod Algorithm="${SIGNATURE_METHOD}"/>${space}<Reference URI="${uri}">` +
    `<Transforms>${transform(ENVELOPED)}${transforms}</Transforms><DigestMethod Algorithm="${digestMethod}"/>` +
    `<DigestValue>${digest}</DigestValue>${space}</Reference></SignedInfo>`
  const keyInfo = tape.of(['', `<KeyInfo>${x509(certificate)}</KeyInfo>`, '<KeyInfo><KeyName>k</KeyName></KeyInfo>'])
  const value = `<SignatureValue>${space}${SIGNATURE_VALUE}${space}</SignatureValue>`
  const parts = `${signedInfo}${space}${value}${space}${keyInfo}`
  const id = tape.of(['', ' Id="s"'])
  if (tape.chance(50)) return `<Signature${tape.of(tagSpaces)}xmlns="${DSIG}"${id}>${parts}</Signature>`
  const prefixed = parts.replace(/<(\/?)(?!Inclusive)(\w)/g, '<$1ds:$2')
  return `<ds:Signature${id} xmlns:ds='${DSIG}'>${prefixed}</ds:Signature>`
}

function signInfo(document: string, { key }: ForgingKey): string {
  const octets = withDocument(Buffer.from(document), tree => readSignature(tree).signedOctets)
  return sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }).toString('base64')
}

function shuffled(tape: Tape, parts: readonly string[]): string {
  const at = tape.below(parts.length)
  return [...parts.slice(at), ...parts.slice(0, at)].join('')
}

/**
 * Verifies a document in the plainest way: its tree, the first ds:Signature in the document
 * element, the algorithms that it names. Returns what it found; throws an Error for a document that
 * is not well-formed or whose signature does not verify. It knows nothing of the profile.
 */
export function verifyByTree(bytes: Uint8Array, { certificate }: ForgingKey): Reference {
  return withDocument(bytes, document => {
    const { element, signedOctets, value, method, digestName, digest } = readSignature(document)
    if (!verify('sha256', signedOctets, { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' }, value))
      throw new Error('signature value')
    const facts = readFacts(document)
    element.remove()
    const computed = createHash(digestName).update(canonicalize(document, method)!).digest()
    if (!computed.equals(digest)) throw new Error('digest')
    return { ...facts, digest }
  })
}

function readSignature(document: XmlDocument) {
  const element = find(document.root, 'Signature', DSIG)
  const signedInfo = find(element, 'SignedInfo', DSIG)
  const reference = find(signedInfo, 'Reference', DSIG)
  const transforms = childElements(find(reference, 'Transforms', DSIG))
  return {
    element,
    signedOctets: canonicalizeElement(signedInfo, methodIn(find(signedInfo, 'CanonicalizationMethod', DSIG)))!,
    value: Buffer.from(find(element, 'SignatureValue', DSIG).content, 'base64'),
    method: transforms[1] === undefined ? methodOf(INCLUSIVE) : methodIn(transforms[1]),
    digestName: digests[algorithmOf(find(reference, 'DigestMethod', DSIG))]!,
    digest: Buffer.from(find(reference, 'DigestValue', DSIG).content, 'base64'),
  }
}

function methodIn(element: XmlElement): CanonicalizationMethod {
  const list = childElements(element)[0]?.attr('PrefixList')?.value ?? ''
  const prefixes = list.split(/[ \t\r\n]+/).filter(prefix => prefix !== '')
  return methodOf(
    algorithmOf(element),
    prefixes.map(prefix => (prefix === '#default' ? '' : prefix)),
  )
}

function algorithmOf(element: XmlElement): string {
  return element.attr('Algorithm')!.value
}

function readFacts({ root }: XmlDocument): Facts {
  const text = (name: string) => find(root, name, '').content
  return {
    id: root.attr('id')!.value,
    senderId: text('SenderID'),
    receiverId: text('ReceiverID'),
    timestamp: text('TimestampForSignature'),
  }
}

function find(parent: XmlElement, name: string, uri: string): XmlElement {
  const found = childElements(parent).find(child => child.name === name && child.namespaceUri === uri)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
