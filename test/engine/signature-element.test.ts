// The Signature element as the profile has it: what may stand in it and in KeyInfo, and what each
// refusal says.
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { type Changes, DSIG, forge, forgeSignature, x509 } from '../../packages/sender/src/attack/forging.ts'
import { issue, makeIssuer } from '../support/certificates.ts'

const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload>text</Payload></CriticalDocument>'
const signer = issue({}, makeIssuer('CA'))
const other = issue({}, makeIssuer('CA'))
const verify = (document: string) => verifyDocument(Buffer.from(document), signer.certificate)
const verifyWith = (changes: Changes) => verify(forge(canonical, signer, changes))
const DSIG11 = 'http://www.w3.org/2009/xmldsig11#'
const certificate = `<X509Certificate>${signer.certificate.raw.toString('base64')}</X509Certificate>`
const encodedOther = other.certificate.raw.toString('base64')

t.test('lets stand what KeyInfo may hold, and uses none of it', async t => {
  const own = x509(signer.certificate)
  const good: Record<string, string> = {
    nothing: '',
    'an Id': `<KeyInfo Id="k">${own}</KeyInfo>`,
    names: '<KeyInfo><KeyName>a</KeyName><KeyName>b</KeyName></KeyInfo>',
    'a key value': '<KeyInfo><KeyValue><RSAKeyValue></RSAKeyValue></KeyValue></KeyInfo>',
    'a key value in DER': `<KeyInfo><DEREncodedKeyValue xmlns="${DSIG11}">AAAA</DEREncodedKeyValue></KeyInfo>`,
    'a name, a certificate and a name': `<KeyInfo><KeyName>a</KeyName>${own}<KeyName>b</KeyName></KeyInfo>`,
    'the certificate twice': `<KeyInfo>${own}<X509Data>${certificate}${certificate}</X509Data></KeyInfo>`,
    'white space': `<KeyInfo>\n<X509Data>\n${certificate.replace(/>(.{64})/, '>\n$1 \t')}\n</X509Data>\n</KeyInfo>`,
    'the other parts of X509Data':
      `<KeyInfo><X509Data><X509IssuerSerial></X509IssuerSerial><X509SKI></X509SKI>${certificate}<X509SubjectName>` +
      `</X509SubjectName><X509CRL></X509CRL><X509Digest xmlns="${DSIG11}"></X509Digest></X509Data></KeyInfo>`,
    'X509Data without anything': '<KeyInfo><X509Data></X509Data></KeyInfo>',
  }
  for (const [what, keyInfo] of Object.entries(good)) t.equal(verifyWith({ keyInfo }).id, 'a', what)
})

t.test('refuses anything else in KeyInfo', async t => {
  const unexpected = (local: string, parent: string, uri = DSIG) =>
    `unexpected "${local}" of namespace "${uri}" in "${parent}"`
  const bad: Record<string, [keyInfo: string, detail: string | RegExp, code?: string]> = {
    nothing: ['<KeyInfo></KeyInfo>', 'expected something in KeyInfo, found nothing'],
    'an attribute': [`<KeyInfo a="b">${x509(signer.certificate)}</KeyInfo>`, 'unexpected attribute "a" on "KeyInfo"'],
    'an Id in a namespace': [
      `<KeyInfo xmlns:p="urn:p" p:Id="k">${x509(signer.certificate)}</KeyInfo>`,
      'unexpected attribute "Id" on "KeyInfo"',
    ],
    'an attribute on X509Data': [
      '<KeyInfo><X509Data Id="a"></X509Data></KeyInfo>',
      'unexpected attribute "Id" on "X509Data"',
    ],
    'an attribute on the certificate': [
      `<KeyInfo><X509Data>${certificate.replace('>', ' Id="a">')}</X509Data></KeyInfo>`,
      'unexpected attribute "Id" on "X509Certificate"',
    ],
    'an element in the certificate': [
      '<KeyInfo><X509Data><X509Certificate><a></a></X509Certificate></X509Data></KeyInfo>',
      'expected text only in "X509Certificate"',
    ],
    text: ['<KeyInfo> a </KeyInfo>', 'expected no text in "KeyInfo", found "a"'],
    'text in X509Data': ['<KeyInfo><X509Data>a</X509Data></KeyInfo>', 'expected no text in "X509Data", found "a"'],
    'a link': ['<KeyInfo><RetrievalMethod></RetrievalMethod></KeyInfo>', unexpected('RetrievalMethod', 'KeyInfo')],
    'a link behind a name': [
      '<KeyInfo><KeyName></KeyName><MgmtData></MgmtData></KeyInfo>',
      unexpected('MgmtData', 'KeyInfo'),
    ],
    'a certificate without X509Data': [`<KeyInfo>${certificate}</KeyInfo>`, unexpected('X509Certificate', 'KeyInfo')],
    'a name of another namespace': [
      '<KeyInfo><KeyName xmlns="urn:a"></KeyName></KeyInfo>',
      unexpected('KeyName', 'KeyInfo', 'urn:a'),
    ],
    'a key value in DER of another namespace': [
      '<KeyInfo><DEREncodedKeyValue></DEREncodedKeyValue></KeyInfo>',
      unexpected('DEREncodedKeyValue', 'KeyInfo'),
    ],
    'something else in X509Data': [
      '<KeyInfo><X509Data><KeyName></KeyName></X509Data></KeyInfo>',
      unexpected('KeyName', 'X509Data'),
    ],
    'a digest of a certificate in another namespace': [
      '<KeyInfo><X509Data><X509Digest></X509Digest></X509Data></KeyInfo>',
      unexpected('X509Digest', 'X509Data'),
    ],
    'the certificate of another': [
      `<KeyInfo>${x509(other.certificate)}</KeyInfo>`,
      /^expected no certificate in KeyInfo but the sender's own, found /,
      'signature-key',
    ],
    'a certificate that is no base64': [
      `<KeyInfo><X509Data><X509Certificate>-${encodedOther.slice(0, 20)}</X509Certificate></X509Data></KeyInfo>`,
      `X509Certificate is not strict base64: "-${encodedOther.slice(0, 20)}"`,
    ],
  }
  for (const [what, [keyInfo, detail, code = 'signature-malformed']] of Object.entries(bad))
    t.throws(() => verifyWith({ keyInfo }), { code, detail }, what)
})

t.test('refuses a Signature of another form', async t => {
  const change = (from: string | RegExp, to: string) => ({ signature: (xml: string) => xml.replace(from, to) })
  const bad: Record<string, [change: Changes, detail: string | RegExp]> = {
    'nothing in it': [
      change(/(<Signature [^>]*>).*(<\/Signature>)/, '$1$2'),
      'expected SignedInfo in "Signature", found its end',
    ],
    'no SignatureValue': [
      change(/<SignatureValue>.*<\/SignatureValue>/, ''),
      `expected SignatureValue in "Signature", found "KeyInfo" of namespace "${DSIG}"`,
    ],
    'SignatureValue first': [
      change(/(<SignedInfo .*<\/SignedInfo>)(<SignatureValue>.*<\/SignatureValue>)/, '$2$1'),
      `expected SignedInfo in "Signature", found "SignatureValue" of namespace "${DSIG}"`,
    ],
    'an attribute': [change('<Signature ', '<Signature a="" '), 'unexpected attribute "a" on "Signature"'],
    'xml:lang': [change('<Signature ', '<Signature xml:lang="en" '), 'unexpected attribute "lang" on "Signature"'],
    'an attribute on SignedInfo': [
      change('<SignedInfo ', '<SignedInfo a="" '),
      'unexpected attribute "a" on "SignedInfo"',
    ],
    'an attribute on SignatureValue': [
      change('<SignatureValue>', '<SignatureValue a="">'),
      'unexpected attribute "a" on "SignatureValue"',
    ],
    'an element in SignatureValue': [
      change('<SignatureValue>', '<SignatureValue><a/>'),
      'expected text only in "SignatureValue"',
    ],
    'base64 without its padding': [
      change('=</SignatureValue>', '</SignatureValue>'),
      /^SignatureValue is not strict base64: "/,
    ],
    'two KeyInfos': [
      change(/(<KeyInfo>.*<\/KeyInfo>)/, '$1$1'),
      `unexpected "KeyInfo" of namespace "${DSIG}" in "Signature"`,
    ],
  }
  for (const [what, [changes, detail]] of Object.entries(bad))
    t.throws(() => verifyWith(changes), { code: 'signature-malformed', detail }, what)
})

t.test('accepts an Id on the parts of a Signature, and white space between them', async t => {
  const signature = (xml: string) =>
    xml
      .replace('<Signature ', '<Signature Id="s" ')
      .replace('<SignatureValue>', '\n<SignatureValue Id="v">\n')
      .replace('<KeyInfo', '\t<KeyInfo')
  const signedInfo = (xml: string) =>
    xml.replace(/(<SignedInfo [^>]*)>/, '$1 Id="i">').replace('<Reference ', '\n  <Reference Id="r" ')
  t.equal(verifyWith({ signature, signedInfo }).id, 'a')
})

t.test('the Signature may stand first or last, and have a prefix that is declared outside', async t => {
  const root = `<CriticalDocument xmlns:ds="${DSIG}" id="a">`
  const open = canonical.replace('<CriticalDocument id="a">', root)
  // Exclusive C14N of SignedInfo declares the prefix there.
  const withPrefix = (xml: string) => xml.replace(/<(\/?)(?=[A-Z])/g, '<$1ds:').replace(' xmlns=', ' xmlns:ds=')
  const signature = forgeSignature(canonical, signer, {
    signedInfo: withPrefix,
    signature: xml => xml.replace(/<(\/?)(?=[A-Z])/g, '<$1ds:').replace(/ xmlns="[^"]*"/, ''),
  })
  for (const document of [
    open.replace(root, root + signature),
    open.replace('</CriticalDocument>', `${signature}</CriticalDocument>`),
  ])
    t.equal(verify(document).id, 'a')
})

t.test('the Reference names the document element by any of its ids', async t => {
  const withIds = canonical.replace('id="a"', 'ID="c" Id="b" id="a"')
  for (const uri of ['#a', '#b', '#c', '']) {
    // Ids other than `id` are no part of an envelope, which is looked at last.
    const detail = 'unexpected attribute "ID" on CriticalDocument'
    t.throws(() => verify(forge(withIds, signer, { uri })), { code: 'envelope-malformed', detail }, uri)
  }
  t.equal(verifyWith({ uri: '#a' }).id, 'a')
  for (const uri of ['#b', 'a', '##a', '#'])
    t.throws(() => verifyWith({ uri }), {
      code: 'signature-reference',
      detail: `expected a Reference to "" or "#a", found "${uri}"`,
    })
})

t.test('takes one Signature, a child of the document element', async t => {
  const signature = forgeSignature(canonical, signer)
  const refused = (document: string, code: string, detail: string) => t.throws(() => verify(document), { code, detail })
  refused(canonical, 'signature-missing', 'expected one ds:Signature as a child of the document element, found none')
  const other = canonical.replace('text', signature.replaceAll(DSIG, 'urn:a'))
  refused(other, 'signature-missing', 'expected one ds:Signature as a child of the document element, found none')
  const misplaced = 'expected ds:Signature as a child of the document element, found it at depth'
  refused(canonical.replace('text', signature), 'signature-misplaced', `${misplaced} 3`)
  refused(canonical.replace('text', `<a><b>${signature}</b></a>`), 'signature-misplaced', `${misplaced} 5`)
  refused(signature, 'signature-misplaced', `${misplaced} 1`)
  const prefixed = `<p:a xmlns:p="${DSIG}"><p:Signature></p:Signature></p:a>`
  refused(canonical.replace('text', prefixed), 'signature-misplaced', `${misplaced} 4`)
  const signed = forge(canonical, signer)
  const at = signed.indexOf('</CriticalDocument>')
  const second = `a second ds:Signature (byte ${at}, line 1, column ${at + 1})`
  refused(signed.replace('</CriticalDocument>', `${signature}$&`), 'signature-multiple', second)
  refused(signed.replace('<KeyInfo>', `<KeyInfo>${signature}`), 'signature-multiple', 'a second ds:Signature (byte')
})

t.test('a signature value of white space is one of no bytes', async t => {
  const signature = (xml: string) => xml.replace(/(<SignatureValue>).*(<\/SignatureValue>)/, '$1 \n$2')
  t.throws(() => verifyWith({ signature }), {
    code: 'signature-value',
    detail: 'expected a signature value of 64 bytes, found 0',
  })
})
