// What was received stays provable when the log gets another key and the CA's certificate is
// renewed.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { issueCertificate } from '../../packages/pki/src/issuing/issue.ts'
import { openIssuer } from '../support/certificates.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

t.test('receipts and log verify across a new log key and a renewed CA certificate', async t => {
  const folder = t.testdir()
  const certs = ['--certs', join(folder, 'certs')]
  const [receiving, sending] = ['receiver', 'sender'].map(name => ['--data', join(folder, name), ...certs])
  t.match(await runCommand('pki', ['gen', '--key', 'ec-p256', ...certs]), { exitCode: 0 })

  const receipts: { receipt: string; document: string }[] = []
  const exchange = async () => {
    const receiver = await startReceiver(t, receiving!)
    const sample = join(root, 'sample_document.xml')
    const args = ['send', sample, '--id', 'auto', '--to', receiver.url.origin, '--json', ...sending!]
    const sent = await runCommand('sender', args)
    t.equal(sent.exitCode, 0, sent.stderr)
    receipts.push(JSON.parse(sent.stdout.toString()))
    t.equal(await receiver.stop(), 0)
  }
  const verifyAll = async (when: string) => {
    const verified = await runCommand('receiver', ['log', 'verify', '--json', ...receiving!])
    t.match(JSON.parse(verified.stdout.toString()), { ok: true, documents: receipts.length }, when)
    for (const { receipt, document } of receipts) {
      const checked = await runCommand('sender', ['verify-receipt', receipt, '--document', document, ...certs])
      t.equal(checked.exitCode, 0, `${when}: ${checked.stderr}`)
    }
  }

  await exchange()
  const rotated = await runCommand('receiver', ['log', 'rotate-key', ...receiving!])
  t.match(rotated, { exitCode: 0 })
  const [, second = ''] = (await readFile(join(folder, 'certs/log.pub'), 'utf8')).split('\n')
  t.match(rotated.stdout.toString(), second, 'partners are given the new line')
  await verifyAll('right after the rotation')
  await exchange()
  await verifyAll('after the rotation')

  const issuer = await openIssuer(join(folder, 'certs'))
  const dates = { notBefore: new Date(), notAfter: new Date(Date.now() + 86_400_000) }
  const renewed = issueCertificate({ profile: 'ca', name: issuer.name, keys: issuer.keys, ...dates }, issuer)
  await writeFile(join(folder, 'certs/ca.crt'), renewed.toString())
  await verifyAll('with the renewed CA certificate alone')

  const database = new DatabaseSync(join(folder, 'receiver/ledger.sqlite'))
  const from = database.prepare('SELECT MAX(from_size) AS size FROM log_keys').get()!.size
  database.exec('UPDATE log_keys SET from_size = from_size + 1 WHERE from_size > 0')
  const moved = await runCommand('receiver', ['log', 'verify', ...receiving!])
  t.match(moved, {
    exitCode: 5,
    stderr: new RegExp(`log-invalid.*\\n.*entry ${Number(from) - 1} names .* for the log`),
  })
  database.exec('DELETE FROM log_keys WHERE from_size > 0')
  t.match(await runCommand('receiver', ['log', 'verify', ...receiving!]), { exitCode: 5, stderr: /log-invalid/ })
  database.close()
})
