// Certificates are renewed between a document and its receipt: what the receiver accepted is
// delivered, and receipts stay valid under what follows.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { issueCertificate } from '../../packages/pki/src/issuing/issue.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-renewal-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, received] = [join(folder, 'certs'), join(folder, 'receiver')]
await makePartner(certs)
const sample = join(root, 'sample_document.xml')

const run = async (...args: string[]) => {
  const { exitCode, stdout } = await runCommand('sender', [...args, '--certs', certs, '--json'])
  return { exitCode, ...JSON.parse(stdout.toString()) }
}

/** Another key and certificate for the same sender, of the same CA. */
async function renewSender(days = 30): Promise<void> {
  const { certificatePem, keyPem } = issue({ to: days }, await openIssuer(certs))
  await writeFile(join(certs, 'sender.crt'), certificatePem)
  await writeFile(join(certs, 'sender.key'), keyPem, { mode: 0o600 })
}

t.test(
  'a sender certificate renewed while an answer was lost, and a CA certificate renewed afterwards',
  { timeout: 600_000 },
  async t => {
    const receiver = await startReceiver(t, ['--certs', certs, '--data', received])
    const to = ['--to', receiver.url.origin]
    const [data, lost] = [join(folder, 'sender'), join(folder, 'lost')]
    await run('send', sample, '--id', 'renewed', '--no-wait', '--data', data, ...to)
    // Who is put back to before the answer came is as one that never got it.
    await cp(data, lost, { recursive: true })
    const first = await run('send', sample, '--id', 'renewed', '--data', data, ...to)
    t.match(first, { exitCode: 0, state: 'delivered' })
    await renewSender()
    const again = await run('send', sample, '--id', 'renewed', '--data', lost, ...to)
    t.match(again, { exitCode: 0, state: 'delivered', sha256: first.sha256 })
    t.same(await readFile(again.receipt), await readFile(first.receipt), 'the receipt of the first bytes')
    t.equal((await readdir(dirname(again.document))).filter(name => name.startsWith('document-')).length, 1)

    const verified = await run('verify-receipt', again.receipt, '--document', again.document)
    t.match(verified, { exitCode: 0, ok: true, id: 'renewed' }, 'signed under the certificate before')
    const other = await run('send', sample, '--id', 'other', '--data', data, ...to)
    t.match(other, { exitCode: 0 }, 'and the renewed one is good')
    t.match(await run('verify-receipt', other.receipt, '--document', again.document), {
      exitCode: 6,
      code: 'receipt-invalid',
      detail: /the document id in the receipt/,
    })

    await renewSender(-0.5)
    t.match(await run('send', sample, '--id', 'third', '--data', data, '--timeout', '3', ...to), {
      exitCode: 5,
      code: 'certificate-invalid',
      detail: /our own certificate, sender\.crt: .* is valid from .*; nothing was sent/,
    })
    const shown = await runCommand('sender', ['outbox', 'show', 'third', '--data', data, '--json'])
    t.match(JSON.parse(shown.stdout.toString()), { state: 'queued', tries: 1, advice: /inspect/ })
    t.equal(await receiver.stop(), 0)

    const issuer = await openIssuer(certs)
    const [notBefore, notAfter] = [new Date(), new Date(Date.now() + 86_400_000)]
    const ca = issueCertificate({ profile: 'ca', name: issuer.name, keys: issuer.keys, notBefore, notAfter }, issuer)
    await writeFile(join(certs, 'ca.crt'), ca.toString())
    const later = await run('verify-receipt', again.receipt, '--document', again.document)
    t.match(later, { exitCode: 0, ok: true }, 'under the CA certificate that was renewed since, with the same key')
  },
)
