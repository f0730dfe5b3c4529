import { createHash, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { makeCerts, makeDocument, makeFolder, openInput, openTemplate, sign as signOurs } from '../testing/gateways.ts'
import { readSignedFile } from './signed-document.ts'
import { type FileVerdict, readCanonicalOctets, verifyFile } from './verify-file.ts'

const { key, certificate } = await loadIdentity(await makeCerts(t), 'sender')
const dsig = 'http://www.w3.org/2000/09/xmldsig#'
const excC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const content = makeDocument({ timestamp: '2026-11-23T12:00:00Z' }).toString().trimEnd()
const sha512 = (text: string) => createHash('sha512').update(text).digest('base64')

/** As another signer makes it: SHA-512 in the Reference, which our verifier does not guess. */
function signWithSha512(document: string): Buffer {
  const info = [
    `<SignedInfo><CanonicalizationMethod Algorithm="${excC14n}"></CanonicalizationMethod>`,
    '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></SignatureMethod>' +
      '<Reference URI=""><Transforms>',
    `<Transform Algorithm="${dsig}enveloped-signature"></Transform>` +
      `<Transform Algorithm="${excC14n}"></Transform></Transforms>`,
    '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"></DigestMethod>',
    `<DigestValue>${sha512(document)}</DigestValue></Reference></SignedInfo>`,
  ].join('')
  const octets = Buffer.from(info.replace('<SignedInfo', `<SignedInfo xmlns="${dsig}"`))
  const value = sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }).toString('base64')
  const signature = `<Signature xmlns="${dsig}">${info}<SignatureValue>${value}</SignatureValue></Signature>`
  return Buffer.from(document.replace('</CriticalDocument>', `${signature}</CriticalDocument>`))
}

async function readCanonical(bytes: Buffer, found?: FileVerdict): Promise<string> {
  const file = await openInput(t, bytes)
  const pieces: Buffer[] = []
  for await (const piece of readCanonicalOctets(file, certificate, found ?? (await verifyFile(file, certificate))))
    pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

t.test('verifies a document of our own after one with other algorithms', async t => {
  await verifyFile(await openInput(t, signWithSha512(content)), certificate)
  const bytes = await signOurs(await openTemplate(t, Buffer.from(content)), { key, certificate })
  t.match(await verifyFile(await openInput(t, bytes), certificate), {
    algorithms: { digest: 'sha256' },
    verdict: { id: 'doc123' },
  })
  t.equal(await readCanonical(bytes), content)
})

t.test("verifies another signer's document after one with other algorithms, and gives its octets", async t => {
  const bytes = signWithSha512(content)
  const found = await verifyFile(await openInput(t, bytes), certificate)
  t.match(found, { algorithms: { digest: 'sha512' }, verdict: { signature: { digestAlgorithm: 'sha512' } } })
  t.equal(await readCanonical(bytes, found), content)
})

t.test('reports a digest that differs, in either pass, and still gives the octets', async t => {
  const changed = (bytes: Buffer) => Buffer.from(bytes.toString().replace('Saturday', 'Sunday'))
  const ours = changed(await signOurs(await openTemplate(t, Buffer.from(content)), { key, certificate }))
  const other = changed(signWithSha512(content))
  t.match(await verifyFile(await openInput(t, ours), certificate), {
    algorithms: { digest: 'sha256' },
    verdict: { code: 'signature-digest' },
  })
  t.match(await verifyFile(await openInput(t, other), certificate), {
    algorithms: { digest: 'sha512' },
    verdict: { code: 'signature-digest', detail: /sha512/ },
  })
  for (const bytes of [ours, other]) t.equal(await readCanonical(bytes), content.replace('Saturday', 'Sunday'))
})

t.test('throws every other fault', async t => {
  const forged = Buffer.from(
    signWithSha512(content)
      .toString()
      .replace(/<SignatureValue>./, '<SignatureValue>/'),
  )
  await t.rejects(verifyFile(await openInput(t, forged), certificate), { code: 'signature-value' })
  await t.rejects(verifyFile(await openInput(t, Buffer.from('<a>')), certificate), { code: 'xml-malformed' })
})

t.test('digests a file that came to us signed, whether it verifies or not', async t => {
  const path = join(await makeFolder(t), 'signed.xml')
  const facts = async (bytes: Buffer) => {
    await writeFile(path, bytes)
    const { bytes: length, sha256, document } = await readSignedFile(path, certificate)
    t.equal(length, bytes.length)
    t.same(sha256, createHash('sha256').update(bytes).digest())
    return document
  }
  t.match(await facts(signWithSha512(content)), { id: 'doc123' })
  t.match(await facts(Buffer.from(`${'<a>'.repeat(100)}${' '.repeat(600_000)}`)), { code: 'xml-limit' })
})
