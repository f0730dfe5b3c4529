// The sender's commands as scripts see them: exit codes, JSON, files.
import { execFileSync } from 'node:child_process'
import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accept, answerReceipt, refuse, sha256, startReceiver } from './testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder } from './testing/gateways.ts'
import { runSender } from './testing/run-sender.ts'

const certs = await makeCerts(t)

/** A user's folder with documents in it, and `seg` to run commands there. */
async function openDesk(t: Test, files: Record<string, string | Buffer> = { 'a.xml': makeDocument() }) {
  const folder = await makeFolder(t)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const run = (...args: string[]) => runSender(folder, args, { SEG_CERTS: certs, SEG_DATA: join(folder, 'state') })
  return { folder, run, json: async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) }
}

t.test('send: 0 with a verified receipt, and again 0 for the same file, as the delivery it was', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const { run, json } = await openDesk(t)
  const first = await run('send', 'a.xml', '--to', receiver.url.origin)
  t.match(first, { exitCode: 0, stdout: /a\.xml: delivered, the receipt verifies/, stderr: '' })
  const second = await json('send', 'a.xml', '--to', receiver.url.origin)
  t.match(second, { ok: true, state: 'already-delivered', id: 'doc123', deliveries: [{ file: 'a.xml', ok: true }] })
  t.match(await readFile(second.receipt, 'utf8'), second.id)
  t.match(await run('send', 'a.xml', '--to', receiver.url.origin), {
    exitCode: 0,
    stdout: /already delivered on .*, receipt at /,
  })
  t.equal(receiver.received.length, 1)
})

t.test('send --id auto: another document each time', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const { json } = await openDesk(t)
  const ids = [
    await json('send', 'a.xml', '--id', 'auto', '--to', receiver.url.origin),
    await json('send', 'a.xml', '--id', 'auto', '--to', receiver.url.origin),
  ]
  t.match(ids, [
    { ok: true, id: /^doc-/, state: 'delivered' },
    { ok: true, id: /^doc-/, state: 'delivered' },
  ])
  t.not(ids[0].id, ids[1].id)
})

t.test('send: 3 with the code, the sentence and advice when the receiver refuses', async t => {
  const receiver = await startReceiver(t, certs, refuse('document-id-conflict'))
  const { run, json } = await openDesk(t)
  const { exitCode, stderr, stdout } = await run('send', 'a.xml', '--to', receiver.url.origin)
  t.match({ exitCode, stdout }, { exitCode: 3, stdout: '' })
  for (const part of ['refused: document-id-conflict', 'was accepted from this sender before', '--id auto'])
    t.match(stderr, part)
  t.match(await json('send', 'a.xml', '--to', receiver.url.origin), {
    ok: false,
    code: 'document-id-conflict',
    state: 'refused',
    exitCode: 3,
  })
})

t.test('send: 4 when nothing listens', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  await receiver.close()
  const { run } = await openDesk(t)
  const { exitCode, stdout } = await run('send', 'a.xml', '--to', receiver.url.origin, '--timeout', '0.3', '--json')
  t.match({ exitCode, ...JSON.parse(stdout) }, { exitCode: 4, ok: false, code: 'delivery-pending', state: 'pending' })
})

t.test('send: 5 for a document, certificates or a file that are not in order', async t => {
  const { run, folder } = await openDesk(t, {
    'comment.xml': makeDocument().toString().replace('<Payload>', '<!-- x --><Payload>'),
    'no.xml': '<a>',
  })
  const to = ['--to', 'https://localhost:1', '--timeout', '0.2']
  t.match(await run('send', 'comment.xml', ...to), { exitCode: 5, stderr: /xml-comment[\s\S]*--strip-comments/ })
  t.match(await run('send', 'no.xml', ...to), { exitCode: 5, stderr: /xml-malformed/ })
  t.match(await run('send', 'missing.xml', ...to), { exitCode: 5, stderr: /file-unreadable/ })
  t.match(await run('send', 'no.xml', '--certs', folder, ...to), { exitCode: 5, stderr: /configuration/ })
})

t.test('send: 6 when the receipt is not one', async t => {
  const receiver = await startReceiver(t, certs, response => answerReceipt(response, '<Receipt/>'))
  const { run } = await openDesk(t)
  t.match(await run('send', 'a.xml', '--to', receiver.url.origin), {
    exitCode: 6,
    stderr: /the receipt does not verify: receipt-invalid/,
  })
})

t.test('send: tries every file, and the worst outcome is the exit code', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    (count === 1 ? accept(certs) : refuse('schema-invalid'))(response, received, count),
  )
  const { run } = await openDesk(t, {
    'a.xml': makeDocument(),
    'b.xml': makeDocument({ id: 'b' }),
    'c.xml': 'not XML',
    'd.xml': makeDocument({ id: 'd' }),
  })
  const { exitCode, stdout } = await run(
    'send',
    'a.xml',
    'b.xml',
    'c.xml',
    'd.xml',
    '--to',
    receiver.url.origin,
    '--json',
  )
  const result = JSON.parse(stdout)
  t.equal(exitCode, 5)
  t.match(result, { ok: false, file: 'c.xml', code: /^xml-/ })
  t.match(result.deliveries, [
    { state: 'delivered' },
    { code: 'schema-invalid' },
    { state: 'failed' },
    { code: 'schema-invalid' },
  ])
})

t.test('send: 2 for what its help does not offer', async t => {
  const { run, json } = await openDesk(t)
  for (const args of [
    [],
    ['a.xml', '--id', ' '],
    ['a.xml', 'a.xml', '--id', 'x'],
    ['a.xml', '--to', 'http://localhost'],
    ['a.xml', '--to', 'https://localhost/in'],
  ]) {
    t.match(await run('send', ...args), { exitCode: 2 }, args.join(' '))
  }
  t.match(await json('send'), { ok: false, code: 'usage' })
  t.match(await run('send', '--help'), { exitCode: 0, stdout: /--timeout/ })
})

t.test('sign and verify: what one signs the other lists, in words and in JSON', async t => {
  const { folder, run, json } = await openDesk(t)
  const cert = join(certs, 'sender.crt')
  const { exitCode, stdout } = await run('sign', 'a.xml')
  t.equal(exitCode, 0)
  await writeFile(join(folder, 'signed.xml'), stdout)
  t.match(await run('verify', 'signed.xml', '--cert', cert), { exitCode: 0, stdout: /^valid[\s\S]*doc123/ })
  const facts = { ok: true, id: 'doc123', senderId: 'MINISTRY 1_SEG01', receiverId: 'MINISTRY 2_SEG01' }
  t.match(await json('verify', 'signed.xml', '--cert', cert), {
    ...facts,
    digestAlgorithm: 'sha256',
    canonicalBytes: Number,
  })
  const signed = await json('sign', 'a.xml', '--id', 'other')
  t.match(signed, { ...facts, id: 'other', document: /<CriticalDocument id="other">/, warnings: [] })
})

t.test('sign -o: writes a file, and replaces the one that is there', async t => {
  const { folder, run, json } = await openDesk(t, { 'a.xml': makeDocument(), 'full.xml': 'something else' })
  t.match(await run('sign', 'a.xml', '-o', 'out.xml'), { exitCode: 0, stderr: '' })
  t.match(await readFile(join(folder, 'out.xml'), 'utf8'), /<Signature /)
  t.match(await json('sign', 'a.xml', '-o', 'full.xml'), { ok: true, file: join(folder, 'full.xml') })
  t.match(await readFile(join(folder, 'full.xml'), 'utf8'), /^<CriticalDocument [\s\S]*<Signature /)
  t.match(await run('sign', 'a.xml', '-o', 'none/there.xml'), { exitCode: 0 })
  t.match(await json('sign', 'a.xml', '-o', '.'), { ok: false, code: 'file-unreadable' })
})

t.test('sign -o: keeps the permissions of what it replaces, and takes the input itself and links', async t => {
  const { folder, run } = await openDesk(t)
  await chmod(join(folder, 'a.xml'), 0o600)
  await symlink('a.xml', join(folder, 'link.xml'))
  t.match(await run('sign', 'a.xml', '-o', 'link.xml'), { exitCode: 0 })
  t.match(await readFile(join(folder, 'a.xml'), 'utf8'), /<Signature /)
  t.equal((await stat(join(folder, 'a.xml'))).mode & 0o777, 0o600)
  t.ok((await lstat(join(folder, 'link.xml'))).isSymbolicLink())
})

t.test('sign and send: read a pipe, too', async t => {
  const { folder, run } = await openDesk(t)
  execFileSync('mkfifo', [join(folder, 'pipe'), join(folder, 'out')])
  const [signed] = await Promise.all([run('sign', 'pipe'), writeFile(join(folder, 'pipe'), makeDocument())])
  t.match(signed, { exitCode: 0, stdout: /<Signature / })
  const [written] = await Promise.all([readFile(join(folder, 'out'), 'utf8'), run('sign', 'a.xml', '-o', 'out')])
  t.match(written, /<Signature /, 'and write one')
})

t.test('sign: warns of a sender that is not the certificate, and refuses a second signature', async t => {
  const { run, json } = await openDesk(t, { 'a.xml': makeDocument({ sender: 'MINISTRY 9' }) })
  t.match(await run('sign', 'a.xml', '-o', 'signed.xml'), { exitCode: 0, stderr: /warning: SenderID is "MINISTRY 9"/ })
  t.match(await json('sign', 'signed.xml'), { ok: false, code: 'signature-multiple' })
})

t.test('verify: 5 with the code for a changed document and for another certificate', async t => {
  const { folder, run, json } = await openDesk(t)
  await run('sign', 'a.xml', '-o', 'signed.xml')
  const changed = (await readFile(join(folder, 'signed.xml'), 'utf8')).replace('Saturday', 'Sunday')
  await writeFile(join(folder, 'changed.xml'), changed)
  const cert = join(certs, 'sender.crt')
  t.match(await run('verify', 'changed.xml', '--cert', cert), { exitCode: 5, stderr: /signature-digest/ })
  t.match(await json('verify', 'changed.xml', '--cert', cert), {
    ok: false,
    code: 'signature-digest',
    detail: /computed/,
  })
  t.match(await json('verify', 'signed.xml', '--cert', join(certs, 'receiver.crt')), {
    ok: false,
    code: /^signature-(key|value)$/,
  })
  t.match(await json('verify', 'signed.xml', '--cert', 'signed.xml'), { ok: false, code: 'certificate-invalid' })
  t.match(await run('verify', 'signed.xml'), { exitCode: 2, stderr: /--cert/ })
})

t.test('verify --canonical: writes what was digested, also for a changed document, and only then', async t => {
  const { folder, run, json } = await openDesk(t)
  await run('sign', 'a.xml', '-o', 'signed.xml')
  const cert = join(certs, 'sender.crt')
  const signed = await readFile(join(folder, 'signed.xml'), 'utf8')
  await writeFile(join(folder, 'changed.xml'), signed.replace('Saturday', 'Sunday'))
  await writeFile(join(folder, 'broken.xml'), signed.replace('</Payload>', ''))
  const { digest } = await json('verify', 'signed.xml', '--cert', cert, '--canonical', 'right')
  const right = await readFile(join(folder, 'right'))
  t.equal(sha256(right).toString('base64'), digest)

  const { exitCode, stderr } = await run('verify', 'changed.xml', '--cert', cert, '--canonical', 'wrong')
  const wrong = await readFile(join(folder, 'wrong'))
  t.equal(exitCode, 5)
  for (const part of [`computed sha256 ${sha256(wrong).toString('base64')}`, `signed ${digest}`, join(folder, 'wrong')])
    t.match(stderr, part)
  t.equal(wrong.toString(), right.toString().replace('Saturday', 'Sunday'))
  t.match(await run('verify', 'changed.xml', '--cert', cert), { stderr: /--canonical OUT/ })

  t.match(await run('verify', 'broken.xml', '--cert', cert, '--canonical', 'none'), {
    exitCode: 5,
    stderr: /xml-malformed/,
  })
  await t.rejects(stat(join(folder, 'none')), { code: 'ENOENT' })
})

t.test('verify --repeat: the time of one, in nanoseconds', async t => {
  const { run, json } = await openDesk(t)
  await run('sign', 'a.xml', '-o', 'signed.xml')
  const timed = await json('verify', 'signed.xml', '--cert', join(certs, 'sender.crt'), '--repeat', '5')
  t.match(timed, { ok: true, repeat: 5, nsPerOp: Number })
  t.ok(Number.isInteger(timed.nsPerOp) && timed.nsPerOp > 0)
  for (const times of ['0', '-1', '1.5', 'many']) {
    t.match(
      await run('verify', 'signed.xml', '--cert', join(certs, 'sender.crt'), '--repeat', times),
      { exitCode: 2 },
      times,
    )
  }
})
