// Receipts: what is sealed is read back, and nothing else is.
import { createHash, generateKeyPairSync, type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, type Identity, loadIdentity } from '@seg/pki'
import { openReceiptSeal, type ReceiptFacts, type SigningMethod, verifyReceipt } from '@seg/xmldsig'
import { askXmlCrypto } from '@seg/xmldsig/second-opinion'
import t from 'tap'
import { DSIG_NAMESPACE } from '../../packages/xmldsig/src/xml/namespaces.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-receipt-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
await generate({ out: folder, key: 'ec-p256' })
const seal = await loadIdentity(folder, 'seal')

const facts: ReceiptFacts = {
  receiverId: 'MINISTRY <2> & "SEG"',
  senderId: 'MINISTRY 1_SEG01',
  documentId: 'doc1',
  documentDigest: createHash('sha256').update('document').digest(),
  referenceDigest: createHash('sha256').update('reference').digest(),
  acceptedAt: '2026-11-23T12:00:00.123Z',
  logEntry: {
    index: 7,
    treeSize: 12,
    leaf: Buffer.from('{"v":1,"sender":"<&>"}'),
    opening: { facts: Buffer.from('{}'), nonce: Buffer.alloc(32, 3) },
    proof: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
    checkpoint: 'MINISTRY%202_SEG01\n12\nroot\n\n\u2014 MINISTRY%202_SEG01 signature\n',
  },
}
const receipt = openReceiptSeal(seal)(facts)
const verify = (bytes: Uint8Array, trust: (certificate: X509Certificate) => void = () => {}) =>
  verifyReceipt(bytes, trust)

t.test('facts come back as they were sealed, with the certificate', async t => {
  const { certificate, ...read } = verify(receipt)
  t.same(read, facts)
  t.ok(certificate.raw.equals(seal.certificate.raw))
  for (const change of [{ proof: [] }, { opening: undefined }]) {
    const logEntry = { ...facts.logEntry, ...change }
    t.same(verify(openReceiptSeal(seal)({ ...facts, logEntry })).logEntry, logEntry)
  }
})

t.test('xml-crypto finds the octets signed that were digested', async t => {
  const canonical = receipt
    .toString()
    .replace(/<Signature .*<\/Signature>/s, '')
    .trimEnd()
  const digest = createHash('sha256').update(canonical).digest()
  t.doesNotThrow(() => askXmlCrypto(receipt, seal.certificate, { digestAlgorithm: 'sha256', digest }))
})

t.test('keys of the profile seal, others do not', async t => {
  await generate({ out: join(folder, 'rsa'), key: 'rsa-2048' })
  const rsa = await loadIdentity(join(folder, 'rsa'), 'sender')
  t.match(openReceiptSeal(rsa)(facts).toString(), 'rsa-sha256')
  const { privateKey } = generateKeyPairSync('ed448')
  t.throws(() => openReceiptSeal({ ...seal, key: privateKey }), { code: 'configuration' })
})

t.test('a changed byte is found, wherever it is', async t => {
  // The certificate in KeyInfo is not under the signature: whoever trusts it has looked at it.
  const isTheSeal = ({ raw }: X509Certificate) => {
    if (!raw.equals(seal.certificate.raw)) throw new Fault('certificate-invalid', 'another certificate')
  }
  for (let at = 0; at < receipt.length - 1; at++) {
    const changed = Buffer.from(receipt)
    changed[at]! ^= 1
    t.throws(() => verify(changed, isTheSeal), { code: 'receipt-invalid' }, `byte ${at}`)
  }
})

t.test('a receipt by a key that is elsewhere must verify with the certificate, or it is none', async t => {
  const asked: SigningMethod[] = []
  const holder = (key: KeyObject) => ({
    signNow(octets: Buffer, method: SigningMethod) {
      asked.push(method)
      return sign(method.hash, octets, { key, dsaEncoding: 'ieee-p1363' })
    },
  })
  const { certificate } = seal
  const sealed = openReceiptSeal({ key: holder(seal.key), certificate })(facts)
  t.match(verify(sealed), facts)
  t.same(asked, [{ kind: 'ec', hash: 'sha256' }])
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  t.throws(() => openReceiptSeal({ key: holder(privateKey), certificate })(facts), {
    code: 'configuration',
    detail: /not the key of the certificate of "CN=/,
  })
})

t.test('a seal that is not trusted is refused, and nothing is read under it', async t => {
  const trust = () => {
    throw new TypeError('not trusted')
  }
  t.throws(() => verify(receipt, trust), { message: 'not trusted' })
})

/** Sealed as ours are, but saying something else. */
function sealText(
  change: (xml: string) => string,
  { key, certificate }: Pick<Identity, 'key' | 'certificate'> = seal,
  keyInfo?: string,
): Buffer {
  const text = change(
    receipt
      .toString()
      .replace(/<Signature .*<\/Signature>/s, '')
      .trimEnd(),
  )
  const digest = createHash('sha256').update(text).digest('base64')
  const signed = receipt
    .toString()
    .match(/<SignedInfo>(.*)<\/SignedInfo>/s)![1]!
    .replace(/(<DigestValue>)[^<]+/, `$1${digest}`)
  const octets = `<SignedInfo xmlns="${DSIG_NAMESPACE}">${signed}</SignedInfo>`
  const value = sign('sha256', Buffer.from(octets), { key, dsaEncoding: 'ieee-p1363' }).toString('base64')
  const info =
    keyInfo ?? `<X509Data><X509Certificate>${certificate.raw.toString('base64')}</X509Certificate></X509Data>`
  const signature =
    `<Signature xmlns="${DSIG_NAMESPACE}"><SignedInfo>${signed}</SignedInfo>` +
    `<SignatureValue>${value}</SignatureValue><KeyInfo>${info}</KeyInfo></Signature>`
  const end = text.lastIndexOf('</')
  return Buffer.from(`${text.slice(0, end)}${signature}${text.slice(end)}`)
}

t.test('a receipt of another form is refused though its seal is good', async t => {
  t.equal(verify(sealText(xml => xml)).documentId, 'doc1')
  const changes: Record<string, (xml: string) => string> = {
    'another namespace': xml => xml.replace('urn:seg:receipt:1', 'urn:seg:receipt:2'),
    'another name': xml => xml.replaceAll('Receipt>', 'Reciept>').replace('<Receipt ', '<Reciept '),
    'an attribute': xml =>
      xml.replace('<Receipt ', '<Receipt a="b" ').replace(/(<Receipt) (a="b") (xmlns="[^"]*")/, '$1 $3 $2'),
    'an attribute on a child': xml => xml.replace('<Index>', '<Index a="b">'),
    'an attribute on Proof': xml => xml.replace('<Proof>', '<Proof a="b">'),
    'an attribute on LogEntry': xml => xml.replace('<LogEntry>', '<LogEntry a="b">'),
    'an element in a text': xml => xml.replace('<Index>7', '<Index><a></a>7'),
    'a child missing': xml => xml.replace(/ {2}<SenderID>.*\n/, ''),
    'another order': xml => xml.replace(/( {2}<SenderID>.*\n)( {2}<DocumentID>.*\n)/, '$2$1'),
    'a child too many': xml => xml.replace('</LogEntry>', '</LogEntry><More></More>'),
    'a child too many in LogEntry': xml => xml.replace('</LogEntry>', '<More></More></LogEntry>'),
    'another child in Proof': xml => xml.replace('<Proof>', '<Proof><More></More>'),
    'a name that is none': xml => xml.replace('<DocumentID>doc1', '<DocumentID>doc 1'),
    'a digest that is no base64': xml => xml.replace('<DocumentDigest>', '<DocumentDigest>!'),
    'a time that does not exist': xml => xml.replace('2026-11-23', '2026-02-30'),
    'an index with a zero in front': xml => xml.replace('<Index>7', '<Index>07'),
    'an index that no number can hold': xml => xml.replace('<Index>7', `<Index>${'9'.repeat(16)}`),
    'text between the elements': xml => xml.replace('<SenderID>', 'x<SenderID>'),
  }
  for (const [what, change] of Object.entries(changes))
    t.throws(() => verify(sealText(change)), { code: 'receipt-invalid' }, what)
})

t.test('KeyInfo must hold one certificate that can be read', async t => {
  t.throws(
    () => verify(sealText(xml => xml, seal, '<KeyName>a</KeyName>')),
    /expected one certificate in KeyInfo, found 0/,
  )
  const bad = '<X509Data><X509Certificate>AAAA</X509Certificate></X509Data>'
  t.throws(() => verify(sealText(xml => xml, seal, bad)), /the certificate in KeyInfo cannot be read/)
})
