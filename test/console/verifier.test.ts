// The browser's verifier, in Node's WebCrypto: true receipts of every kind of key, each field of a
// receipt changed, and what does not belong together.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { openReceiptSeal, verifyReceipt } from '@seg/xmldsig'
import t from 'tap'
import { type ReceiptEvidence, verifyEvidence } from '../../packages/console/src/verifier/verify-evidence.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { logOf } from '../../packages/sender/src/testing/foreign-log.ts'
import { makeReceipt } from '../../packages/sender/src/testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openTemplate, sign } from '../../packages/sender/src/testing/gateways.ts'
import { asFiles, type Files, makeEvidence, trustOf } from '../support/given-evidence.ts'

const { certs, document, receipt, evidence } = await makeEvidence(t)
const trust = await trustOf(certs)
const own = (name: string) => readFile(join(certs, name))

t.test('a true receipt is verified by every check, and says what it rests on', async t => {
  const found = await verify(evidence, trust)
  t.same(problems(found), [])
  t.ok(found.isVerified)
  t.equal(found.checks.length, 29)
  t.equal(found.anchors.length, 2, 'a CA and a key of a log')
  t.match(found.anchors.join(), (await loadIdentity(certs, 'seal')).certificate.issuer.replace('CN=', ''))
  t.same(problems(await verify(evidence, { ...trust, 'ca.crt': pemToDer(trust['ca.crt']) })), [], 'and with DER')
})

t.test('each field of a receipt that is changed is named, and nothing is verified', async t => {
  const text = receipt.toString()
  const fields = [...new Set([...text.matchAll(/<(\w+)>[^<]*\S[^<]*<\/\1>/g)].map(([, name]) => name!))]
  t.same(fields.length, 16, fields.join())
  const unnamed: string[] = []
  for (const field of fields) {
    const [whole, open, content] = new RegExp(`(<${field}>)([^<]+)`).exec(text)!
    for (const at of [0, content!.length >> 1, content!.length - 3]) {
      const other = content![at] === '1' ? '2' : '1'
      const changed = text.replace(whole, () => `${open}${content!.slice(0, at)}${other}${content!.slice(at + 1)}`)
      const found = await verify({ ...evidence, 'receipt.xml': changed }, trust)
      if (changed === text || found.isVerified || !found.fields.includes(field) || found.first === undefined)
        unnamed.push(`${field} at ${at}: ${problems(found)}`)
    }
    const removed = await verify(
      { ...evidence, 'receipt.xml': text.replace(new RegExp(`<${field}>[^<]*</${field}>`), '') },
      trust,
    )
    if (removed.isVerified) unnamed.push(`${field} removed`)
  }
  t.same(unnamed, [])
})

t.test('what is missing or not understood is not verified, and the file that is missing is named', async t => {
  const cases: readonly (readonly [Files, Files, RegExp])[] = [
    [{}, trust, /^not given: needs the receipt$/],
    [{ 'receipt.xml': receipt }, trust, /^not given: needs the signed document$/],
    [evidence, {}, /^not given: needs the certificate of the CA that you trust/],
    [evidence, { 'ca.crt': trust['ca.crt'] }, /^not given: needs the key of the receiver's log/],
    [{ ...evidence, 'other.xml': document }, trust, /^failed: other.xml: a second document/],
    [{ ...evidence, 'note.txt': 'paid' }, trust, /^failed: note.txt: /],
    [evidence, { ...trust, 'ca.key': 'secret' }, /^failed: ca.key: expected certificates/],
    [{ ...evidence, 'ca.crt': trust['ca.crt'] }, { 'log.pub': trust['log.pub'] }, /the CA that you trust/],
    [{ ...evidence, 'document.xml': document.toString().replace('party', 'Party') }, trust, /DocumentDigest is/],
    [{ ...evidence, 'document.xml': `<!DOCTYPE a>${document}` }, trust, /without a document type/],
  ]
  for (const [given, trusted, expected] of cases) {
    const found = await verify(given, trusted)
    t.notOk(found.isVerified)
    t.match(`${found.first?.state}: ${found.first?.detail}`, expected)
  }
  const later = await verifyEvidence(
    { evidence: asFiles(evidence), trust: asFiles(trust) },
    new Date(Date.now() - 2 * 3_600_000),
  )
  t.match(later.first, { name: 'time', fields: ['AcceptedAt'] }, 'a receipt of the future')
})

t.test('a CA, a seal or a log of somebody else verifies nothing', async t => {
  const other = await makeCerts(t)
  const foreign = async (name: string) => readFile(join(other, name))
  const cases: readonly (readonly [string, Files, Files])[] = [
    ['seal-issuer', evidence, { ...trust, 'ca.crt': await foreign('ca.crt') }],
    ['checkpoint', evidence, { ...trust, 'log.pub': await foreign('log.pub') }],
    [
      'seal-issuer',
      { ...evidence, 'receipt.xml': await makeReceipt(document, certs, {}, await loadIdentity(other, 'seal')) },
      trust,
    ],
    [
      'seal-use',
      { ...evidence, 'receipt.xml': await makeReceipt(document, certs, {}, await loadIdentity(certs, 'receiver')) },
      trust,
    ],
  ]
  for (const [name, given, trusted] of cases) {
    const found = await verify(given, trusted)
    t.equal(found.first?.name, name, problems(found).join())
    t.notOk(found.isVerified)
  }
  const pinned = {
    'seal.crt': await own('seal.crt'),
    'sender.crt': await own('sender.crt'),
    'log.pub': trust['log.pub'],
  }
  t.ok((await verify(evidence, pinned)).isVerified, 'certificates that the reader trusts themselves need no CA')
})

t.test('a certificate that was revoked counts for what it did before, unless its key was stolen', async t => {
  const [before, after] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)]
  const cases = [
    { name: 'seal', reason: 'superseded', now: before, first: 'seal-revocation' },
    { name: 'seal', reason: 'superseded', now: after, first: undefined },
    { name: 'seal', reason: 'keyCompromise', now: after, first: 'seal-revocation' },
    { name: 'sender', reason: 'unspecified', now: before, first: 'signer-revocation' },
    { name: 'sender', reason: 'cACompromise', now: after, first: 'signer-revocation' },
    { name: 'receiver', reason: 'keyCompromise', now: before, first: undefined },
  ] as const
  for (const { name, reason, now, first } of cases) {
    const given = await makeEvidence(t)
    const { certificate: target } = await loadIdentity(given.certs, name)
    await revoke({ certs: given.certs, ca: 'ca', target, reason, days: 30, now })
    const found = await verify(given.evidence, await trustOf(given.certs))
    t.equal(found.first?.name, first, `${name}, ${reason}, ${now.toISOString()}: ${problems(found)}`)
    t.equal(found.isVerified, first === undefined)
  }
})

t.test('without a list revocation is not judged, and a list that is not of the CA verifies nothing', async t => {
  const { 'ca.crl': crl, ...without } = trust
  const open = await verify(evidence, without)
  t.same(
    open.checks.filter(({ state }) => state === 'not judged').map(({ name }) => name),
    ['seal-revocation', 'signer-revocation'],
  )
  t.ok(open.isVerified, 'which the page says')
  const der = pemToDer(crl)
  t.same(problems(await verify(evidence, { ...without, 'ca.crl': der })), [], 'as DER')
  for (const at of [der.length - 1, der.length >> 1, 20]) {
    const changed = Buffer.from(der)
    changed[at]! ^= 1
    t.notOk((await verify(evidence, { ...without, 'ca.crl': changed })).isVerified, `octet ${at} changed`)
  }
  const among = await verify({ ...evidence, 'ca.crl': crl }, without)
  t.match(among.first?.detail, /give it with what you trust/)
})

t.test(
  'a flipped bit of a receipt verifies nothing, but where it changes neither the seal nor what it covers',
  async t => {
    const { known } = await verify(evidence, trust)
    const accepted: string[] = []
    for (let at = 3; at < receipt.length; at += 17) {
      const flipped = Buffer.from(receipt)
      flipped[at]! ^= 1 << (at % 8)
      const found = await verify({ ...evidence, 'receipt.xml': flipped }, trust)
      if (!found.isVerified) continue
      t.same(found.known.receipt, known.receipt)
      accepted.push(receipt.toString('latin1', at - 8, at + 8))
    }
    t.ok(accepted.length < 3, accepted.join())
  },
)

t.test('a receipt of version 1, whose entry shows its facts, is verified, and nothing but it', async t => {
  const facts = verifyReceipt(receipt, () => {})
  const [sha, reference] = [facts.documentDigest, facts.referenceDigest].map(digest => digest.toString('base64'))
  const leafOf = (bytes: number) =>
    Buffer.from(
      `{"v":1,"type":"accepted","at":"${facts.acceptedAt}","sender":"${facts.senderId}",` +
        `"document":"doc123","bytes":${bytes},"sha256":"${sha}","reference":"${reference}"}`,
    )
  const sealed = async (leaf: Buffer, change = {}) => {
    const logEntry = { ...(await logOf(certs).append(leaf)), ...change }
    return openReceiptSeal(await loadIdentity(certs, 'seal'))({ ...facts, logEntry })
  }
  const given = { ...evidence, 'receipt.xml': await sealed(leafOf(document.length)) }
  t.same(problems(await verify(given, trust)), [])
  for (const [wrong, name] of [
    [await sealed(leafOf(1)), 'length'],
    [await sealed(leafOf(document.length), { opening: facts.logEntry.opening }), 'opening'],
    [await sealed(facts.logEntry.leaf), 'opening'],
  ] as const)
    t.equal((await verify({ ...evidence, 'receipt.xml': wrong }, trust)).first?.name, name)
})

for (const key of ['rsa-3072', 'rsa-pss-3072', 'ec-p384', 'ec-p521', 'ed25519'] as const) {
  t.test(`verifies a document and certificates of the kind ${key}`, async t => {
    const folder = await makeFolder(t)
    const [senderId, receiverId] = ['MINISTRY 1_SEG01', 'MINISTRY 2_SEG01']
    await generate({ out: folder, key, senderId, receiverId, hosts: ['localhost'] })
    const sent = await sign(await openTemplate(t, makeDocument()), await loadIdentity(folder, 'sender'))
    const given = { 'receipt.xml': await makeReceipt(sent, folder), 'document.xml': sent }
    t.same(problems(await verify(given, await trustOf(folder))), [])
  })
}

function verify(evidence: Files, trust: Files): Promise<ReceiptEvidence> {
  return verifyEvidence({ evidence: asFiles(evidence), trust: asFiles(trust) }, new Date())
}

function problems({ checks }: ReceiptEvidence): string[] {
  return checks.flatMap(({ name, state, detail }) => (state === 'passed' ? [] : [`${name} ${state}: ${detail}`]))
}

function pemToDer(pem: Buffer): Buffer {
  return Buffer.from(pem.toString().replace(/-----[^-]+-----/g, ''), 'base64')
}
