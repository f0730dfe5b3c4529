// The commands that the README names, end to end: certificates, a running receiver, documents sent,
// listed and exported, and every exit code.
import { createHash, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openTestLedger, someChain } from '../../packages/receiver/src/testing/gateway.ts'
import {
  answerReceipt,
  makeReceipt,
  startReceiver as startForeignReceiver,
} from '../../packages/sender/src/testing/foreign-receiver.ts'
import {
  type Finished,
  listCommands,
  loadProgram,
  root,
  runCommand,
  runProcess,
  startReceiver,
} from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-e2e-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const sample = join(root, 'sample_document.xml')

type Run = typeof runCommand | typeof runProcess

const json = ({ stdout }: Finished) => JSON.parse(stdout.toString())

await t.test('pki gen makes everything for a first exchange, and never replaces it by itself', async t => {
  const made = await runProcess('pki', ['gen', '--out', certs, '--json'])
  t.equal(made.exitCode, 0, made.stderr)
  const names = [
    'ca.crl',
    'ca.crt',
    'ca.key',
    'console.crt',
    'console.key',
    'log.key',
    'log.pub',
    'receiver.crt',
    'receiver.key',
    'seal.crt',
    'seal.key',
    'sender.crt',
    'sender.key',
  ]
  t.same((await readdir(certs)).sort(), names)
  t.same(
    json(made)
      .files.map(({ path }: { path: string }) => path)
      .sort(),
    names.map(name => join(certs, name)),
  )
  for (const name of names.filter(name => name.endsWith('.key')))
    t.equal((await stat(join(certs, name))).mode & 0o777, 0o600, name)
  t.equal(
    new X509Certificate(await readFile(join(certs, 'sender.crt'))).publicKey.asymmetricKeyDetails?.modulusLength,
    3072,
  )

  const key = await readFile(join(certs, 'sender.key'))
  const again = await runProcess('pki', ['gen', '--out', certs, '--json'])
  t.match({ ...again, stdout: json(again) }, { exitCode: 5, stdout: { ok: false, code: 'file-exists' }, stderr: '' })
  t.same(await readFile(join(certs, 'sender.key')), key)
})

t.test('pki inspect says what there is', async t => {
  const { certificates } = json(await runProcess('pki', ['inspect', certs, '--json']))
  const facts = certificates.map(({ id, profile, key, daysLeft }: Record<string, unknown>) => [
    profile,
    id,
    key,
    daysLeft,
  ])
  t.match(facts, [
    ['ca', /^SEG root CA /, 'rsa-3072', 3649],
    ['receiver', 'console', 'ec-p256', 396],
    ['receiver', 'MINISTRY 2_SEG01', 'ec-p256', 396],
    ['seal', 'MINISTRY 2_SEG01', 'ec-p256', 396],
    ['sender', 'MINISTRY 1_SEG01', 'rsa-3072', 396],
  ])
})

t.test('send, list, show, export: what arrives is what was signed, once, however often it is sent', async t => {
  const { data, send, receiver } = await openExchange(t, runProcess)
  // As typed at the root of the checkout.
  const first = await send('sample_document.xml', '--json')
  t.equal(first.exitCode, 0, first.stderr)
  const delivered = json(first)
  t.match(delivered, {
    ok: true,
    state: 'delivered',
    id: 'doc123',
    senderId: 'MINISTRY 1_SEG01',
    receiverId: 'MINISTRY 2_SEG01',
  })
  t.match(delivered.tls, { protocol: 'TLSv1.3' })
  const second = await send('sample_document.xml', '--json')
  t.match(
    { ...second, stdout: json(second) },
    { exitCode: 0, stdout: { state: 'already-delivered', sha256: delivered.sha256 } },
  )

  const documents = (...args: string[]) => runProcess('receiver', ['documents', ...args, '--data', data])
  const { documents: list } = json(await documents('list', '--json'))
  t.equal(list.length, 1, 'one record')
  const { sender, id, acceptedAt, bytes, sha256, index } = list[0]
  t.match(
    { sender, id, acceptedAt, sha256, index },
    { sender: 'MINISTRY 1_SEG01', id: 'doc123', acceptedAt: delivered.acceptedAt, sha256: delivered.sha256, index: 1 },
  )
  t.match(json(await documents('show', 'doc123', '--json')), list[0])
  for (const args of [['list'], ['show', 'doc123']])
    t.match((await documents(...args)).stdout.toString(), delivered.acceptedAt)

  const exported = await documents('export', 'doc123')
  t.match(exported, { exitCode: 0, stderr: '' })
  t.same(exported.stdout, await readFile(delivered.document), 'byte for byte what the sender sent')
  t.equal(exported.stdout.length, bytes)
  t.equal(createHash('sha256').update(exported.stdout).digest('hex'), sha256)
  const file = join(data, '..', 'exported.xml')
  t.equal((await documents('export', 'doc123', '--sender', 'MINISTRY 1_SEG01', '-o', file)).exitCode, 0)
  t.equal((await stat(file)).mode & 0o777, 0o600, 'what was exported is for its user alone')
  t.same(await readFile(file), exported.stdout)

  t.match(receiver.ready, { id: 'MINISTRY 2_SEG01', certs, data, pid: receiver.child.pid })
  t.equal(await receiver.stop(), 0, 'SIGTERM ends it in order')
})

t.test('one document signed and sent by hand is the same document to a receiver that was started again', async t => {
  const exchange = await openExchange(t)
  const signed = join(exchange.folder, 'signed.xml')
  t.equal((await runCommand('sender', ['sign', sample, '-o', signed, '--certs', certs])).exitCode, 0)
  t.equal((await stat(signed)).mode & 0o777, 0o600)
  const first = json(await exchange.send(signed, '--json'))
  await exchange.receiver.kill()
  const restarted = await startReceiver(t, ['--certs', certs, '--data', exchange.data])
  // Another sender's state: only the receiver can know of the first delivery.
  const other = ['--certs', certs, '--data', join(exchange.folder, 'other'), '--to', restarted.url.origin]
  const again = json(await runCommand('sender', ['send', signed, ...other, '--json']))
  t.match(again, { state: 'delivered', acceptedAt: first.acceptedAt })
  t.same(await readFile(again.receipt), await readFile(first.receipt), 'its receipt is the first one')
  t.equal(
    json(await runCommand('receiver', ['documents', 'list', '--data', exchange.data, '--json'])).documents.length,
    1,
  )
})

t.test('sign and verify need no network', async t => {
  const desk = await makeFolder(t)
  const signed = join(desk, 'signed.xml')
  t.match(json(await runCommand('sender', ['sign', sample, '-o', signed, '--certs', certs, '--json'])), {
    ok: true,
    file: signed,
  })
  const verify = (...args: string[]) =>
    runCommand('sender', ['verify', signed, '--cert', join(certs, 'sender.crt'), ...args])
  const verified = await verify()
  t.match({ ...verified, stdout: verified.stdout.toString() }, { exitCode: 0, stdout: /^valid: / })
  const timed = json(await verify('--repeat', '3', '--json'))
  t.match(timed, { ok: true, id: 'doc123', digestAlgorithm: 'sha256', repeat: 3 })
  t.ok(timed.nsPerOp > 0 && timed.nsPerOp < 1e9, `${timed.nsPerOp} ns`)
  await writeFile(signed, (await readFile(signed, 'utf8')).replace('Saturday', 'Sunday'))
  const changed = await verify('--json')
  t.match(
    { ...changed, stdout: json(changed) },
    { exitCode: 5, stdout: { ok: false, code: 'signature-digest' }, stderr: '' },
  )
})

t.test('send ends with the exit code of what happened', async t => {
  const { folder, data, send, state } = await openExchange(t)
  const template = await readFile(sample, 'utf8')
  const write = async (name: string, from: string, to: string) => {
    await writeFile(join(folder, name), template.replace(from, to))
    return join(folder, name)
  }

  await t.test('0 when the receipt is verified', async t => {
    t.match(await outcome(send(sample)), { exitCode: 0, ok: true, state: 'delivered' })
  })
  await t.test('2 for what its help does not offer', async t => {
    for (const args of [
      [],
      [sample, '--nonsense'],
      [sample, '--timeout', 'long'],
      [sample, '--to', 'http://localhost'],
    ])
      t.match(await outcome(send(...args)), { exitCode: 2, ok: false, code: 'usage' }, args.join(' '))
  })
  await t.test('3 when the receiver refuses', async t => {
    const foreign = await write('foreign.xml', 'MINISTRY 1_SEG01', 'MINISTRY 3_SEG01')
    t.match(await outcome(send(foreign)), { exitCode: 3, ok: false, state: 'refused', code: 'sender-mismatch' })
    const conflicting = await write('conflicting.xml', 'Saturday', 'Sunday')
    t.match(await outcome(send(conflicting)), { exitCode: 3, state: 'refused', code: 'document-id-conflict' })
    const misaddressed = await write('misaddressed.xml', 'MINISTRY 2_SEG01', 'MINISTRY 3_SEG01')
    t.match(await outcome(send(misaddressed)), { exitCode: 3, state: 'refused', code: 'receiver-mismatch' })
  })
  await t.test('4 while nobody answers', async t => {
    const gone = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'gone')])
    await gone.kill()
    const late = await write('late.xml', 'doc123', 'late')
    t.match(await outcome(send(late, '--to', gone.url.origin, '--timeout', '0.3')), {
      exitCode: 4,
      state: 'pending',
      code: 'delivery-pending',
    })
  })
  await t.test('5 for a document, a file or certificates that are not in order', async t => {
    const comment = await write('comment.xml', '<Payload>', '<!-- x --><Payload>')
    t.match(await outcome(send(comment)), {
      exitCode: 5,
      state: 'failed',
      code: 'xml-comment',
      advice: /--strip-comments/,
    })
    t.match(await outcome(send(comment, '--strip-comments', '--id', 'stripped')), { exitCode: 0, id: 'stripped' })
    t.match(await outcome(send(join(folder, 'missing.xml'))), { exitCode: 5, code: 'file-unreadable' })
    t.match(await outcome(send(sample, '--certs', folder)), {
      exitCode: 5,
      code: 'configuration',
      detail: /pnpm --filter pki gen/,
    })
  })
  await t.test('5 for a server of another CA, which gets nothing', async t => {
    const otherCerts = join(folder, 'other-certs')
    t.equal((await runCommand('pki', ['gen', '--out', otherCerts, '--key', 'ec-p256'])).exitCode, 0)
    const other = await startReceiver(t, ['--certs', otherCerts, '--data', join(folder, 'other')])
    const letter = await write('letter.xml', 'doc123', 'letter')
    t.match(await outcome(send(letter, '--to', other.url.origin)), { exitCode: 5, code: 'certificate-invalid' })
    t.same(json(await runCommand('receiver', ['documents', 'list', '--data', join(folder, 'other'), '--json'])), {
      documents: [],
    })
  })
  await t.test('6 for the receipt of another document', async t => {
    const liar = await startForeignReceiver(t, certs, async (response, received) =>
      answerReceipt(response, await makeReceipt(received, certs, { documentDigest: Buffer.alloc(32) })),
    )
    const betrayed = await write('betrayed.xml', 'doc123', 'betrayed')
    t.match(await outcome(send(betrayed, '--to', liar.url.origin)), {
      exitCode: 6,
      state: 'unverified',
      code: 'receipt-invalid',
    })
    t.match(
      await outcome(send(betrayed)),
      { exitCode: 0, state: 'delivered' },
      'and an honest receiver can still have it',
    )
  })
  await t.test('the worst one of several files', async t => {
    const good = await write('good.xml', 'doc123', 'good')
    const several = await outcome(send(good, join(folder, 'foreign.xml'), join(folder, 'comment.xml'), sample))
    t.match(several, {
      exitCode: 5,
      deliveries: [{ state: 'delivered' }, { state: 'refused' }, { state: 'failed' }, { state: 'already-delivered' }],
    })
  })

  const { documents } = json(await runCommand('receiver', ['documents', 'list', '--data', data, '--json']))
  const ids = documents.map(({ id }: { id: string }) => id)
  t.same(ids, ['doc123', 'stripped', 'betrayed', 'good'], 'what ended with 0 is stored, and nothing else')
  t.equal((await readdir(state)).includes('deliveries'), true)
})

t.test('receiver start and documents end with 5 and one JSON object for what is not in order', async t => {
  const { data } = await openExchange(t)
  const empty = await makeFolder(t)
  const refusals: [args: string[], expected: object][] = [
    [['start', '--certs', empty, '--data', empty, '--port', '0'], { exitCode: 5, code: 'configuration' }],
    [['start', '--certs', certs, '--data', data, '--port', '0'], { exitCode: 5, code: 'storage-unavailable' }],
    [['start', '--certs', certs, '--data', empty, '--port', '65536'], { exitCode: 2, code: 'usage' }],
    [['documents', 'show', 'nothing', '--data', data], { exitCode: 5, code: 'not-found' }],
    [['documents', 'export', 'nothing', '--data', data], { exitCode: 5, code: 'not-found' }],
    [['documents', 'list', '--data', data, '--limit', 'x'], { exitCode: 2, code: 'usage' }],
    [['nonsense'], { exitCode: 2, code: 'usage' }],
  ]
  const check = async ([args, expected]: (typeof refusals)[number]) =>
    t.match(
      await outcome((args[0] === 'start' ? runProcess : runCommand)('receiver', [...args, '--json'])),
      expected,
      args.join(' '),
    )
  await Promise.all(refusals.map(check))
})

t.test('commands that read refuse a folder that is missing or not ours, and make none', async t => {
  const folder = await makeFolder(t)
  const [missing, foreign, fresh] = ['missing', 'foreign', 'fresh'].map(name => join(folder, name))
  for (const path of [foreign!, fresh!]) await mkdir(path)
  await writeFile(join(foreign!, 'letters.txt'), '')
  const commands = [
    ['receiver', 'documents', 'list'],
    ['receiver', 'dead-letters'],
    ['sender', 'outbox', 'list'],
    ['sender', 'outbox', 'retry', '1'],
    ['sender', 'log', 'show'],
  ] as const
  const check = async ([name, ...args]: (typeof commands)[number]) => {
    const run = async (data: string) => outcome(runCommand(name, [...args, '--data', data, '--json']))
    const wrong = { exitCode: 5, code: 'configuration', detail: /^expected the data folder of a .*--data/ }
    t.match(await run(missing!), wrong, [name, ...args].join(' '))
    t.match(await run(foreign!), wrong, [name, ...args].join(' '))
    if (args[0] === 'documents') t.match(await run(fresh!), { exitCode: 0 }, 'nothing happened yet')
  }
  await Promise.all(commands.map(check))
  t.notOk(existsSync(missing!))
  t.same(await readdir(foreign!), ['letters.txt'])
})

t.test('a setting comes from the flag, else the environment, else seg.yaml', async t => {
  const desk = await makeFolder(t)
  const store = async (name: string) => {
    const ledger = await openTestLedger(certs, join(desk, name))
    const octets = Buffer.from(name)
    const digests = { sha256: createHash('sha256').update(octets).digest('hex'), referenceDigest: '' }
    const content = ledger.stage()
    await content.write(octets)
    const facts = { sender: 'MINISTRY 1_SEG01', id: name, acceptedAt: new Date().toISOString(), bytes: octets.length }
    await ledger.accept({ ...facts, ...digests, chain: someChain }, content)
    await ledger.close()
    return join(desk, name)
  }
  const [flag, environment, file] = [await store('flag'), await store('environment'), await store('file')]
  const config = join(desk, 'seg.yaml')
  await writeFile(config, `data: ${file}\n`)
  const idsOf = async (args: string[], variables: Record<string, string>) => {
    const listed = await runCommand('receiver', ['documents', 'list', '--json', '--config', config, ...args], {
      environment: variables,
    })
    return json(listed).documents.map(({ id }: { id: string }) => id)
  }
  t.same(await idsOf([], {}), ['file'])
  t.same(await idsOf([], { SEG_DATA: environment }), ['environment'])
  t.same(await idsOf(['--data', flag], { SEG_DATA: environment }), ['flag'])

  await writeFile(config, `certs: ${certs}\ndata: ${join(desk, 'started')}\nhost: 127.0.0.1\n`)
  const started = await startReceiver(t, ['--config', config])
  t.match(started.ready, { certs, data: join(desk, 'started'), listening: /^https:\/\/127\.0\.0\.1:/ })
  await writeFile(config, `to: ${started.url.origin}\ntimeout: 20\ncerts: ${certs}\ndata: ${join(desk, 'sent')}\n`)
  t.match(await outcome(runCommand('sender', ['send', sample, '--config', config, '--json'])), {
    exitCode: 0,
    state: 'delivered',
  })
})

t.test('a receiver whose log nobody reads any more continues, and stops in order', async t => {
  const data = join(await mkdtemp(join(folder, 'desk-')), 'receiver')
  const { child, url, stop } = await startReceiver(t, ['--certs', certs, '--data', data], { stderr: 'pipe' })
  child.stderr!.destroy()
  const send = () =>
    runCommand('sender', [
      'send',
      sample,
      '--id',
      'auto',
      '--certs',
      certs,
      '--data',
      `${data}-sent`,
      '--to',
      url.origin,
      '--json',
    ])
  t.match(await outcome(send()), { exitCode: 0, state: 'delivered' })
  t.match(await outcome(send()), { exitCode: 0, state: 'delivered' })
  t.equal(await stop(), 0)
})

t.test('seg.yaml with a key that no setting has, or that is no YAML, is an error', async t => {
  const desk = await makeFolder(t)
  const config = join(desk, 'seg.yaml')
  for (const text of ['prot: 8443\n', 'tls:\n  verify: false\n', 'data: [\n', '- data\n', 'data: [a, b]\n']) {
    await writeFile(config, text)
    const listing = outcome(runCommand('receiver', ['documents', 'list', '--config', config, '--json']))
    const sending = outcome(runCommand('sender', ['send', sample, '--config', config, '--json']))
    t.match(await Promise.all([listing, sending]), Array(2).fill({ exitCode: 5, code: 'configuration' }), text)
  }
  await writeFile(config, 'port: many\n')
  const start = runProcess('receiver', ['start', '--certs', certs, '--data', desk, '--config', config, '--json'])
  t.match(await outcome(start), { ok: false, code: 'configuration' })
  t.match(await outcome(runCommand('sender', ['send', sample, '--config', join(desk, 'none.yaml'), '--json'])), {
    code: 'configuration',
  })
})

t.test('a relative path starts where the user typed it', async t => {
  const desk = await makeFolder(t)
  await mkdir(join(desk, 'in'))
  await writeFile(join(desk, 'in/letter.xml'), await readFile(sample))
  const environment = { INIT_CWD: desk }
  const typed = (name: 'pki' | 'receiver' | 'sender', ...args: string[]) =>
    runCommand(name, [...args, '--json'], { environment })
  t.match(await outcome(typed('pki', 'gen', '--out', 'keys', '--key', 'ec-p256')), { exitCode: 0 })
  t.match(await outcome(typed('sender', 'sign', 'in/letter.xml', '-o', 'signed.xml', '--certs', 'keys')), {
    exitCode: 0,
    file: join(desk, 'signed.xml'),
  })
  t.match(await outcome(typed('sender', 'verify', 'signed.xml', '--cert', 'keys/sender.crt')), { exitCode: 0 })
  const receiver = await startReceiver(t, ['--certs', 'keys', '--data', 'received'], { environment })
  t.match(receiver.ready, { certs: join(desk, 'keys'), data: join(desk, 'received') })
  const sent = typed('sender', 'send', 'signed.xml', '--certs', 'keys', '--data', 'sent', '--to', receiver.url.origin)
  t.match(await outcome(sent), { exitCode: 0, receipt: new RegExp(`^${join(desk, 'sent')}/`) })
  t.match(await outcome(typed('receiver', 'documents', 'export', 'doc123', '--data', 'received', '-o', 'out.xml')), {
    exitCode: 0,
  })
  t.same(await readFile(join(desk, 'out.xml')), await readFile(join(desk, 'signed.xml')))
  t.match((await outcome(typed('pki', 'inspect', 'keys'))).certificates.length, 5)
})

t.test('package scripts are these commands', async t => {
  const scriptsOf = async (name: string) =>
    JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8')).scripts
  for (const [name, scripts] of [
    ['pki', ['gen', 'inspect']],
    ['receiver', ['start', 'documents', 'dead-letters', 'facts', 'log']],
    ['sender', ['send', 'deliver', 'outbox', 'sign', 'verify', 'verify-receipt']],
  ] as const) {
    const found = await scriptsOf(name)
    for (const script of scripts)
      t.match(
        found[script],
        new RegExp(`^node (--\\S+ )*\\.\\./\\.\\./seg\\.ts ${name} ${script}$`),
        `pnpm --filter ${name} ${script}`,
      )
  }
})

t.test('every command has help', async t => {
  for (const name of ['pki', 'receiver', 'sender'] as const)
    for (const { path, command } of listCommands(await loadProgram(name)))
      t.match(command.helpInformation(), /^Usage: [\s\S]*--json/, path.join(' '))
  t.match(await runProcess('sender', ['send', '--help']), { exitCode: 0, stdout: /^Usage: sender send .*--json/s })
})

async function makeFolder(t: Test): Promise<string> {
  const made = await mkdtemp(join(folder, 'desk-'))
  t.teardown(() => rm(made, { recursive: true, force: true }))
  return made
}

/** A running receiver, and a sender that sends there. */
async function openExchange(t: Test, run: Run = runCommand) {
  const desk = await makeFolder(t)
  const [data, state] = [join(desk, 'receiver'), join(desk, 'sender')]
  const receiver = await startReceiver(t, ['--certs', certs, '--data', data])
  return { folder: desk, data, state, receiver, send: (...args: string[]) => sendTo(run, receiver.url, state, ...args) }
}

function sendTo(run: Run, url: URL, state: string, ...args: string[]): Promise<Finished> {
  return run('sender', [
    'send',
    '--to',
    url.origin,
    '--certs',
    certs,
    '--data',
    state,
    ...args.filter(arg => arg !== '--json'),
    '--json',
  ])
}

/** The exit code with what the command said in JSON, which is all it said. */
async function outcome(running: Promise<Finished>) {
  const { exitCode, stdout } = await running
  const lines = stdout.toString().split('\n')
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line of JSON: ${stdout}`)
  return { exitCode, ...JSON.parse(lines[0]!) }
}
