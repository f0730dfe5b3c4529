// Receivers, seals and signers by paths, from the files of a folder: several CAs, presented
// intermediates, lists of what is revoked.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkSealAt, checkServer, checkSignerAt, loadPeerTrust } from './peer-trust.ts'
import { makeCrlPem } from './revocation/write-crl.ts'
import { makeFolder } from './testing/make-certs.ts'
import { extensions, type Issued, leafExtensions, makeCa, makeLeaf, uses } from './testing/path-certificates.ts'

const DAY = 86_400_000
const now = new Date()
const at = (days: number) => new Date(now.getTime() + days * DAY)
const [ours, theirs] = [makeCa('Our root'), makeCa('Their root')]
const issuing = makeCa('Their issuing CA', { issuer: theirs })
const leafFor = (purpose: string, issuer: Issued, to = 5) =>
  makeLeaf(issuer, {
    extensions: [extensions.basic(false), extensions.usage(0), extensions.purpose(purpose)],
    from: -5,
    to,
  }).certificate

const server = leafFor(uses.server, issuing)
const seal = leafFor(uses.sealing, issuing)

type Listed = {
  readonly certificate: { readonly serialNumber: string }
  readonly days: number
  readonly reason: number
}

function listOf(ca: Issued, revoked: readonly Listed[]): string {
  return makeCrlPem({
    ca: ca.certificate,
    key: ca.keys.privateKey,
    number: 1n,
    thisUpdate: at(-1),
    nextUpdate: at(1),
    revoked: revoked.map(({ certificate, days, reason }) => ({
      serial: Buffer.from(certificate.serialNumber, 'hex'),
      at: at(days).getTime(),
      reason,
    })),
  })
}

const folder = await makeFolder(t)
async function trusting(cas: readonly Issued[], lists?: string) {
  await writeFile(join(folder, 'ca.crt'), cas.map(({ certificate }) => certificate.toString()).join(''))
  if (lists === undefined) await rm(join(folder, 'ca.crl'), { force: true })
  else await writeFile(join(folder, 'ca.crl'), lists)
  return loadPeerTrust(folder)
}

t.test('a server counts by the CA that it presents, below any CA in ca.crt', async t => {
  const both = await trusting([ours, theirs])
  checkServer({ leaf: server, presented: [issuing.certificate] }, both, now)
  t.throws(() => checkServer({ leaf: server, presented: [] }, both, now), { code: 'certificate-invalid' })
  const alone = await trusting([ours])
  t.throws(() => checkServer({ leaf: server, presented: [issuing.certificate, theirs.certificate] }, alone, now), {
    code: 'certificate-invalid',
    detail: /expected a path of signatures to CN=Our root, found none from one issued by CN=Their issuing CA/,
  })
})

t.test('a server needs the purpose of one, and a CA that is in date', async t => {
  const both = await trusting([ours, theirs])
  const client = makeLeaf(theirs, { extensions: leafExtensions() }).certificate
  t.throws(() => checkServer({ leaf: client, presented: [] }, both, now), { code: 'certificate-purpose' })
  const expired = makeCa('Their old issuing CA', { issuer: theirs, to: -0.5 })
  const leaf = leafFor(uses.server, expired)
  t.throws(() => checkServer({ leaf, presented: [expired.certificate] }, both, now), {
    code: 'certificate-invalid',
    detail: /"CN=Their old issuing CA".*validity/,
  })
})

t.test('a seal counts by the CAs in ca.crt, at the time that it sealed', async t => {
  const complete = await trusting([ours, issuing])
  checkSealAt(seal, complete, now)
  checkSealAt(seal, complete, at(-4))
  t.throws(() => checkSealAt(seal, complete, at(6)), { code: 'certificate-invalid', detail: /validity/ })
  t.throws(() => checkSealAt(server, complete, now), { code: 'certificate-purpose' })
  const rootsAlone = await trusting([ours, theirs])
  t.throws(() => checkSealAt(seal, rootsAlone, now), {
    code: 'certificate-invalid',
    detail: /put its CA into ca.crt, with the CAs between the two/,
  })
})

t.test('each list in ca.crl counts, of any CA', async t => {
  const lists = listOf(ours, []) + listOf(issuing, [{ certificate: server, days: -0.5, reason: 4 }])
  const both = await trusting([ours, theirs, issuing], lists)
  t.throws(() => checkServer({ leaf: server, presented: [] }, both, now), {
    code: 'certificate-revoked',
    detail: /revoked at .*, reason 4/,
  })
  const root = await trusting(
    [ours, theirs],
    listOf(theirs, [{ certificate: issuing.certificate, days: -1, reason: 2 }]),
  )
  t.throws(() => checkServer({ leaf: server, presented: [issuing.certificate] }, root, now), {
    code: 'certificate-revoked',
    detail: /"CN=Their issuing CA"/,
  })
})

t.test('a seal that was revoked counts for what it sealed before, unless its key was compromised', async t => {
  const revoked = (reason: number) =>
    trusting([ours, issuing], listOf(issuing, [{ certificate: seal, days: -1, reason }]))
  const superseded = await revoked(4)
  checkSealAt(seal, superseded, at(-2))
  t.throws(() => checkSealAt(seal, superseded, at(-0.5)), { code: 'certificate-revoked' })
  const compromised = await revoked(1)
  t.throws(() => checkSealAt(seal, compromised, at(-2)), { code: 'certificate-revoked' })
})

t.test('the signer of an accepted document stays valid after a later revocation', async t => {
  const signer = makeLeaf(ours, { extensions: leafExtensions() }).certificate
  const trust = await trusting([ours], listOf(ours, [{ certificate: signer, days: 0, reason: 1 }]))
  checkSignerAt(signer, trust, now)
  t.throws(() => checkSignerAt(seal, trust, now), { code: 'certificate-invalid' })
})

t.test('of a file with a list that cannot be taken, none is', async t => {
  const good = listOf(ours, [])
  const cases = {
    'one of a CA that is not in ca.crt': good + listOf(theirs, []),
    'one that is cut off': good + listOf(ours, []).slice(0, 200),
    'none at all': 'no list\n',
    'too many': good.repeat(65),
  }
  for (const [title, lists] of Object.entries(cases))
    await t.rejects(trusting([ours], lists), { code: 'crl-invalid', detail: /ca\.crl: / }, title)
  await t.resolves(trusting([ours], good.repeat(64)))
})
