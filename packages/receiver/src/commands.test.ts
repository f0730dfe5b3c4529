import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, lstat, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { runInProcess } from '@seg/core/testing'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { program } from './main.ts'
import { post, refusalOf } from './testing/client.ts'
import {
  loadSenderChain,
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  openTestLedger,
  receiverId,
  senderId,
} from './testing/gateway.ts'
import { NatsServer, natsPlace, needsNats } from './testing/nats-server.ts'

const main = join(import.meta.dirname, 'main.ts')
const certs = await makeCerts(t)
/** Without the thread for operators, which has its own test. */
const env = { ...process.env, SEG_ADMIN_PORT: 'off' }

t.test('start says in one line of JSON where it listens, accepts, and stops on SIGTERM', async t => {
  const data = await makeFolder(t)
  const { child, listening } = await start(t, certs, data)
  const ready = JSON.parse(listening)
  t.match(ready, { listening: /^https:\/\/localhost:\d+$/, id: receiverId, data, certs })
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  t.equal((await post({ ...gateway, port: Number(new URL(ready.listening).port) }, document)).status, 201)

  const listed = JSON.parse((await runProcess('documents', 'list', '--data', data, '--json')).stdout)
  t.match(listed, {
    documents: [
      { sender: senderId, id: 'doc123', bytes: document.length, index: 1, acceptedAt: String, sha256: String },
    ],
  })
  t.equal(listed.documents.length, 1)
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
})

t.test('SIGHUP and SIGUSR1 neither stop a receiver nor open a debugger; a crash ends it at once', async t => {
  const folder = await makeFolder(t)
  const child = spawn(process.execPath, [main, 'start', '--port', '0', '--certs', certs, '--data', folder, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stderr.on('data', chunk => {
    output += chunk
  })
  const [listening] = await once(child.stdout, 'data')
  const { port } = new URL(JSON.parse(String(listening)).listening)
  child.kill('SIGHUP')
  child.kill('SIGUSR1')
  const gateway = await openGateway(t, certs)
  t.equal((await post({ ...gateway, port: Number(port) }, await makeDocument(gateway))).status, 201)
  t.notMatch(output, /Debugger|stopping/)
  child.kill('SIGSEGV')
  t.same(await once(child, 'close'), [null, 'SIGSEGV'])
})

t.test('start without --json prints the next commands, with the flags of this run', async t => {
  const data = await makeFolder(t)
  const { child, listening } = await start(t, certs, data, [])
  const [first, , next] = listening.split('\n')
  t.match(first, `${receiverId} listens on https://localhost:`)
  const [url] = first!.match(/https:\S+/)!
  t.equal(
    next,
    `next: pnpm --filter sender send sample_document.xml --certs ${certs} --to ${url}      then: ` +
      `pnpm --filter receiver documents list --data ${data}      stop: Ctrl-C`,
  )
  child.kill('SIGINT')
  t.same(await once(child, 'close'), [0, null])
})

t.test(
  'start ends with 5 and advice without certificates, with a port in use, and with a data folder in use',
  async t => {
    const data = await makeFolder(t)
    const empty = await makeFolder(t)
    const missing = await run('start', '--certs', empty, '--data', data, '--port', '0')
    t.equal(missing.code, 5)
    t.match(missing.stderr, /configuration.*pnpm --filter pki gen/s)
    const gateway = await openGateway(t, certs)
    const taken = await run('start', '--certs', certs, '--data', data, '--port', String(gateway.port), '--json')
    t.equal(taken.code, 5)
    t.match(JSON.parse(taken.stdout), {
      ok: false,
      code: 'configuration',
      detail: /another program listens there/,
      command: /^ss -ltnp/,
    })
    const shared = await run('start', '--certs', certs, '--data', gateway.data, '--port', '0')
    t.equal(shared.code, 5)
    t.match(shared.stderr, /storage-unavailable.*another process is using it/s)
  },
)

t.test('documents lists, shows and exports what was accepted', async t => {
  const data = await makeFolder(t)
  await fill(data, [
    ['A', 'one'],
    ['A', 'two'],
    ['B', 'two'],
  ])
  const list = async (...options: string[]) =>
    JSON.parse((await run('documents', 'list', '--data', data, '--json', ...options)).stdout).documents
  t.same(
    (await list()).map((document: { id: string }) => document.id),
    ['one', 'two', 'two'],
  )
  t.same(
    (await list('--limit', '2')).map((document: { index: number }) => document.index),
    [2, 3],
    'the latest',
  )
  t.same((await list('--sender', 'A')).length, 2)
  t.match(
    (await run('documents', 'list', '--data', data)).stdout,
    /^index +accepted at +sender +id +bytes\n1 +\S+ +A +one +10\n/,
  )

  t.match(JSON.parse((await run('documents', 'show', 'one', '--data', data, '--json')).stdout), {
    sender: 'A',
    id: 'one',
    bytes: 10,
  })
  t.equal((await run('documents', 'export', 'one', '--data', data)).stdout, '<A-one/>\r\n')

  const [certificate, ca] = await Promise.all(
    ['sender', 'ca'].map(name => readFile(join(certs, `${name}.crt`), 'utf8')),
  )
  const { fingerprint256, validToDate } = new X509Certificate(certificate!)
  const shown = JSON.parse((await run('documents', 'show', 'one', '--data', data, '--json')).stdout)
  t.match(shown.certificate, {
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: /CN=MINISTRY 1_SEG01/,
    validTo: validToDate.toISOString(),
  })
  t.match((await run('documents', 'show', 'one', '--data', data)).stdout, `sha256 ${shown.certificate.sha256}`)
  const exported = await run('documents', 'export', 'one', '--certificate', '--data', data)
  t.equal(exported.stdout, certificate! + ca!, 'the certificate, then its CA')
  const file = join(data, 'certificate.pem')
  t.equal((await run('documents', 'export', 'one', '--certificate', '--data', data, '-o', file)).code, 0)
  t.equal(await readFile(file, 'utf8'), certificate! + ca!)
})

t.test('documents say when an id names nothing, or the documents of two senders', async t => {
  const data = await makeFolder(t)
  await fill(data, [
    ['A', 'two'],
    ['B', 'two'],
  ])
  const unknown = await run('documents', 'export', 'three', '--data', data, '--json')
  t.equal(unknown.code, 5)
  t.match(JSON.parse(unknown.stdout), { ok: false, code: 'not-found' })
  const ambiguous = await run('documents', 'export', 'two', '--data', data)
  t.equal(ambiguous.code, 2)
  t.match(ambiguous.stderr, /"A", "B"; say which with --sender/)
  t.equal(ambiguous.stdout, '')
  const file = join(data, 'out.xml')
  t.equal((await run('documents', 'export', 'two', '--sender', 'B', '--data', data, '-o', file)).code, 0)
  t.equal(await readFile(file, 'utf8'), '<B-two/>\r\n')
})

t.test('the document limit and the second opinion are settings, which take nothing else', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const { listening } = await start(t, certs, await makeFolder(t), [
    '--json',
    '--document-limit',
    String(document.length - 1),
  ])
  const port = Number(new URL(JSON.parse(listening).listening).port)
  t.equal(refusalOf(await post({ ...gateway, port }, document)), '413 document-too-large')
  for (const options of [
    ['--document-limit', '0'],
    ['--document-limit', '1e9'],
    ['--second-opinion', 'maybe'],
  ]) {
    t.equal(
      (await run('start', '--certs', certs, '--data', gateway.data, '--port', '0', ...options)).code,
      2,
      options.join(' '),
    )
  }
})

t.test('exports a document that is not held as a whole, and none that is damaged', async t => {
  const data = await makeFolder(t)
  await fill(data, [['A', 'one']], 3_000_000)
  const { stdout } = await run('documents', 'export', 'one', '--data', data)
  t.equal(stdout, '<A-one/>\r\n'.padEnd(3_000_000))
  const file = join(data, 'out.xml')
  t.equal((await run('documents', 'export', 'one', '--data', data, '-o', file)).code, 0)
  t.equal(await readFile(file, 'utf8'), stdout)
  const [stored = ''] = await readdir(join(data, 'contents'))
  await appendFile(join(data, 'contents', stored), 'x')
  const damaged = await run('documents', 'export', 'one', '--data', data)
  t.equal(damaged.code, 5)
  t.match(damaged.stderr, /file-unreadable.*the stored document "one" is damaged/s)
  t.equal(damaged.stdout, '')
})

t.test('documents export writes through a link, and to a device as to one', async t => {
  const data = await makeFolder(t)
  await fill(data, [['A', 'one']])
  const [target, link, pipe] = ['target', 'link', 'pipe'].map(name => join(data, name)) as [string, string, string]
  await writeFile(target, 'earlier')
  await symlink(target, link)
  t.equal((await run('documents', 'export', 'one', '--data', data, '-o', link)).code, 0)
  t.equal(await readlink(link), target)
  spawnSync('mkfifo', [pipe])
  const [written, exported] = await Promise.all([
    readFile(pipe, 'utf8'),
    runProcess('documents', 'export', 'one', '--data', data, '-o', pipe),
  ])
  t.same([written, exported.code], ['<A-one/>\r\n', 0])
  t.ok((await lstat(pipe)).isFIFO(), 'it is not replaced')
})

t.test('start refuses an inbox that is a file', async t => {
  const data = await makeFolder(t)
  const inbox = join(certs, 'ca.crt')
  const { code, stderr } = await run('start', '--certs', certs, '--data', data, '--port', '0', '--inbox', inbox)
  t.equal(code, 5)
  t.match(stderr, /configuration.*expected a folder at .*ca\.crt.*--inbox/s)
})

t.test('a start names the stream of NATS; diagnose says what is wrong with it', needsNats, async t => {
  const server = await NatsServer.start(t)
  const place = { ...natsPlace, hosts: [{ name: '127.0.0.1', port: server.port }] }
  await server.makeStream(place, 'SEG')
  const nats = (port: number, stream: string) => ['--nats', `nats://127.0.0.1:${port}`, '--nats-stream', stream]
  const options = [...nats(server.port, 'SEG'), '--nats-subject', 'SEG']
  const { child, listening } = await start(t, certs, await makeFolder(t), ['--json', ...options])
  const ready = JSON.parse(listening)
  t.equal(ready.nats, `127.0.0.1:${server.port}/SEG`)
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  t.equal((await post({ ...gateway, port: Number(new URL(ready.listening).port) }, document)).status, 201)
  const [message] = await until(
    () => server.messages(place, 'SEG'),
    found => found.length === 1,
  )
  t.ok(message!.octets.equals(document))
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
  const look = async (...named: string[]) => {
    const { stdout } = await run('diagnose', '--certs', certs, '--data', await makeFolder(t), ...named, '--json')
    return JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === 'hand-off')
  }
  t.match(await look(...options), { status: 'warning', cause: /is on one server/, command: 'nats stream info SEG' })
  t.match(await look(...nats(server.port, 'NONE')), {
    status: 'failure',
    code: 'configuration',
    cause: /no stream "NONE"/,
  })
  t.match(await look(...options.slice(0, 2)), { status: 'failure', code: 'usage', cause: /--nats-stream NAME/ })
  await server.kill()
  t.match(await look(...options), { status: 'warning', cause: /documents wait for NATS: .*ECONNREFUSED/ })
})

async function fill(
  data: string,
  documents: readonly (readonly [sender: string, id: string])[],
  size = 0,
): Promise<void> {
  const acceptedAt = '2026-01-02T03:04:05.678Z'
  const ledger = await openTestLedger(certs, data, () => new Date(acceptedAt))
  const chain = await loadSenderChain(certs)
  for (const [sender, id] of documents) {
    const bytes = Buffer.from(`<${sender}-${id}/>\r\n`.padEnd(size))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const staging = ledger.stage()
    await staging.write(bytes)
    const referenceDigest = Buffer.alloc(32).toString('base64')
    await ledger.accept(
      {
        sender,
        id,
        acceptedAt,
        bytes: bytes.length,
        sha256,
        referenceDigest,
        chain,
      },
      staging,
    )
  }
  await ledger.close()
}

async function start(
  t: Test,
  certs: string,
  data: string,
  options = ['--json'],
): Promise<{ child: ChildProcess; listening: string }> {
  const child = spawn(process.execPath, [main, 'start', '--port', '0', '--certs', certs, '--data', data, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [listening] = await once(child.stdout, 'data')
  return { child, listening: String(listening) }
}

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** In this process, but for a start. */
async function run(...options: string[]): Promise<Ended> {
  if (options[0] === 'start') return runProcess(...options)
  const { exitCode, stdout, stderr } = await runInProcess(program, options)
  return { code: exitCode, stdout: stdout.toString(), stderr }
}

async function runProcess(...options: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}
