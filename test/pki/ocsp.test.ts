// OCSP: openssl is the CA's responder. A receiver asks it about the certificates that partners use,
// in the background, and what it answers takes hold at once.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildOcspRequest, generate, loadIdentity, loadTrust, readOcspResponse } from '@seg/pki'
import t, { type Test } from 'tap'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { openResponder, serveResponder } from '../../packages/pki/src/testing/openssl-responder.ts'
import { hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import { extensions, makeCa, makeLeaf, uses } from '../../packages/pki/src/testing/path-certificates.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { followStatuses } from '../../packages/receiver/src/credentials/follow-statuses.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { call, connectRaw, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  senderId,
} from '../../packages/receiver/src/testing/gateway.ts'

t.setTimeout(600_000)
const skip = hasOpenssl ? false : 'openssl is not installed'
const HOUR = 3_600_000

t.test(
  'openssl answers our requests, and we read its answers: good, revoked, unknown, of others',
  { skip },
  async t => {
    const certs = await makeCerts(t)
    const issuer = (await loadTrust(certs)).authorities[0]!.certificate
    const { certificate: leaf } = await loadIdentity(certs, 'sender')
    const { certificate: other } = await loadIdentity(certs, 'receiver')
    const responder = openResponder(certs)
    const question = { leaf, issuer }
    const nonce = randomBytes(32)
    const request = buildOcspRequest(question, nonce)
    const now = new Date()
    const refused = (octets: Buffer, found: RegExp, at = now, used = nonce) =>
      t.throws(() => readOcspResponse(octets, question, at, used), { code: 'ocsp-invalid', message: found })

    await writeFile(join(certs, 'shown.der'), request)
    const shown = spawnSync('openssl', ['ocsp', '-reqin', 'shown.der', '-req_text'], { cwd: certs, encoding: 'utf8' })
    t.match(shown.stdout, new RegExp(`Serial Number: ${leaf.serialNumber}`))

    refused(await responder.answer(request), /found unknown/)
    responder.know(leaf)
    const good = await responder.answer(request)
    t.match(readOcspResponse(good, question, now, nonce), { revoked: undefined })
    t.match(readOcspResponse(good, question, now), { revoked: undefined }, 'one that was made before')
    refused(good, /expected the nonce of the request/, now, randomBytes(32))
    refused(good, /expected a status in date/, new Date(now.getTime() + 25 * HOUR))
    refused(good, /expected a status in date/, new Date(now.getTime() - HOUR))
    responder.revoke(leaf)
    t.match(readOcspResponse(await responder.answer(request), question, now, nonce), { revoked: { reason: 1 } })
    responder.know(other)
    const ofOther = await responder.answer(buildOcspRequest({ leaf: other, issuer }, nonce))
    refused(ofOther, /expected the status of the certificate, found none/)
    refused(await openResponder(await makeCerts(t)).answer(request), /expected that the CA itself issued the responder/)
    const changed = Buffer.from(good)
    for (let at = 0; at < good.length; at += 7) {
      changed[at]! ^= 0x55
      // The certificates that it shows are not under its signature.
      try {
        t.match(readOcspResponse(changed, question, now, nonce), { revoked: undefined }, `octet ${at}`)
      } catch (fault) {
        t.match(fault, { code: 'ocsp-invalid' }, `octet ${at}`)
      }
      changed[at]! ^= 0x55
    }
  },
)

t.test('a responder counts with the purpose OCSPSigning, of the CA itself, in date', { skip }, async t => {
  const certs = await makeFolder(t)
  const ca = makeCa('Root')
  const leaf = makeLeaf(ca)
  const pem = (key: typeof ca.keys.privateKey) => key.export({ format: 'pem', type: 'pkcs8' }) as string
  await writeFile(join(certs, 'ca.crt'), ca.certificate.toString())
  const signing = '1.3.6.1.5.5.7.3.9'
  const profile = (purpose: string) => [extensions.basic(false), extensions.usage(0), extensions.purpose(purpose)]
  const signers = {
    good: makeLeaf(ca, { extensions: profile(signing) }),
    'no purpose': makeLeaf(ca, { extensions: profile(uses.client) }),
    'out of date': makeLeaf(ca, { extensions: profile(signing), from: -3, to: -1 }),
    'SHA-1': makeLeaf(ca, { extensions: profile(signing), algorithm: 'ecdsaSha1' }),
    'another CA': makeLeaf(makeCa('Root'), { extensions: profile(signing) }),
    'a CA below': makeLeaf(makeCa('Below', { issuer: ca }), { extensions: profile(signing) }),
  }
  const question = { leaf: leaf.certificate, issuer: ca.certificate }
  const request = buildOcspRequest(question, randomBytes(32))
  for (const [what, { certificate, keys }] of Object.entries(signers)) {
    await writeFile(join(certs, 'signer.crt'), certificate.toString())
    await writeFile(join(certs, 'signer.key'), pem(keys.privateKey))
    const responder = openResponder(certs, { certificate: 'signer.crt', key: 'signer.key' })
    responder.know(leaf.certificate)
    const answer = await responder.answer(request)
    if (what === 'good') t.match(readOcspResponse(answer, question, new Date()), { revoked: undefined })
    else t.throws(() => readOcspResponse(answer, question, new Date()), { code: 'ocsp-invalid' }, what)
  }
})

async function openAsking(t: Test, need: 'ocsp' | 'none') {
  const certs = await makeFolder(t)
  await generate({ out: certs, key: 'ec-p256', senderId })
  const responder = openResponder(certs)
  const { url, setUp } = await serveResponder(t, responder)
  const gateway = await openGateway(t, certs)
  const config = join(gateway.data, 'seg.yaml')
  await writeFile(
    config,
    `trust:
  mode: listed
  authorities:
    gov: { anchors: ${certs}/ca.crt, revocation: { need: ${need}, ocsp: "${url}", refresh: 10m, grace: 1h } }
partners:
  - id: ${senderId}
    certificates: [{ for: [tls, sign], authority: gov, subject: { CN: "${senderId}" } }]
`,
  )
  const lines: { msg: string; code?: string }[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line)) })
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  await following.look()
  const statuses = followStatuses(gateway.gate, logger)
  t.teardown(async () => {
    await statuses.close()
    await following.close()
  })
  const begin = Date.now()
  const at = async (time: number) => {
    gateway.setTime(new Date(begin + time))
    await statuses.look()
    await statuses.look()
  }
  const ask = async () => refusalOf(await call(gateway, { path: '/v1/log/checkpoint' }))
  return { certs, gateway, responder, lines, statuses, at, ask, setUp }
}

const good = '200 text/plain; charset=utf-8'

t.test(
  'need: ocsp refuses until the answer is there, and nobody waits; a revocation ends open connections',
  { skip },
  async t => {
    const { gateway, responder, lines, statuses, at, ask, setUp } = await openAsking(t, 'ocsp')
    responder.know(gateway.sender.certificate)
    t.equal(await ask(), '503 revocation-unknown')
    await statuses.look()
    t.equal(await ask(), good)
    t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
    const { asked } = responder
    await at(5 * 60_000)
    t.equal(responder.asked, asked, 'not before it is due')

    setUp(false)
    await at(11 * 60_000)
    t.match(lines.at(-1), { code: 'revocation-unreachable', msg: /is not known: .*again in 10 s/ })
    t.equal(await ask(), good, 'the answer counts until it ends')
    setUp(true)
    const idle = await connectRaw(t, gateway)
    responder.revoke(gateway.sender.certificate)
    await at(12 * 60_000)
    await idle.closed
    t.equal(await ask(), '403 certificate-revoked')
    t.match(lines.at(-1)?.msg, /is revoked$/)
  },
)

t.test('without need, the answer of a revocation counts, and no other is waited for', { skip }, async t => {
  const { certs, gateway, responder, statuses, ask, setUp } = await openAsking(t, 'none')
  setUp(false)
  t.equal(await ask(), good)
  await statuses.look()
  t.equal(await ask(), good)
  setUp(true)
  const wish = { certs, ca: 'ca', profile: 'sender', id: senderId, key: 'ec-p256', hosts: [], days: 3 } as const
  const { certificate } = await issueFiles({ ...wish, out: join(certs, 'other'), now: new Date() })
  responder.know(certificate)
  responder.revoke(certificate)
  const [cert, key] = await Promise.all(['crt', 'key'].map(end => readFile(join(certs, `other.${end}`), 'utf8')))
  const asOther = async () => refusalOf(await call(gateway, { path: '/v1/log/checkpoint', tls: { cert, key } }))
  t.equal(await asOther(), good, 'nothing is known yet')
  await statuses.look()
  t.equal(await asOther(), '403 certificate-revoked')
  t.equal(await ask(), good, 'the other certificate of the partner still counts')
})
