// The JDK's XML signatures: it accepts what we sign, and we accept what it signs.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, type Identity, loadIdentity } from '@seg/pki'
import { openReceiptSeal, verifyDocument } from '@seg/xmldsig'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'
import t, { type Test } from 'tap'
import { EXCLUSIVE } from '../../packages/sender/src/attack/forging.ts'
import { needs, run } from '../support/programs.ts'
import { receiptFacts } from '../support/receipt-facts.ts'

const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const INCLUSIVE_11 = 'http://www.w3.org/2006/12/xml-c14n11'
const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'
const program = join(import.meta.dirname, 'Signer.java')
const hasJava = needs('java', ['-version'])

const document = `<?xml version="1.0" encoding="UTF-8"?>
<CriticalDocument xml:lang="en" xmlns:u="urn:unused" id="doc1">
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>
  <Payload xmlns:p="urn:p">
    <p:a z='1' b="&quot;&#9;x" p:c="2" xmlns="urn:d"><q xmlns=""/>&lt; &#x41; <![CDATA[<&>]]> ü 𝄞&#13;</p:a>
  </Payload>
</CriticalDocument>
`

type KeyKind = 'rsa-2048' | 'ec-p256' | 'ec-p384'
type OwnKind = KeyKind | 'rsa-pss-3072' | 'ec-p521' | 'ed25519'

type Signing = {
  readonly key: KeyKind
  readonly method: string
  readonly canonicalization?: string
  /** The transform behind enveloped-signature; '' for none. */
  readonly transform?: string
  readonly prefixes?: string
  readonly uri?: string
  /** Whether the signature covers a namespace declaration that nothing in the document uses. */
  readonly isUnusedCovered?: true
}

const rsa = { key: 'rsa-2048', method: `${MORE_2001}rsa-sha256` } as const
const ecdsa = { key: 'ec-p256', method: `${MORE_2001}ecdsa-sha256` } as const

const signings: Readonly<Record<string, Signing>> = {
  'RSA-PSS with SHA-256': { key: 'rsa-2048', method: `${MORE_2007}sha256-rsa-MGF1` },
  'RSA-PSS with SHA-384': { key: 'rsa-2048', method: `${MORE_2007}sha384-rsa-MGF1` },
  'RSA-PSS with SHA-512': { key: 'rsa-2048', method: `${MORE_2007}sha512-rsa-MGF1` },
  'RSA-PSS with its parameters in an element': { key: 'rsa-2048', method: `${MORE_2007}rsa-pss` },
  'RSA with SHA-256': rsa,
  'RSA with SHA-512': { key: 'rsa-2048', method: `${MORE_2001}rsa-sha512` },
  'ECDSA in P-256': ecdsa,
  'ECDSA in P-384': { key: 'ec-p384', method: `${MORE_2001}ecdsa-sha384` },
  'a Reference to the id': { ...ecdsa, uri: '#doc1' },
  'exclusive canonicalization with a PrefixList': { ...ecdsa, prefixes: 'u p', isUnusedCovered: true },
  'a PrefixList with the default namespace, and the id': { ...rsa, prefixes: 'p #default', uri: '#doc1' },
  'inclusive canonicalization': { ...rsa, canonicalization: INCLUSIVE, transform: INCLUSIVE, isUnusedCovered: true },
  'inclusive canonicalization 1.1': {
    ...ecdsa,
    canonicalization: INCLUSIVE_11,
    transform: INCLUSIVE_11,
    isUnusedCovered: true,
  },
  'no canonicalization transform': { ...ecdsa, transform: '', isUnusedCovered: true },
}

async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-java-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function makeIdentity(
  folder: string,
  key: OwnKind,
): Promise<{ certs: string; sender: Identity; seal: Identity }> {
  const certs = join(folder, key)
  await generate({ out: certs, key })
  return { certs, sender: await loadIdentity(certs, 'sender'), seal: await loadIdentity(certs, 'seal') }
}

/** One JVM for all tasks: most of its time goes into starting. */
function runJava(tasks: readonly (readonly string[])[]): string[] {
  const { status, output } = run('java', [program], tasks.map(task => `${task.join('\t')}\n`).join(''))
  if (status !== 0) throw new Error(output)
  return output.split('\n').filter(line => line !== '')
}

t.test('we accept what the JDK signs', hasJava, async t => {
  const folder = await makeFolder(t)
  const identities = {
    'rsa-2048': await makeIdentity(folder, 'rsa-2048'),
    'ec-p256': await makeIdentity(folder, 'ec-p256'),
    'ec-p384': await makeIdentity(folder, 'ec-p384'),
  }
  const input = join(folder, 'document.xml')
  await writeFile(input, document)
  const output = (name: string) => join(folder, `${Object.keys(signings).indexOf(name)}.xml`)
  const tasks = Object.entries(signings).map(([name, signing]) => {
    const { key, method, canonicalization = EXCLUSIVE, transform = EXCLUSIVE, prefixes = '', uri = '' } = signing
    const { certs } = identities[key]
    const files = [join(certs, 'sender.key'), join(certs, 'sender.crt'), input, output(name)]
    return ['sign', ...files, method, canonicalization, transform, prefixes, uri]
  })
  runJava(tasks)

  for (const [name, { key, method, prefixes, uri = '', isUnusedCovered }] of Object.entries(signings)) {
    await t.test(name, async t => {
      const text = await readFile(output(name), 'utf8')
      for (const part of [`Algorithm="${method}"`, `URI="${uri}"`, ...(prefixes ? [`PrefixList="${prefixes}"`] : [])])
        t.match(text, part)
      const { certificate } = identities[key].sender
      const { id, signature } = verifyDocument(Buffer.from(text), certificate)
      t.match({ id, ...signature }, { id: 'doc1', signatureAlgorithm: method, digestAlgorithm: 'sha256' })
      const refuses = (from: string, to: string, code: string | RegExp) => {
        const changed = text.replace(from, to)
        t.not(changed, text)
        t.throws(() => verifyDocument(Buffer.from(changed), certificate), { code }, `but not ${from} as ${to}`)
      }
      refuses('MINISTRY 2', 'MINISTRY 3', 'signature-digest')
      refuses('urn:p', 'urn:q', 'signature-digest')
      if (isUnusedCovered) refuses('urn:unused', 'urn:other', /^signature-(digest|value)$/)
      refuses(`URI="${uri}"`, `URI="${uri === '' ? '#doc1' : ''}"`, 'signature-value')
      const other = identities[key === 'ec-p256' ? 'ec-p384' : 'ec-p256'].sender.certificate
      t.throws(
        () => verifyDocument(Buffer.from(text), other),
        { code: 'signature-key' },
        'nor under another certificate',
      )
    })
  }
})

t.test('the JDK accepts what we sign', hasJava, async t => {
  const folder = await makeFolder(t)
  const tasks: string[][] = []
  const expected: string[] = []
  const expect = async (name: string, bytes: Buffer | string, certificate: string, verdict: boolean) => {
    const file = join(folder, `${name}.xml`)
    await writeFile(file, bytes)
    tasks.push(['verify', certificate, file])
    expected.push(`${name}: ${verdict}`)
  }
  for (const key of ['rsa-2048', 'rsa-pss-3072', 'ec-p256', 'ec-p384', 'ec-p521', 'ed25519'] as const) {
    const { certs, sender, seal } = await makeIdentity(folder, key)
    const signed = await signDocument(prepareDocument(Buffer.from(document), { now: new Date() }), sender)
    await expect(`document ${key}`, signed, join(certs, 'sender.crt'), true)
    await expect(
      `changed document ${key}`,
      signed.toString().replace('MINISTRY 2', 'MINISTRY 3'),
      join(certs, 'sender.crt'),
      false,
    )
    await expect(`receipt under ${key}`, openReceiptSeal(seal)(receiptFacts), join(certs, 'seal.crt'), true)
  }
  const verdicts = runJava(tasks)
  t.same(
    verdicts.map((verdict, i) => `${expected[i]?.split(':')[0]}: ${verdict}`),
    expected,
  )
})
