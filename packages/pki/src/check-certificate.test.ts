import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildCertificate, buildTbsCertificate } from './certificate-der.ts'
import { checkCertificate, gatewayId } from './check-certificate.ts'
import { generate } from './generate.ts'
import { loadIdentity, loadTrust } from './identity.ts'
import { exportPublicKey, keyKinds, signingRow, signOctets } from './key-pairs.ts'

async function makeCerts(t: Test) {
  const out = await mkdtemp(join(tmpdir(), 'seg-pki-'))
  t.teardown(() => rm(out, { recursive: true, force: true }))
  await generate({ out, key: 'ec-p256' })
  const [sender, receiver, seal] = await Promise.all((['sender', 'receiver', 'seal'] as const).map(profile => loadIdentity(out, profile)))
  return { sender: sender!, receiver: receiver!, seal: seal!, trust: await loadTrust(out) }
}

/** A self-signed certificate with this CN and nothing else. */
async function certificateOf(subject: string): Promise<X509Certificate> {
  const { publicKey, privateKey } = await keyKinds['ec-p256']()
  const { algorithm } = signingRow(privateKey)
  const day = new Date('2026-01-01')
  const parts = {
    serial: Buffer.of(1),
    algorithm,
    issuer: subject,
    subject,
    notBefore: day,
    notAfter: day,
    publicKey: exportPublicKey(publicKey),
    extensions: [],
  }
  const tbs = buildTbsCertificate(parts)
  return new X509Certificate(buildCertificate(tbs, algorithm, signOctets(tbs, privateKey)))
}

t.test('each certificate serves its own profile and no other', async t => {
  const { sender, receiver, seal, trust } = await makeCerts(t)
  const now = new Date()
  const identities = { sender, receiver, seal }
  for (const profile of ['sender', 'receiver', 'seal'] as const) {
    for (const [name, { certificate }] of Object.entries(identities)) {
      const check = () => checkCertificate(certificate, profile, trust, now)
      if (name === profile) t.doesNotThrow(check, `${name} as ${profile}`)
      else t.throws(check, { code: 'certificate-purpose' }, `${name} as ${profile}`)
    }
  }
})

t.test('refuses a foreign CA, and times outside the dates', async t => {
  const { sender, trust } = await makeCerts(t)
  const foreign = await makeCerts(t)
  t.throws(() => checkCertificate(foreign.sender.certificate, 'sender', trust, new Date()), { code: 'certificate-invalid' })
  t.throws(() => checkCertificate(sender.certificate, 'sender', trust, new Date(Date.now() + 400 * 86_400_000)), {
    code: 'certificate-invalid',
  })
  t.throws(() => checkCertificate(sender.certificate, 'sender', trust, new Date(Date.now() - 86_400_000)), { code: 'certificate-invalid' })
  t.throws(() => checkCertificate(trust.ca, 'sender', trust, new Date()), { code: 'certificate-purpose' }, 'the CA is no gateway')
})

t.test('reads the id from the one CN, and from no trick', async t => {
  t.equal(gatewayId(await certificateOf('MINISTRY 1_SEG01')), 'MINISTRY 1_SEG01')
  t.equal(gatewayId(await certificateOf('Büro für Äußeres 𝄞')), 'Büro für Äußeres 𝄞')
  t.equal(gatewayId(await certificateOf('a'.repeat(128))).length, 128)
  for (const name of ['', ' a', 'a ', 'a\nCN=b', 'a\u0000b', 'a\u200bb', 'a'.repeat(129)]) {
    const certificate = await certificateOf(name)
    t.throws(() => gatewayId(certificate), { code: 'certificate-invalid' }, JSON.stringify(name).slice(0, 20))
  }
})
