// A signer's Signatures are recognized by their form: that must never make a difference to the
// verdict.
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, loadIdentity } from '@seg/pki'
import { openVerifier, type VerifiedDocument, Verifier, verifyDocument } from '@seg/xmldsig'
import { signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { DSIG, forge, forgeSignature } from '../../packages/sender/src/attack/forging.ts'
import { readVerificationKey } from '../../packages/xmldsig/src/signature/verification-key.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-form-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
await generate({ out: folder, key: 'ec-p256' })
const key = await loadIdentity(folder, 'sender')
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const document = (text: string, root = '') =>
  Buffer.from(`<CriticalDocument id="doc1"${root}>
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>
  <Payload>${text}</Payload>
</CriticalDocument>
`)
/** As many signers write them: values broken into lines. */
const wrapLines = (signed: Buffer) =>
  Buffer.from(
    signed
      .toString()
      .replace(/(<SignatureValue>)([^<]+)/, (_, tag, value) => `${tag}\n${value.replace(/.{64}/g, '$&\n')}\n`),
  )
const signed = wrapLines(await signDocument(document('one'), key))
const fresh = () => new X509Certificate(key.certificate.raw)

/** A certificate whose holder's form is known. */
function warm(): X509Certificate {
  const certificate = fresh()
  verifyDocument(signed, certificate)
  t.not(readVerificationKey(certificate).signatureCache.form, undefined)
  return certificate
}

function verdictOf(verify: () => VerifiedDocument): unknown {
  try {
    return verify()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.message
  }
}

t.test('with any byte of a document changed, the verdict is the one without the form, to the letter', async t => {
  const certificate = warm()
  const from = signed.indexOf('<Signature')
  let recognized = 0
  for (let at = from; at < signed.length; at++) {
    for (const octet of [signed[at]! ^ 1, signed[at]! ^ 0x20, 0x26, 0x3c, 0x0a, 0x20, 0x41, 0]) {
      const changed = Buffer.from(signed)
      changed[at] = octet
      const expected = verdictOf(() => verifyDocument(changed, fresh()))
      const found = verdictOf(() => verifyDocument(changed, certificate))
      if (JSON.stringify(found) !== JSON.stringify(expected)) t.same(found, expected, `byte ${at} changed to ${octet}`)
      recognized++
    }
  }
  t.ok(recognized > 10_000, `${recognized} changes`)
})

t.test('the next document of a signer is recognized, and accepted with its own digest', async t => {
  const certificate = warm()
  const next = wrapLines(await signDocument(document('two'), key))
  t.same(verifyDocument(next, certificate), verifyDocument(next, fresh()))
  t.not(
    verifyDocument(next, certificate).signature.digest.toString('hex'),
    verifyDocument(signed, certificate).signature.digest.toString('hex'),
  )
})

t.test('a document in pieces is accepted whether its Signature is whole in one of them or not', async t => {
  const certificate = warm()
  for (let size = 1; size < signed.length; size += 97) {
    const verifier = openVerifier(certificate)
    for (let at = 0; at < signed.length; at += size) verifier.write(signed.subarray(at, at + size))
    const verdict = verifier.end()
    t.notOk(verdict instanceof Verifier)
    t.same(verdict, verifyDocument(signed, fresh()), `pieces of ${size} bytes`)
  }
})

t.test('a Signature that is cut is not looked for behind the piece that it begins in', async t => {
  const certificate = warm()
  const long = wrapLines(await signDocument(document('x'.repeat(5000)), key))
  const from = long.indexOf('<Signature')
  for (const bytes of [20, 300, 700]) {
    const verifier = openVerifier(certificate)
    for (const [start, end] of [
      [0, from],
      [from, from + bytes],
      [from + bytes, long.length],
    ])
      verifier.write(Buffer.from(long.subarray(start, end)))
    t.match(verifier.end(), { id: 'doc1' }, `${bytes} bytes of it`)
  }
})

t.test('a Signature of the form under another key, over another text, or twice in a document is refused', async t => {
  const certificate = warm()
  const refused = (bytes: Buffer, code: string) => t.throws(() => verifyDocument(bytes, certificate), { code })
  const foreign = wrapLines(await signDocument(document('one'), { ...key, key: other }))
  refused(foreign, 'signature-value')
  refused(Buffer.from(signed.toString().replace('>one<', '>two<')), 'signature-digest')
  const signature = signed.toString().match(/<Signature [\s\S]*<\/Signature>/)![0]
  refused(Buffer.from(signed.toString().replace(signature, `${signature}${signature}`)), 'signature-multiple')
  refused(Buffer.from(signed.toString().replace(signature, '').replace('one', signature)), 'signature-misplaced')
})

t.test('positions below a Signature that was recognized are the same', async t => {
  const broken = Buffer.from(signed.toString().replace('</CriticalDocument>', '&</CriticalDocument>'))
  t.equal(
    verdictOf(() => verifyDocument(broken, warm())),
    verdictOf(() => verifyDocument(broken, fresh())),
  )
})

t.test('other namespaces in scope make another form: SignedInfo may be read by them', async t => {
  const canonical = document('one').toString().trimEnd()
  const inclusive = forge(canonical, key, { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' })
  const certificate = fresh()
  t.equal(verifyDocument(Buffer.from(inclusive), certificate).id, 'doc1')
  t.not(readVerificationKey(certificate).signatureCache.form, undefined)
  const moved = Buffer.from(inclusive.replace('<CriticalDocument', '<CriticalDocument xmlns:p="urn:p"'))
  t.throws(() => verifyDocument(moved, fresh()), { code: 'signature-value' })
  t.throws(() => verifyDocument(moved, certificate), { code: 'signature-value' })
})

t.test('no form is stored of a Signature whose values are not base64 as written', async t => {
  const [, digest, value] = /<DigestValue>(.)[^<]*<.*<SignatureValue>\s*(.)/s.exec(signed.toString())!
  const changes: Record<string, [from: RegExp, to: string]> = {
    'a reference in SignatureValue': [/(<SignatureValue>\s*)./, `$1&#${value!.charCodeAt(0)};`],
    'CDATA in SignatureValue': [/(<SignatureValue>\s*)./, `$1<![CDATA[${value}]]>`],
    'a carriage return in SignatureValue': [/(<SignatureValue>)\s*/, '$1\r\n'],
    'a reference in DigestValue': [/(<DigestValue>)./, `$1&#${digest!.charCodeAt(0)};`],
  }
  for (const [what, [from, to]] of Object.entries(changes)) {
    const certificate = fresh()
    for (let i = 0; i < 2; i++)
      t.equal(verifyDocument(Buffer.from(signed.toString().replace(from, to)), certificate).id, 'doc1', what)
    t.equal(readVerificationKey(certificate).signatureCache.form, undefined, what)
  }
})

t.test('a Signature with a prefix that is declared outside is recognized, too', async t => {
  const root = `<CriticalDocument xmlns:ds="${DSIG}" id="doc1">`
  const canonical = document('one').toString().trimEnd()
  const prefix = (xml: string) => xml.replace(/<(\/?)(?=[A-Z])/g, '<$1ds:')
  const signature = forgeSignature(canonical, key, {
    signedInfo: xml => prefix(xml).replace(' xmlns=', ' xmlns:ds='),
    signature: xml => prefix(xml.replace(/<(\/?)ds:/g, '<$1')).replace(/^(<ds:Signature) xmlns="[^"]*"/, '$1'),
  })
  const opened = canonical.replace(/^<CriticalDocument [^>]*>/, root)
  for (const text of [
    opened.replace(root, root + signature),
    opened.replace('</CriticalDocument>', `${signature}$&`),
  ]) {
    const holder = fresh()
    const first = verifyDocument(Buffer.from(text), holder)
    const { form } = readVerificationKey(holder).signatureCache
    t.not(form, undefined)
    t.same(verifyDocument(Buffer.from(text), holder), first)
    t.equal(readVerificationKey(holder).signatureCache.form, form)
    t.throws(() => verifyDocument(Buffer.from(text.replace('>one<', '>two<')), holder), { code: 'signature-digest' })
  }
})

t.test('a verifier with limits of its own uses and stores no form', async t => {
  const certificate = warm()
  t.throws(() => verifyDocument(signed, certificate, { limits: { signatureBytes: 100 } }), { code: 'xml-limit' })
  const cold = fresh()
  verifyDocument(signed, cold, { limits: { depth: 10 } })
  t.equal(readVerificationKey(cold).signatureCache.form, undefined)
})

t.test(
  'the forms of a signer who never writes two alike are stored ever more rarely, and its documents accepted',
  async t => {
    const certificate = fresh()
    let stored = 0
    let before: unknown
    for (let i = 0; i < 20; i++) {
      const text = (await signDocument(document('one'), key)).toString()
      const unique = text.replace('<SignatureValue>', `<SignatureValue Id="value-${i}">`)
      verifyDocument(Buffer.from(unique), certificate)
      const { form } = readVerificationKey(certificate).signatureCache
      if (form !== before) stored++
      before = form
    }
    t.equal(stored, 5, 'after 1, 2, 4, 8 and 16')
  },
)
