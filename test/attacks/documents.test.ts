// Attacks on documents, over real mutual TLS: each is refused with its own code, and leaves nothing
// behind.
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { call, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, openGateway, receiverId, senderId } from '../../packages/receiver/src/testing/gateway.ts'
import {
  type Changes,
  DSIG,
  ENVELOPED,
  EXCLUSIVE,
  type ForgingKey,
  forge,
  forgeSignature,
  signHmac,
  signSha1,
  transform,
  x509,
} from '../support/forge.ts'

type Fields = { id?: string; from?: string; to?: string; timestamp?: string; payload?: string }

/** A document in canonical form. */
function write({
  id = 'doc1',
  from = senderId,
  to = receiverId,
  timestamp = now(),
  payload = '<Data>Lunch</Data>',
}: Fields = {}): string {
  return `<CriticalDocument id="${id}"><SenderID>${from}</SenderID><ReceiverID>${to}</ReceiverID><TimestampForSignature>${timestamp}</TimestampForSignature><Payload>${payload}</Payload></CriticalDocument>`
}

function now(seconds = 0): string {
  return `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`
}

const evil = '<Data>Dinner</Data>'
const honest = write()
const changed = (document: string, from: string | RegExp, to: string) => {
  const result = document.replace(from, to)
  if (result === document) throw new Error(`${from} is not there to be changed`)
  return result
}
/** Changes a document that was signed. */
const tampered = (from: string | RegExp, to: string) => (key: ForgingKey) => changed(forge(honest, key), from, to)
const withChanges = (changes: Changes | ((key: ForgingKey) => Changes)) => (key: ForgingKey) =>
  forge(honest, key, typeof changes === 'function' ? changes(key) : changes)

const attacks: Record<string, [code: string, make: (key: ForgingKey, other: ForgingKey) => string | Buffer]> = {
  'a payload changed after signing': ['422 signature-digest', tampered('Lunch', 'Dinner')],
  'an attribute added after signing': ['422 signature-digest', tampered('<Data>', '<Data x="1">')],
  'an element added after signing': ['422 signature-digest', tampered('</Payload>', '<More></More></Payload>')],
  'white space added after signing': ['422 signature-digest', tampered('</Payload>', ' </Payload>')],
  'a signature value changed': ['422 signature-value', withChanges({ signWith: () => Buffer.alloc(64, 7) })],
  'a signature value cut short': ['422 signature-value', withChanges({ signWith: () => Buffer.alloc(63, 7) })],
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
      signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
      signWith: signHmac(createPublicKey(key.key).export({ format: 'der', type: 'spki' })),
    })),
  ],
  'an RSA method with an EC key': [
    '422 signature-algorithm',
    withChanges({ signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' }),
  ],
  'a truncated HMAC length': [
    '422 signature-malformed',
    withChanges({
      signedInfo: xml => changed(xml, '</SignatureMethod>', '<HMACOutputLength>8</HMACOutputLength></SignatureMethod>'),
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
  'a Reference to another id': ['422 signature-reference', withChanges({ uri: '#doc2' })],
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

/**
 * Signature wrapping, after Somorovsky et al., "On Breaking SAML": what was signed is kept
 * somewhere, another document stands where it is read.
 */
const wrappings: Record<string, [code: string, make: (wrap: Wrapping) => string]> = {
  'XSW1: the original in an Object of the Signature of a forged root': [
    '422 signature-malformed',
    w => w.root(w.signatureWith(`<Object>${w.original}</Object>`)),
  ],
  'XSW2: the original beside the Signature in a forged root': [
    '422 signature-reference',
    w => w.root(w.original + w.signature),
  ],
  'XSW3: the signed original in a forged root, before its children': [
    '422 signature-misplaced',
    w => w.rootAround(w.originalSigned, ''),
  ],
  'XSW4: the signed original in the payload of a forged root': [
    '422 signature-misplaced',
    w => w.rootAround('', w.originalSigned),
  ],
  'XSW5: the Signature moved to a forged root, the original behind it': [
    '422 signature-reference',
    w => w.root(w.signature + w.original),
  ],
  'XSW6: the original as a child of the moved Signature': [
    '422 signature-malformed',
    w => w.root(w.signatureWith(w.original)),
  ],
  'XSW7: the original in an Extensions element of a forged root': [
    '422 signature-reference',
    w => w.root(`<Extensions>${w.original}</Extensions>${w.signature}`),
  ],
  'XSW8: the original in an Object, in front of SignedInfo': [
    '422 signature-malformed',
    w => w.root(w.signature.replace('<SignedInfo', `<Object>${w.original}</Object><SignedInfo`)),
  ],
  'a forged root with the id of the original': [
    '422 signature-digest',
    w => w.root(w.signature).replace('id="evil"', 'id="doc1"'),
  ],
  'a forged root with the Signature over "" of another document': [
    '422 signature-digest',
    w => w.root(w.signature.replace('URI="#doc1"', 'URI=""')),
  ],
}

type Wrapping = ReturnType<typeof wrap>

function wrap(key: ForgingKey) {
  const signature = forgeSignature(honest, key, { uri: '#doc1' })
  const rootAround = (first: string, inPayload: string, last = '') =>
    `<CriticalDocument id="evil">${first}<SenderID>${senderId}</SenderID><ReceiverID>${receiverId}</ReceiverID><TimestampForSignature>${now()}</TimestampForSignature><Payload>${evil}${inPayload}</Payload>${last}</CriticalDocument>`
  return {
    original: honest,
    originalSigned: forge(honest, key, { uri: '#doc1' }),
    signature,
    signatureWith: (content: string) => changed(signature, '</Signature>', `${content}</Signature>`),
    root: (last: string) => rootAround('', '', last),
    rootAround,
  }
}

/** Not even read as XML; each is certain before the Signature is looked at. */
const bareXml: Record<string, [code: string, edit: (document: string) => string | Buffer]> = {
  'a DOCTYPE': ['400 xml-doctype', d => `<!DOCTYPE CriticalDocument>${d}`],
  'an external entity': [
    '400 xml-doctype',
    d => `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>${d.replace('Lunch', '&e;')}`,
  ],
  'a billion laughs': [
    '400 xml-doctype',
    d =>
      `<!DOCTYPE a [<!ENTITY l0 "lol"><!ENTITY l1 "&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;">]>${d.replace('Lunch', '&l1;')}`,
  ],
  'an entity without a DOCTYPE': ['400 xml-malformed', d => d.replace('Lunch', '&e;')],
  'a processing instruction spliced into text': [
    '400 xml-processing-instruction',
    d => d.replace('Lunch', 'Lu<?x 00?>nch'),
  ],
  'a comment spliced into text': ['400 xml-comment', d => d.replace('Lunch', 'Lu<!-- x -->nch')],
  'a comment spliced into the sender': ['400 xml-comment', d => d.replace('MINISTRY 1', 'MINISTRY<!---->1')],
  'a comment after the root': ['400 xml-comment', d => `${d}<!-- x -->`],
  'a stylesheet instruction': ['400 xml-processing-instruction', d => `<?xml-stylesheet href="x"?>${d}`],
  'an attribute whose name begins with xmlns': ['400 xml-name', d => d.replace('<Data>', '<Data xmlnsx="1">')],
  'xml:base': ['400 xml-name', d => d.replace('<Data>', '<Data xml:base="urn:x">')],
  'an element whose name begins with xml': ['400 xml-name', d => d.replaceAll('Data>', 'XmlData>')],
  'a relative namespace URI': ['400 xml-namespace', d => d.replace('<Data>', '<Data xmlns:a="b">')],
  'an undeclared prefix': ['400 xml-namespace', d => d.replace('<Data>', '<Data a:b="1">')],
  'two attributes of one expanded name': [
    '400 xml-namespace',
    d => d.replace('<Data>', '<Data xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="1">'),
  ],
  'two attributes of one name': ['400 xml-malformed', d => d.replace('<Data>', '<Data a="1" a="1">')],
  'a quote in a namespace URI that swallows an attribute': [
    '400 xml-malformed',
    d => d.replace('<Data>', `<Data xmlns:a="urn:x"b="1">`),
  ],
  'an unquoted attribute': ['400 xml-malformed', d => d.replace('<Data>', '<Data a=1>')],
  'a second root': ['400 xml-malformed', d => `${d}<CriticalDocument/>`],
  'trailing text': ['400 xml-malformed', d => `${d}x`],
  'a bare ampersand': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch & more')],
  'CDATA end in text': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch]]>')],
  'a control character': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch\u0001')],
  'U+FFFE': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch\ufffe')],
  'a cut-off document': ['400 xml-malformed', d => d.slice(0, -5)],
  nothing: ['400 xml-malformed', () => ''],
  'XML 1.1': ['400 xml-malformed', d => `<?xml version="1.1"?>${d}`],
  'UTF-16': ['400 xml-encoding', d => Buffer.from(`\ufeff${d}`, 'utf16le')],
  'UTF-16 without a byte order mark': ['400 xml-encoding', d => Buffer.from(d, 'utf16le')],
  'a declared encoding other than UTF-8': ['400 xml-encoding', d => `<?xml version="1.0" encoding="ISO-8859-1"?>${d}`],
  'Latin-1 bytes': ['400 xml-encoding', d => Buffer.from(d.replace('Lunch', 'L\u00fcnch'), 'latin1')],
  'an overlong UTF-8 form': ['400 xml-encoding', d => Buffer.concat([Buffer.from(d), Buffer.of(0xc0, 0xbc)])],
  'elements nested too deep': ['400 xml-limit', d => d.replace('Lunch', `${'<a>'.repeat(62)}${'</a>'.repeat(62)}`)],
  'too many attributes': [
    '400 xml-limit',
    d => d.replace('<Data>', `<Data${Array.from({ length: 65 }, (_, i) => ` a${i}=""`).join('')}>`),
  ],
  'too many namespaces': [
    '400 xml-limit',
    d => d.replace('<Data>', `<Data${Array.from({ length: 65 }, (_, i) => ` xmlns:a${i}="urn:x"`).join('')}>`),
  ],
  'a name too long': ['400 xml-limit', d => d.replaceAll('Data>', `${'D'.repeat(1025)}>`)],
  'an attribute too long': ['400 xml-limit', d => d.replace('<Data>', `<Data a="${'x'.repeat(65537)}">`)],
}

/** Signed well by the sender, and still not acceptable. */
const envelopes: Record<string, [code: string, document: () => string]> = {
  'a foreign SenderID': ['403 sender-mismatch', () => write({ from: 'MINISTRY 3_SEG01' })],
  'a foreign ReceiverID': ['422 receiver-mismatch', () => write({ to: 'MINISTRY 3_SEG01' })],
  'a stale timestamp': ['422 timestamp-stale', () => write({ timestamp: now(-310) })],
  'a timestamp in the future': ['422 timestamp-stale', () => write({ timestamp: now(310) })],
  'a day that does not exist': ['422 timestamp-malformed', () => write({ timestamp: '2026-02-30T00:00:00Z' })],
  'a time with a zone': ['422 timestamp-malformed', () => write({ timestamp: '2026-11-23T12:00:00+00:00' })],
  'the placeholder': ['422 timestamp-malformed', () => write({ timestamp: 'YYYY-MM-DDTHH:MM:SSZ' })],
  'an id that is a path': ['422 envelope-malformed', () => write({ id: '../../etc/passwd' })],
  'an id too long': ['422 envelope-malformed', () => write({ id: 'a'.repeat(129) })],
  'no id': ['422 envelope-malformed', () => write().replace(' id="doc1"', '')],
  'another attribute on the root': ['422 envelope-malformed', () => write().replace(' id="doc1"', ' id="doc1" x="1"')],
  'a root of another name': ['422 envelope-malformed', () => write().replaceAll('CriticalDocument', 'Document')],
  'a root in a namespace': [
    '422 envelope-malformed',
    () => write().replace('<CriticalDocument id', '<CriticalDocument xmlns="urn:x" id'),
  ],
  'a child missing': ['422 envelope-malformed', () => write().replace(/<SenderID>.*<\/SenderID>/, '')],
  'a child twice': ['422 envelope-malformed', () => write().replace(/(<SenderID>.*<\/SenderID>)/, '$1$1')],
  'children in another order': [
    '422 envelope-malformed',
    () => write().replace(/(<SenderID>.*<\/SenderID>)(<ReceiverID>.*<\/ReceiverID>)/, '$2$1'),
  ],
  'an element in the sender': ['422 envelope-malformed', () => write({ from: '<b>MINISTRY</b>' })],
  'a sender with a space at its end': ['422 envelope-malformed', () => write({ from: `${senderId} ` })],
  'text between the children': ['422 envelope-malformed', () => write().replace('<Payload>', 'x<Payload>')],
  'a child behind the payload': [
    '422 envelope-malformed',
    () => write().replace('</CriticalDocument>', '<More></More></CriticalDocument>'),
  ],
}

t.test('refuses', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const other = await loadIdentity(await makeCerts(t), 'sender')
  const cases = [
    ...Object.entries(attacks),
    ...Object.entries(wrappings).map(
      ([name, [code, make]]) => [name, [code, (key: ForgingKey) => make(wrap(key))]] as const,
    ),
    ...Object.entries(bareXml).map(
      ([name, [code, edit]]) => [name, [code, (key: ForgingKey) => edit(forge(honest, key))]] as const,
    ),
    ...Object.entries(envelopes).map(
      ([name, [code, document]]) => [name, [code, (key: ForgingKey) => forge(document(), key)]] as const,
    ),
  ]
  for (const [name, [code, make]] of cases) {
    await t.test(name, async t => {
      const answer = await post(gateway, Buffer.from(make(gateway.sender, other)))
      t.equal(refusalOf(answer), code)
      t.notMatch(answer.body.toString(), /expected|found/, 'the detail stays here')
      t.same(await Array.fromAsync(gateway.gate.ledger.list()), [], 'nothing is stored')
    })
  }

  await t.test('but takes the honest document, so that these tests can fail', async t => {
    t.equal((await post(gateway, Buffer.from(forge(honest, gateway.sender)))).status, 201)
    t.equal((await call(gateway, { path: '/v1/receipts/doc1' })).status, 200)
  })
})

t.test('an RSA sender is held to the same', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const forged = forge(write(), { key: privateKey, certificate: gateway.sender.certificate })
  t.equal(refusalOf(await post(gateway, Buffer.from(forged))), '422 signature-algorithm')
})
