// Client certificates at a running receiver, over TLS: each good chain delivers a document; no bad
// one gets as far as a handler of documents, and each meets its code, or its end in TLS.
import { spawnSync } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { generate, type Identity, loadIdentity, makeTrustAnchors } from '@seg/pki'
import t, { type Test } from 'tap'
import { keyKinds } from '../../packages/pki/src/issuing/key-pairs.ts'
import { parseCertificates } from '../../packages/pki/src/pem-file.ts'
import { accepted, type ChainCase, refused } from '../../packages/pki/src/testing/chains.ts'
import { hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import { keysOf } from '../../packages/pki/src/testing/path-certificates.ts'
import { call, credentials } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'

// Keys, and other programs, take their time on a busy machine.
t.setTimeout(600_000)

const certs = await makeCerts(t)

type Client = {
  readonly anchors: readonly X509Certificate[]
  /** The certificate, and those of CAs that are sent with it; PEM. */
  readonly cert: string
  readonly signer: Pick<Identity, 'key' | 'certificate'>
}

function clientOf({ leaf, presented = [], anchors }: ChainCase): Client {
  const cert = [leaf, ...presented].map(String).join('')
  return { anchors, cert, signer: { key: keysOf(leaf).privateKey, certificate: leaf } }
}

/** A receiver that relies on these anchors alone. */
function rely({ gate }: TestGateway, anchors: readonly X509Certificate[]): void {
  const { current } = gate.credentials
  const authority = { name: 'ca', anchors, intermediates: [], revocation: { need: 'none', grace: 0 } } as const
  gate.credentials.replace({
    ...current,
    policy: { ...current.policy, mode: 'ca', anchors: makeTrustAnchors([authority]) },
  })
}

/** What the client may do that our own may not: keys that OpenSSL thinks too short. */
function tlsOf(gateway: TestGateway, { cert, signer }: Client): ConnectionOptions {
  const key = signer.key.export({ format: 'pem', type: 'pkcs8' }) as string
  return { ...credentials(gateway), cert, key, ciphers: 'DEFAULT:@SECLEVEL=0' }
}

const headersOf = ({ length }: Buffer) => ({ 'content-type': 'application/xml', 'content-length': String(length) })

let count = 0

async function deliver(t: Test, gateway: TestGateway, client: Client): Promise<void> {
  rely(gateway, client.anchors)
  const from = /CN=([^\n]*)/.exec(client.signer.certificate.subject)![1]!
  const { key, certificate } = client.signer
  const fields = { id: `d${++count}`, from, signer: { ...gateway.sender, key, certificate } }
  const body = await makeDocument(gateway, fields)
  const tls = tlsOf(gateway, client)
  const answer = await call(gateway, { method: 'POST', path: '/v1/documents', headers: headersOf(body), body, tls })
  t.equal(answer.status, 201, answer.body.toString().slice(0, 300))
}

const receiver = await openGateway(t, certs)

t.test('each chain of the matrix that is good delivers a document', async t => {
  for (const [what, chain] of Object.entries(accepted)) await t.test(what, t => deliver(t, receiver, clientOf(chain)))
})

t.test('what `pki` makes delivers a document, with and without an intermediate CA, for each kind of key', async t => {
  for (const kind of Object.keys(keyKinds) as (keyof typeof keyKinds)[]) {
    for (const hasIntermediate of [false, true]) {
      const out = await makeFolder(t)
      await generate({ out, key: kind, hasIntermediate })
      const sender = await loadIdentity(out, 'sender')
      const path = join(out, hasIntermediate ? 'root.crt' : 'ca.crt')
      const anchors = parseCertificates(path, await readFile(path, 'utf8'))
      const presented = hasIntermediate ? await readFile(join(out, 'ca.crt'), 'utf8') : ''
      const client = { anchors, cert: `${sender.certificatePem}${presented}`, signer: sender }
      await t.test(`${kind}${hasIntermediate ? ', intermediate' : ''}`, t => deliver(t, receiver, client))
    }
  }
})

const opensslKeys: Readonly<Record<string, readonly string[]>> = {
  'RSA-2048': ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'RSA-PSS': ['RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'RSA-PSS for SHA-384': [
    ...['RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_pss_keygen_md:sha384'],
    ...['-pkeyopt', 'rsa_pss_keygen_mgf1_md:sha384', '-pkeyopt', 'rsa_pss_keygen_saltlen:48'],
  ],
  'P-256': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  Ed25519: ['ED25519'],
}

/** A root, CAs below it and a sender, all by openssl, each with a key of its own. */
async function makeWithOpenssl(folder: string, key: readonly string[], intermediates: number): Promise<Client> {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const issue = async (name: string, issuer: string, lines: readonly string[]) => {
    await writeFile(join(folder, `${name}.ext`), [...lines, 'subjectKeyIdentifier=hash', ''].join('\n'))
    openssl('genpkey', '-algorithm', ...key, '-out', `${name}.key`)
    const subject = name === 'sender' ? '/CN=MINISTRY 1_SEG01' : `/O=Ministry/CN=${name}`
    openssl('req', '-new', '-utf8', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`)
    const by = name === issuer ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`]
    const to = ['-days', '30', '-extfile', `${name}.ext`, '-out', `${name}.crt`]
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, ...to)
  }
  const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
  const leaf = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth',
  ]
  const names = ['root', ...Array.from({ length: intermediates }, (_, i) => `ca-${i + 1}`)]
  for (const [i, name] of names.entries())
    await issue(name, names[Math.max(0, i - 1)]!, i === 0 ? ca : [...ca, 'authorityKeyIdentifier=keyid'])
  await issue('sender', names.at(-1)!, [...leaf, 'authorityKeyIdentifier=keyid'])
  const read = (name: string) => readFile(join(folder, `${name}.crt`), 'utf8')
  const presented = await Promise.all(names.slice(1).map(read))
  const sender = await loadIdentity(folder, 'sender')
  return {
    anchors: parseCertificates('root.crt', await read('root')),
    cert: [sender.certificatePem, ...presented].join(''),
    signer: sender,
  }
}

t.test(
  'what openssl makes delivers a document, below no, one and two intermediate CAs, for each kind of key',
  { skip: hasOpenssl ? false : 'openssl is not installed' },
  async t => {
    for (const [i, [kind, key]] of Object.entries(opensslKeys).entries()) {
      const intermediates = i % 3
      const client = await makeWithOpenssl(await makeFolder(t), key, intermediates)
      await t.test(`${kind}, ${intermediates} intermediate CAs`, t => deliver(t, receiver, client))
    }
  },
)

t.test('twenty good clients and more have delivered', async t => {
  t.ok(count >= 20, `${count} documents`)
})

/** What a client reads until the connection ends, without the header fields. */
async function answerTo(gateway: TestGateway, client: Client): Promise<string> {
  const body = await makeDocument(gateway, { id: 'bad' })
  const socket = connect({ host: '127.0.0.1', port: gateway.port, ...tlsOf(gateway, client) })
  socket.on('error', () => {})
  socket.write(
    `POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  socket.write(body)
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(done => socket.on('close', done))
  return text
}

/** TLS 1.3 has no signatures of the key, so that none is shown; OpenSSL cannot read the name. */
const ofTls = ['a key on secp256k1', 'a CN that is no text, where names are constrained']

/** Nobody stands behind it, or TLS itself ends. */
function endsInTls(what: string, { code }: { readonly code: string }): boolean {
  return code === 'certificate-untrusted' || ofTls.includes(what)
}

t.test('no bad chain of the matrix gets to a handler: each meets its code, or its end in TLS', async t => {
  const gateway = await openGateway(t, certs)
  const cases = Object.entries(refused)
  t.ok(cases.length >= 45, `${cases.length} bad chains`)
  for (const [what, chain] of cases) {
    rely(gateway, chain.anchors)
    const answer = await answerTo(gateway, clientOf(chain))
    if (endsInTls(what, chain)) t.equal(answer, '', `${what}: ends before HTTP`)
    else t.match(answer, new RegExp(`^HTTP/1\\.1 403 [^]*"code":"${chain.code}"`), what)
  }
  t.equal(await gateway.gate.ledger.find('MINISTRY 1_SEG01', 'bad'), undefined, 'none is accepted')
})
