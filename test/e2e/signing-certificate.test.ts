// A sender with a certificate for signatures apart from that of its connections, by commands alone.
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

t.setTimeout(600_000)

const folder = await mkdtemp(join(tmpdir(), 'seg-signing-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data, config] = [join(folder, 'certs'), join(folder, 'receiver'), join(folder, 'seg.yaml')]
await makePartner(certs)
const sample = join(root, 'sample_document.xml')
const id = 'MINISTRY 1_SEG01'

const run = async (name: 'pki' | 'sender' | 'receiver', ...args: string[]) => {
  const { exitCode, stdout, stderr } = await runCommand(name, [...args, '--json'])
  return { exitCode, stderr, ...JSON.parse(stdout.toString() || '{}') }
}
const sender = (...args: string[]) => run('sender', ...args, '--certs', certs)

t.test('documents are signed with signing.crt, and proven with it', async t => {
  const issued = ['--profile', 'seal', '--id', 'signer one', '--certs', certs, '--out', join(certs, 'signing')]
  t.match(await run('pki', 'issue', ...issued), { exitCode: 0 })
  await writeFile(
    config,
    `trust: { mode: listed, authorities: { gov: { anchors: ${join(certs, 'ca.crt')} } } }
partners: [{ id: ${id}, certificates: [{ for: [tls], authority: gov, subject: { CN: ${id} } }, \
{ for: [sign], authority: gov, subject: { CN: nobody } }] }]
`,
  )
  const adding = ['partners', 'add', id, '--authority', 'gov', '--for', 'sign', '--subject', 'CN=signer one']
  t.match(await run('receiver', ...adding, '--certs', certs, '--data', data, '--config', config), { exitCode: 0 })
  const receiver = await startReceiver(t, ['--certs', certs, '--data', data, '--config', config])
  const to = ['--to', receiver.url.origin, '--data', join(folder, 'sender')]
  const sent = await sender('send', sample, '--id', 'b', ...to)
  t.match(sent, { exitCode: 0, state: 'delivered' })

  const { raw, fingerprint256 } = new X509Certificate(await readFile(join(certs, 'signing.crt')))
  const sha256 = fingerprint256.replaceAll(':', '').toLowerCase()
  const log = ['log', 'verify', '--certs', certs, '--data', data, '--config', config]
  const files = ['verify-receipt', sent.receipt, '--document', sent.document]
  const [shown, exported, verified, proven, diagnosed] = await Promise.all([
    run('receiver', 'documents', 'show', 'b', '--data', data),
    runCommand('receiver', ['documents', 'export', 'b', '--certificate', '--data', data]),
    run('receiver', ...log),
    sender(...files),
    sender('diagnose', ...to),
  ])
  t.match(shown, { certificate: { sha256 } })
  t.same(new X509Certificate(exported.stdout).raw, raw)
  t.match(verified, { ok: true, documents: 1, withoutCertificate: 0 })
  t.match(proven, { exitCode: 0, certificate: sha256 })
  t.match(diagnosed, { exitCode: 0 })

  // Somebody else, who has not our signing.crt, must name it: its CN is not the sender's id.
  await rename(join(certs, 'signing.crt'), join(folder, 'known.crt'))
  await rename(join(certs, 'signing.key'), join(folder, 'known.key'))
  const [unnamed, named] = await Promise.all([sender(...files), sender(...files, '--cert', join(folder, 'known.crt'))])
  t.match(unnamed, { exitCode: 6, detail: /the document's signer is "signer one"/ })
  t.match(named, { exitCode: 0, certificate: sha256 })
})

t.test('half of the pair is an error, and so is a certificate that signs for nobody', async t => {
  const to = ['--to', 'https://localhost:1', '--data', join(folder, 'half'), '--timeout', '0']
  const put = async (name: string, from: string) => writeFile(join(certs, name), await readFile(from), { mode: 0o600 })
  await put('signing.crt', join(folder, 'known.crt'))
  t.match(await sender('send', sample, ...to), {
    exitCode: 5,
    code: 'configuration',
    detail: /signing\.key is missing/,
  })
  await put('signing.key', join(certs, 'sender.key'))
  t.match(await sender('send', sample, ...to), { exitCode: 5, detail: /is not the key of signing\.crt/ })
  await put('signing.crt', join(certs, 'receiver.crt'))
  await put('signing.key', join(certs, 'receiver.key'))
  t.match(await sender('send', sample, '--id', 'c', ...to), {
    exitCode: 5,
    code: 'certificate-purpose',
    detail: /our own certificate, signing\.crt: .*extendedKeyUsage/,
  })
})
