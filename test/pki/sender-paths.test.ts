// A sender before a receiver of another organisation: its server and its seal are judged by paths
// to the CAs in ca.crt, and a document goes to none that fails.
import { appendFile, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PresentedChain } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeCrlPem } from '../../packages/pki/src/revocation/write-crl.ts'
import {
  extensions,
  type Issued,
  makeCa,
  makeLeaf,
  names,
  uses,
} from '../../packages/pki/src/testing/path-certificates.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { openConnection } from '../../packages/sender/src/exchange/connection.ts'
import { accept, type Handler, startReceiver } from '../../packages/sender/src/testing/foreign-receiver.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openSender,
  openTemplate,
  receiverId,
} from '../../packages/sender/src/testing/gateways.ts'

const DAY = 86_400_000
const template = await openTemplate(t, makeDocument())
const root = makeCa('Their root')
const tlsCa = makeCa('Their CA for servers', { issuer: root })
const sealCa = makeCa('Their CA for seals', { issuer: root })

function leafOf(issuer: Issued, purpose: string, ...more: readonly Buffer[]): Issued {
  const usual = [extensions.basic(false), extensions.usage(0), extensions.purpose(purpose)]
  return makeLeaf(issuer, { subject: [['CN', receiverId]], extensions: [...usual, ...more] })
}

const pemOf = (...issued: readonly Issued[]) => issued.map(({ certificate }) => certificate.toString()).join('')

async function keep(folder: string, name: string, { certificate, keys }: Issued): Promise<void> {
  await writeFile(join(folder, `${name}.crt`), certificate.toString())
  await writeFile(join(folder, `${name}.key`), keys.privateKey.export({ format: 'pem', type: 'pkcs8' }), {
    mode: 0o600,
  })
}

type Situation = {
  /** Beside the sender's own CA. */
  readonly trusted: readonly Issued[]
  readonly issuer?: Issued
  readonly sealIssuer?: Issued
  readonly presents?: readonly Issued[]
  /** Whose list says that the certificate is revoked. */
  readonly revoked?: (server: Issued) => { readonly ca: Issued; readonly certificate: Issued }
}

/** A sender, and a receiver of another organisation that trusts the sender. */
async function open(
  t: Test,
  { trusted, issuer = tlsCa, sealIssuer = sealCa, presents = [], revoked }: Situation,
  receipts?: Handler,
) {
  const [ours, theirs] = [await makeCerts(t), await makeCerts(t)]
  const server = leafOf(issuer, uses.server, extensions.alternative(names.dns('localhost')))
  await keep(theirs, 'receiver', server)
  await keep(theirs, 'seal', leafOf(sealIssuer, uses.sealing))
  for (const name of ['sender.crt', 'sender.key']) await copyFile(join(ours, name), join(theirs, name))
  await copyFile(join(theirs, 'log.pub'), join(ours, 'log.pub'))
  const options = { trusting: ours, presents: pemOf(...presents), ...(receipts && { receipts }) }
  const receiver = await startReceiver(t, theirs, accept(theirs), options)
  await appendFile(join(ours, 'ca.crt'), pemOf(...trusted))
  if (revoked !== undefined) {
    const { ca, certificate } = revoked(server)
    const entry = { serial: Buffer.from(certificate.certificate.serialNumber, 'hex'), at: Date.now() - DAY, reason: 4 }
    const dates = { thisUpdate: new Date(Date.now() - DAY), nextUpdate: new Date(Date.now() + DAY) }
    const list = { ca: ca.certificate, key: ca.keys.privateKey, number: 2n, ...dates, revoked: [entry] }
    await appendFile(join(ours, 'ca.crl'), makeCrlPem(list))
  }
  const send = async (data: string) => sendTemplate(template, receiver.url, await openSender(ours, data, 2000))
  return { ours, receiver, send }
}

t.test('delivers to a receiver that presents the CA between it and the root', async t => {
  const { receiver, send } = await open(t, { trusted: [root, sealCa], presents: [tlsCa] })
  t.match(await send(await makeFolder(t)), { receipt: { receiverId, documentId: 'doc123' } })
  t.equal(receiver.received.length, 1)
})

t.test('delivers to a receiver below an intermediate CA that is trusted without its root', async t => {
  const { send } = await open(t, { trusted: [tlsCa, sealCa] })
  t.match(await send(await makeFolder(t)), { receipt: { receiverId } })
})

t.test('sees the CAs that a server presents on each connection that takes the place of one before', async t => {
  const close: Handler = (_request, response) => response.writeHead(404, { connection: 'close' }).end()
  const { ours, receiver } = await open(t, { trusted: [root], presents: [tlsCa] }, close)
  const { identity, trust } = await openSender(ours, await makeFolder(t))
  const seen: number[] = []
  const admitServer = ({ presented }: PresentedChain) => void seen.push(presented.length)
  await using connection = openConnection({ receiver: receiver.url, identity, trust, admitServer })
  const ask = { method: 'GET', path: '/v1/receipts/doc123', headers: {}, signal: AbortSignal.timeout(10_000) } as const
  for (const _ of [1, 2, 3]) t.match(await connection.request(ask), { status: 404 })
  t.same(seen, [1, 1, 1])
})

const old = makeCa('Their old CA', { issuer: root, to: -1 })
const refused: Record<string, readonly [Situation, { readonly code: string; readonly detail: RegExp }]> = {
  'of a CA that is not in ca.crt': [
    { trusted: [sealCa], presents: [tlsCa, root] },
    { code: 'certificate-invalid', detail: /expected a path of signatures to a CA in ca\.crt.*nothing was sent/ },
  ],
  'whose CA between is not there': [
    { trusted: [root, sealCa] },
    { code: 'certificate-invalid', detail: /expected a path of signatures to a CA in ca\.crt.*nothing was sent/ },
  ],
  'below an intermediate CA that has expired': [
    { trusted: [root, sealCa], issuer: old, presents: [old] },
    { code: 'certificate-invalid', detail: /it, or a CA between it .*out of date by our clock.*nothing was sent/ },
  ],
  'that is revoked': [
    { trusted: [root, tlsCa, sealCa], revoked: server => ({ ca: tlsCa, certificate: server }) },
    { code: 'certificate-revoked', detail: /the receiver's server: .*"CN=MINISTRY 2_SEG01".*nothing was sent/ },
  ],
  'below an intermediate CA that is revoked': [
    { trusted: [root, sealCa], presents: [tlsCa], revoked: () => ({ ca: root, certificate: tlsCa }) },
    { code: 'certificate-revoked', detail: /"CN=Their CA for servers".*nothing was sent/ },
  ],
}

for (const [title, [situation, fault]] of Object.entries(refused)) {
  t.test(`sends nothing to a server with a certificate ${title}`, async t => {
    const { receiver, send } = await open(t, situation)
    await t.rejects(send(await makeFolder(t)), { ...fault, exitCode: 5 })
    t.same(receiver.received, [])
  })
}

t.test('refuses a receipt whose seal has no path in ca.crt, and takes that of the next try once it has', async t => {
  const { ours, receiver, send } = await open(t, { trusted: [root], presents: [tlsCa, sealCa] })
  const data = await makeFolder(t)
  await t.rejects(send(data), {
    code: 'receipt-invalid',
    exitCode: 6,
    detail: /found none from one issued by CN=Their CA for seals; .*put its CA into ca\.crt/,
  })
  await appendFile(join(ours, 'ca.crt'), pemOf(sealCa))
  t.match(await send(data), { receipt: { receiverId } })
  t.equal(receiver.received.length, 2)
})

t.test('refuses a receipt whose seal is revoked', async t => {
  const { ours, send } = await open(t, { trusted: [root, tlsCa, sealCa] })
  const data = await makeFolder(t)
  const delivered = await send(data)
  const { certificate } = delivered.receipt
  const entry = { serial: Buffer.from(certificate.serialNumber, 'hex'), at: Date.now() - DAY, reason: 1 }
  const dates = { thisUpdate: new Date(Date.now() - DAY), nextUpdate: new Date(Date.now() + DAY) }
  const list = { ca: sealCa.certificate, key: sealCa.keys.privateKey, number: 2n, ...dates, revoked: [entry] }
  await appendFile(join(ours, 'ca.crl'), makeCrlPem(list))
  await t.rejects(send(await makeFolder(t)), { code: 'receipt-invalid', detail: /certificate-revoked: / })
})
