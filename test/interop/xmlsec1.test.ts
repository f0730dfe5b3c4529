// xmlsec1, the C library of this field: it accepts what we sign, and we accept what it signs.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, type Identity, loadIdentity } from '@seg/pki'
import { openReceiptSeal, verifyDocument } from '@seg/xmldsig'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'
import t, { type Test } from 'tap'
import { ENVELOPED, EXCLUSIVE, transform } from '../../packages/sender/src/attack/forging.ts'
import { needs, run } from '../support/programs.ts'
import { receiptFacts } from '../support/receipt-facts.ts'

const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const INCLUSIVE_11 = 'http://www.w3.org/2006/12/xml-c14n11'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'

const document = `<?xml version="1.0" encoding="UTF-8"?>
<CriticalDocument xml:lang="en" xmlns:u="urn:unused" id="doc1">
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>
  <Payload xmlns:p="urn:p">
    <p:a z='1' b="&quot;&#9;x" p:c="2" xmlns="urn:d"><q xmlns=""/>&lt; &#x41; <![CDATA[<&>]]> ü 𝄞</p:a>\r
  </Payload>
</CriticalDocument>
`

async function makeFolder(
  t: Test,
  key: 'rsa-2048' | 'ec-p256' | 'ec-p384' | 'ec-p521',
): Promise<{ folder: string; sender: Identity; seal: Identity }> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-interop-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await generate({ out: folder, key })
  return { folder, sender: await loadIdentity(folder, 'sender'), seal: await loadIdentity(folder, 'seal') }
}

const verify = (folder: string, certificate: string, file: string) =>
  run('xmlsec1', [
    '--verify',
    '--enabled-key-data',
    'key-name,rsa,ecdsa',
    '--pubkey-cert-pem',
    join(folder, certificate),
    file,
  ])

t.test('xmlsec1 accepts what we sign', needs('xmlsec1'), async t => {
  for (const key of ['rsa-2048', 'ec-p256', 'ec-p384', 'ec-p521'] as const) {
    await t.test(key, async t => {
      const { folder, sender, seal } = await makeFolder(t, key)
      const signed = join(folder, 'signed.xml')
      const bytes = await signDocument(prepareDocument(Buffer.from(document), { now: new Date() }), sender)
      await writeFile(signed, bytes)
      t.equal(verify(folder, 'sender.crt', signed).status, 0, 'the document')
      await writeFile(signed, bytes.toString().replace('MINISTRY 2', 'MINISTRY 3'))
      t.not(verify(folder, 'sender.crt', signed).status, 0, 'but not a changed one')
      const receipt = join(folder, 'receipt.xml')
      await writeFile(receipt, openReceiptSeal(seal)(receiptFacts))
      t.equal(verify(folder, 'seal.crt', receipt).status, 0, 'the receipt')
    })
  }
})

type Template = {
  method: string
  digest?: string
  canonicalization?: string
  transforms?: string
  uri?: string
  prefix?: string
  key?: 'rsa-2048' | 'ec-p256' | 'ec-p384'
}

const templates: Record<string, Template> = {
  'exclusive canonicalization': { method: `${MORE}rsa-sha256` },
  'inclusive canonicalization 1.0': {
    method: `${MORE}rsa-sha256`,
    canonicalization: INCLUSIVE,
    transforms: transform(ENVELOPED) + transform(INCLUSIVE),
  },
  'inclusive canonicalization 1.1': {
    method: `${MORE}rsa-sha256`,
    canonicalization: INCLUSIVE_11,
    transforms: transform(ENVELOPED) + transform(INCLUSIVE_11),
  },
  'no canonicalization transform': { method: `${MORE}rsa-sha256`, transforms: transform(ENVELOPED) },
  'exclusive with inclusive prefixes': {
    method: `${MORE}rsa-sha256`,
    transforms:
      transform(ENVELOPED) +
      transform(EXCLUSIVE, `<InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="u p #default"/>`),
  },
  'SignedInfo inclusive, document exclusive': { method: `${MORE}rsa-sha256`, canonicalization: INCLUSIVE },
  'the prefix ds': { method: `${MORE}rsa-sha256`, prefix: 'ds' },
  'RSA-SHA384 and SHA-384': { method: `${MORE}rsa-sha384`, digest: `${MORE}sha384` },
  'RSA-SHA512 and SHA-512': { method: `${MORE}rsa-sha512`, digest: 'http://www.w3.org/2001/04/xmlenc#sha512' },
  'ECDSA-SHA256 in P-256': { method: `${MORE}ecdsa-sha256`, key: 'ec-p256' },
  'ECDSA-SHA384 in P-384': { method: `${MORE}ecdsa-sha384`, key: 'ec-p384' },
}

function writeTemplate({
  method,
  digest = 'http://www.w3.org/2001/04/xmlenc#sha256',
  canonicalization = EXCLUSIVE,
  transforms = transform(ENVELOPED) + transform(EXCLUSIVE),
  uri = '',
  prefix = '',
}: Template): string {
  const signature = `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">
<SignedInfo><CanonicalizationMethod Algorithm="${canonicalization}"/><SignatureMethod Algorithm="${method}"/>
<Reference URI="${uri}"><Transforms>${transforms}</Transforms>\
<DigestMethod Algorithm="${digest}"/><DigestValue/></Reference></SignedInfo>
<SignatureValue/><KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>`
  const named =
    prefix === ''
      ? signature
      : signature.replace(/<(\/?)(?!Inclusive)(\w)/g, `<$1${prefix}:$2`).replace('xmlns=', `xmlns:${prefix}=`)
  return document.replace('</CriticalDocument>', `${named}</CriticalDocument>`)
}

t.test('we accept what xmlsec1 signs', needs('xmlsec1'), async t => {
  for (const [name, template] of Object.entries(templates)) {
    await t.test(name, async t => {
      const { folder, sender } = await makeFolder(t, template.key ?? 'rsa-2048')
      const file = join(folder, 'template.xml')
      const output = join(folder, 'signed.xml')
      await writeFile(file, writeTemplate(template))
      const keys = `${join(folder, 'sender.key')},${join(folder, 'sender.crt')}`
      const signed = run('xmlsec1', ['--sign', '--privkey-pem', keys, '--output', output, file])
      t.equal(signed.status, 0, signed.output)
      const bytes = await readFile(output)
      t.equal(verifyDocument(bytes, sender.certificate).id, 'doc1')
      const changed = Buffer.from(bytes.toString().replace('MINISTRY 2', 'MINISTRY 3'))
      t.throws(() => verifyDocument(changed, sender.certificate), { code: 'signature-digest' }, 'but not changed')
    })
  }
})
