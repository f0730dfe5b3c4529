// Keys of each kind, end to end: made by `pki`, used in TLS, for documents and for receipts; what
// they sign is verified by the other side, from the log, and by OpenSSL.
import { spawnSync } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity, loadTrust, loadVerifierKeys, makeOwnPolicy } from '@seg/pki'
import t from 'tap'
import { openEvidence, verifyLedger } from '../../packages/ledger/src/index.ts'
import { issueFiles, makeCsr } from '../../packages/pki/src/issuing/issue-files.ts'
import type { KeyKind } from '../../packages/pki/src/issuing/key-pairs.ts'
import { hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import { openOriginCheck } from '../../packages/receiver/src/stored/verify-origin.ts'
import { openReceiptCheck } from '../../packages/receiver/src/stored/verify-sealed-receipt.ts'
import { makeFolder, openGateway, setTrust } from '../../packages/receiver/src/testing/gateway.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { makeDocument, openSender, openTemplate } from '../../packages/sender/src/testing/gateways.ts'
import { ecdsaToDer } from '../../packages/xmldsig/src/signature/ecdsa-value.ts'

// Keys, and other programs, take their time on a busy machine.
t.setTimeout(600_000)

const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const algorithms: Readonly<Record<Exclude<KeyKind, 'ml-dsa-65'>, string>> = {
  'rsa-2048': `${MORE_2001}rsa-sha256`,
  'rsa-3072': `${MORE_2001}rsa-sha256`,
  'rsa-pss-3072': 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  'ec-p256': `${MORE_2001}ecdsa-sha256`,
  'ec-p384': `${MORE_2001}ecdsa-sha384`,
  'ec-p521': `${MORE_2001}ecdsa-sha512`,
  ed25519: 'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519',
}

/** The SignatureMethod of the one Signature in a file. */
async function methodIn(path: string): Promise<string | undefined> {
  return /<(?:ds:)?SignatureMethod Algorithm="([^"]*)"/.exec(await readFile(path, 'utf8'))?.[1]
}

/** What OpenSSL finds of the signature of a receipt: what is signed is canonical as it stands. */
async function opensslVerifies(folder: string, receipt: string, kind: keyof typeof algorithms): Promise<boolean> {
  const text = await readFile(receipt, 'utf8')
  const [, signed = '', value = ''] = /(<SignedInfo>.*<\/SignedInfo>)<SignatureValue>([^<]*)/.exec(text)!
  const octets = Buffer.from(value, 'base64')
  await writeFile(join(folder, 'signed'), signed.replace('>', ' xmlns="http://www.w3.org/2000/09/xmldsig#">'))
  await writeFile(join(folder, 'value'), kind.startsWith('ec') ? ecdsaToDer(octets) : octets)
  const openssl = (...args: string[]) => spawnSync('openssl', args, { cwd: folder })
  openssl('x509', '-in', 'seal.crt', '-noout', '-pubkey', '-out', 'seal.pub')
  const hash = /sha\d+/.exec(algorithms[kind])?.[0]
  const padding = ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest']
  const { status } = openssl(
    ...['pkeyutl', '-verify', '-pubin', '-inkey', 'seal.pub', '-rawin', '-in', 'signed', '-sigfile', 'value'],
    ...(hash === undefined ? [] : ['-digest', hash]),
    ...(kind.startsWith('rsa-pss') ? padding : []),
  )
  return status === 0
}

async function verifyLog(certs: string, data: string) {
  const trust = await loadTrust(certs)
  const verification = verifyLedger(openEvidence(data), (await loadVerifierKeys(certs)).join('\n'), {
    checkReceipt: openReceiptCheck(trust),
    checkOrigin: openOriginCheck(makeOwnPolicy(trust)),
  })
  let step = await verification.next()
  while (!step.done) step = await verification.next()
  return step.value
}

for (const kind of Object.keys(algorithms) as (keyof typeof algorithms)[]) {
  t.test(`${kind}: CA, sender, receiver and seal of that kind exchange a document, and the log verifies`, async t => {
    const certs = await makeFolder(t)
    await generate({ out: certs, key: kind })
    const out = join(certs, 'new-seal')
    const request = { certs, ca: 'ca', profile: 'seal', id: 'MINISTRY 2_SEG01', hosts: [], key: kind } as const
    await issueFiles({ ...request, days: 30, out, now: new Date() })
    for (const end of ['crt', 'key']) await rename(`${out}.${end}`, join(certs, `seal.${end}`))
    t.same(
      (await loadIdentity(certs, 'seal')).key.asymmetricKeyDetails,
      (await loadIdentity(certs, 'sender')).key.asymmetricKeyDetails,
      'one kind',
    )

    const gateway = await openGateway(t, certs)
    await using sender = await openSender(certs, await makeFolder(t))
    const template = await openTemplate(t, makeDocument())
    const delivery = await sendTemplate(template, new URL(`https://localhost:${gateway.port}`), sender)
    t.match(delivery, { made: { tries: 1 }, receipt: { documentId: 'doc123' } })
    t.equal(await methodIn(delivery.documentPath), algorithms[kind])
    t.equal(await methodIn(delivery.receiptPath), algorithms[kind])

    if (hasOpenssl) t.ok(await opensslVerifies(certs, delivery.receiptPath, kind), 'openssl verifies the receipt')

    const verified = await verifyLog(certs, gateway.data)
    t.match(verified, { documents: 1, withoutCertificate: 0 })
  })
}

t.test('ml-dsa-65: for CA and TLS of both sides; a seal gets none, and a sender signs with another key', async t => {
  const certs = await makeFolder(t)
  await generate({ out: certs, key: 'ml-dsa-65' })
  const kindOf = async (profile: 'sender' | 'receiver' | 'seal') =>
    (await loadIdentity(certs, profile)).key.asymmetricKeyType
  t.same([await kindOf('receiver'), await kindOf('sender'), await kindOf('seal')], ['ml-dsa-65', 'rsa', 'ec'])
  const gateway = await openGateway(t, certs)
  await using sender = await openSender(certs, await makeFolder(t))
  const url = new URL(`https://localhost:${gateway.port}`)
  const delivery = await sendTemplate(await openTemplate(t, makeDocument()), url, sender)
  t.match(delivery, { made: { tries: 1 } })
  t.match(await verifyLog(certs, gateway.data), { documents: 1 })

  const usual = { certs, ca: 'ca', hosts: [], days: 30, now: new Date() } as const
  const seal = { ...usual, profile: 'seal', id: 'MINISTRY 1_SEG01', out: join(certs, 'signing') } as const
  const refusal = { code: 'usage', detail: /signs XML, for which no standard has an algorithm with a key of ml-dsa-65/ }
  await t.rejects(issueFiles({ ...seal, key: 'ml-dsa-65' }), refusal)
  const request = { profile: 'receiver', id: seal.id, hosts: ['x'], key: 'ml-dsa-65', out: join(certs, 'x') } as const
  await t.rejects(issueFiles({ ...seal, csr: (await makeCsr(request)).csr }), refusal, 'nor by a request')

  // A sender with such a key signs with another certificate, or not at all.
  const out = join(certs, 'new-sender')
  await issueFiles({ ...usual, profile: 'sender', id: seal.id, key: 'ml-dsa-65', out })
  for (const end of ['crt', 'key']) await rename(`${out}.${end}`, join(certs, `sender.${end}`))
  const template = await openTemplate(t, makeDocument({ id: 'post-quantum' }))
  await using alone = await openSender(certs, await makeFolder(t))
  await t.rejects(sendTemplate(template, url, alone), { code: 'configuration', detail: /found ml-dsa-65/ })
  await issueFiles(seal)
  await setTrust(
    gateway,
    `trust: { mode: listed, authorities: { gov: { anchors: ca.crt } } }
partners:
  - id: ${seal.id}
    certificates:
      - { for: [tls], authority: gov, subject: { CN: "${seal.id}" } }
      - { for: [sign], authority: gov, subject: { CN: "${seal.id}" } }
`,
  )
  await using both = await openSender(certs, await makeFolder(t))
  t.match(await sendTemplate(template, url, both), { receipt: { documentId: 'post-quantum' } })
})
