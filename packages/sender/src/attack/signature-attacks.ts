// Attacks on the signature: what is signed, with what, and what a Signature holds.
import { createHash, createPublicKey } from 'node:crypto'
import {
  type Changes,
  DSIG,
  DSIG_MORE,
  ENVELOPED,
  EXCLUSIVE,
  type ForgingKey,
  forge,
  forgeSignature,
  signHmac,
  signSha1,
  signValue,
  transform,
  x509,
} from './forging.ts'
import { changed, type DocumentAttacks, type Scene } from './scene.ts'

export function signatureAttacks({ honest, write }: Scene): DocumentAttacks {
  /** Changes a document that was signed. */
  const tampered = (from: string | RegExp, to: string) => (key: ForgingKey) => changed(forge(honest, key), from, to)
  const withChanges = (changes: Changes | ((key: ForgingKey) => Changes)) => (key: ForgingKey) =>
    forge(honest, key, typeof changes === 'function' ? changes(key) : changes)
  return {
    'a payload changed after signing': ['422 signature-digest', tampered('Lunch', 'Dinner')],
    'an attribute added after signing': ['422 signature-digest', tampered('<Data>', '<Data x="1">')],
    'an element added after signing': ['422 signature-digest', tampered('</Payload>', '<More></More></Payload>')],
    'white space added after signing': ['422 signature-digest', tampered('</Payload>', ' </Payload>')],
    'a signature value changed': [
      '422 signature-value',
      withChanges(key => ({ signWith: octets => flipLast(signValue(key.key, octets)) })),
    ],
    'a signature value cut short': [
      '422 signature-value',
      withChanges(key => ({ signWith: octets => signValue(key.key, octets).subarray(1) })),
    ],
    'a digest value changed': ['422 signature-digest', withChanges({ digest: Buffer.alloc(32).toString('base64') })],
    'a digest value cut short': ['422 signature-digest', withChanges({ digest: Buffer.alloc(31).toString('base64') })],
    'another key, with its certificate': ['422 signature-key', (_, other) => forge(honest, other)],
    'another key, with the certificate of the sender': [
      '422 signature-value',
      (key, other) => forge(honest, { ...other, certificate: key.certificate }),
    ],
    'another key, without KeyInfo': ['422 signature-value', (_, other) => forge(honest, other, { keyInfo: '' })],
    'a certificate of somebody else beside the own': [
      '422 signature-key',
      (key, other) =>
        forge(honest, key, { keyInfo: `<KeyInfo>${x509(key.certificate)}${x509(other.certificate)}</KeyInfo>` }),
    ],
    'SHA-1 signature': [
      '422 signature-algorithm',
      withChanges(key => ({ signatureMethod: `${DSIG}rsa-sha1`, signWith: signSha1(key.key) })),
    ],
    'SHA-1 digest': [
      '422 signature-algorithm',
      withChanges({ digestMethod: `${DSIG}sha1`, digest: createHash('sha1').update(honest).digest('base64') }),
    ],
    'HMAC with the public key as the secret': [
      '422 signature-algorithm',
      withChanges(key => ({
        signatureMethod: `${DSIG_MORE}hmac-sha256`,
        signWith: signHmac(createPublicKey(key.key).export({ format: 'der', type: 'spki' })),
      })),
    ],
    'a method for another kind of key': [
      '422 signature-algorithm',
      withChanges(({ key: { asymmetricKeyType } }) => ({
        signatureMethod: `${DSIG_MORE}${asymmetricKeyType === 'ec' ? 'rsa' : 'ecdsa'}-sha256`,
      })),
    ],
    'a truncated HMAC length': [
      '422 signature-malformed',
      withChanges({
        signedInfo: xml =>
          changed(xml, '</SignatureMethod>', '<HMACOutputLength>8</HMACOutputLength></SignatureMethod>'),
      }),
    ],
    'canonicalization with comments': [
      '422 signature-algorithm',
      withChanges({ canonicalization: `${EXCLUSIVE}WithComments` }),
    ],
    'an algorithm named after a property of every object': [
      '422 signature-algorithm',
      withChanges({ signatureMethod: 'constructor' }),
    ],
    'no signature': ['422 signature-missing', () => honest],
    'a Signature of another namespace': [
      '422 signature-missing',
      withChanges({ signature: xml => xml.replaceAll(DSIG, 'urn:other') }),
    ],
    'a second Signature beside the first': ['422 signature-multiple', key => forge(forge(honest, key), key)],
    'a second Signature in the payload': [
      '422 signature-multiple',
      key => forge(write({ payload: forgeSignature(honest, key) }), key),
    ],
    'a Signature in the payload only': [
      '422 signature-misplaced',
      key => write({ payload: forgeSignature(honest, key) }),
    ],
    'a Signature around the document': [
      '422 signature-misplaced',
      key => changed(forgeSignature(honest, key), '</Signature>', `<Object>${honest}</Object></Signature>`),
    ],
    'a Signature between the children': [
      '422 envelope-malformed',
      key => changed(honest, '<ReceiverID>', `${forgeSignature(honest, key)}<ReceiverID>`),
    ],
    'a second Reference': [
      '422 signature-reference',
      withChanges({ signedInfo: xml => changed(xml, /(<Reference .*<\/Reference>)/, '$1$1') }),
    ],
    'no Reference': [
      '422 signature-reference',
      withChanges({ signedInfo: xml => changed(xml, /<Reference .*<\/Reference>/, '') }),
    ],
    'a Reference to another id': ['422 signature-reference', withChanges({ uri: '#another' })],
    'a Reference by XPointer': ['422 signature-reference', withChanges({ uri: '#xpointer(/)' })],
    'a Reference to a file': ['422 signature-reference', withChanges({ uri: 'file:///etc/passwd' })],
    'no enveloped-signature transform': ['422 signature-reference', withChanges({ transforms: transform(EXCLUSIVE) })],
    'an XPath transform': [
      '422 signature-reference',
      withChanges({
        transforms:
          transform(ENVELOPED) +
          transform('http://www.w3.org/TR/1999/REC-xpath-19991116', '<XPath>not(self::Payload)</XPath>'),
      }),
    ],
    'an XSLT transform': [
      '422 signature-reference',
      withChanges({ transforms: transform(ENVELOPED) + transform('http://www.w3.org/TR/1999/REC-xslt-19991116') }),
    ],
    'three transforms': [
      '422 signature-reference',
      withChanges({ transforms: transform(ENVELOPED) + transform(EXCLUSIVE) + transform(EXCLUSIVE) }),
    ],
    'an Object in the Signature': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, '</Signature>', '<Object></Object></Signature>') }),
    ],
    'two signature values': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, /(<SignatureValue>.*<\/SignatureValue>)/, '$1$1') }),
    ],
    'text in the Signature': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, '<SignatureValue>', 'x<SignatureValue>') }),
    ],
    'an attribute on the Signature': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, '<Signature ', '<Signature x="1" ') }),
    ],
    'a retrieval method': [
      '422 signature-malformed',
      withChanges({ keyInfo: '<KeyInfo><RetrievalMethod URI="https://localhost/"></RetrievalMethod></KeyInfo>' }),
    ],
    'base64 with a foreign character': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, '<SignatureValue>', '<SignatureValue>-') }),
    ],
    'algorithms hidden behind a second SignedInfo': [
      '422 signature-malformed',
      withChanges({ signature: xml => changed(xml, /(<SignedInfo .*<\/SignedInfo>)/, '$1$1') }),
    ],
  }
}

function flipLast(octets: Buffer): Buffer {
  const flipped = Buffer.from(octets)
  flipped[flipped.length - 1]! ^= 1
  return flipped
}
