// Keys of each kind, end to end: made by `pki`, used in TLS, for documents and for receipts; what
// they sign is verified by the other side, from the log, and by OpenSSL.
import { spawnSync } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity, loadTrust, loadVerifierKeys, makeOwnPolicy } from '@seg/pki'
import t from 'tap'
import { openEvidence, verifyLedger } from '../../packages/ledger/src/index.ts'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { type KeyKind, keyKinds } from '../../packages/pki/src/issuing/key-pairs.ts'
import { hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import { openOriginCheck } from '../../packages/receiver/src/acceptance/verify-origin.ts'
import { openReceiptCheck } from '../../packages/receiver/src/acceptance/verify-sealed-receipt.ts'
import { makeFolder, openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { makeDocument, openSender, openTemplate } from '../../packages/sender/src/testing/gateways.ts'
import { ecdsaToDer } from '../../packages/xmldsig/src/signature/ecdsa-value.ts'

const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const algorithms: Readonly<Record<KeyKind, string>> = {
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
async function opensslVerifies(folder: string, receipt: string, kind: KeyKind): Promise<boolean> {
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

for (const kind of Object.keys(keyKinds) as KeyKind[]) {
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

    const trust = await loadTrust(certs)
    const verification = verifyLedger(openEvidence(gateway.data), (await loadVerifierKeys(certs)).join('\n'), {
      checkReceipt: openReceiptCheck(trust),
      checkOrigin: openOriginCheck(makeOwnPolicy(trust)),
    })
    let step = await verification.next()
    while (!step.done) step = await verification.next()
    t.match(step.value, { documents: 1, withoutCertificate: 0 })
  })
}
