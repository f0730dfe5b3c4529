// `sender attack`: a receiver as it is holds against the whole library; one that was weakened on
// purpose is reported, each hole by its name.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { loadIdentity, loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import {
  makeCerts,
  makeFolder,
  openGateway,
  receiverId,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { type AttackResult, describeLibrary, runAttacks } from '../../packages/sender/src/attack/run-attacks.ts'
import { startServer } from '../../packages/sender/src/testing/foreign-receiver.ts'
import { runCommand } from '../support/commands.ts'

const certs = await makeCerts(t)

async function attack(url: URL, kinds?: readonly string[]): Promise<readonly AttackResult[]> {
  const [identity, trust] = await Promise.all([loadIdentity(certs, 'sender'), loadTrust(certs)])
  return runAttacks({ url, identity, key: identity, trust, receiver: receiverId, kinds, onResult() {} })
}

const urlOf = ({ port }: TestGateway) => new URL(`https://127.0.0.1:${port}`)
const namesOf = (results: readonly AttackResult[], state: AttackResult['state']) =>
  results.filter(result => result.state === state).map(({ name }) => name)

t.test('a receiver holds against each attack of the library, with the code that stands for it', async t => {
  const gateway = await openGateway(t, certs, { progressTime: 1_000, answerTime: 1_000, freePieces: 256 })
  const results = await attack(urlOf(gateway))
  t.same(
    results.filter(({ state }) => state !== 'held'),
    [],
  )
  t.equal(results.length, describeLibrary().length)
  t.ok(results.length > 130)
  const documents = await Array.fromAsync(gateway.gate.ledger.list())
  t.same(
    documents.filter(({ id }) => !/^attack-[\da-f-]+(?:-honest|-copies|-after-\d)?$/.test(id)),
    [],
    'only honest documents are stored',
  )
})

t.test('a receiver whose clock check was weakened is reported', async t => {
  const gateway = await openGateway(t, certs, { clockSkew: 1_000_000 })
  const results = await attack(urlOf(gateway), ['envelope', 'xml'])
  t.same(namesOf(results, 'accepted'), ['a stale timestamp'])
})

/** Takes whatever it gets. */
async function startCredulous(t: Test): Promise<URL> {
  const { url } = await startServer(t, certs, (request, response) => {
    request.resume().on('end', () => response.writeHead(201, { 'content-type': 'application/xml' }).end('<Receipt/>'))
  })
  return url
}

t.test('a receiver that accepts everything is reported for every attack on documents', async t => {
  const kinds = ['signature', 'wrapping', 'xml', 'envelope']
  const results = await attack(await startCredulous(t), kinds)
  t.equal(namesOf(results, 'accepted').length, describeLibrary().filter(({ kind }) => kinds.includes(kind)).length)
  const exchange = await attack(await startCredulous(t), ['exchange'])
  t.match(exchange, [
    { name: /^a replay/, state: 'accepted', met: '201' },
    { name: /^fifty copies/, state: 'accepted', met: '201 50 times' },
    { name: /^other bytes under the id/, state: 'accepted' },
  ])
})

t.test('a receiver that asks for no certificate is reported', async t => {
  const [identity, { caPem: ca }] = await Promise.all([loadIdentity(certs, 'receiver'), loadTrust(certs)])
  const server = createServer(
    { cert: identity.certificatePem, key: identity.keyPem, ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => request.resume().on('end', () => response.writeHead(201).end()),
  ).listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const results = await attack(new URL(`https://127.0.0.1:${port}`), ['exchange'])
  const holes = namesOf(results, 'accepted')
  for (const name of [
    'a peer without a certificate',
    'a peer with a certificate of the same names, of another CA',
    'TLS 1.2',
  ])
    t.ok(holes.includes(name), name)
})

t.test('no refusal proves anything of a receiver that does not take an honest document', async t => {
  const { url } = await startServer(t, certs, (request, response) => {
    request.resume().on('end', () => response.writeHead(503).end())
  })
  await t.rejects(attack(url, ['xml']), {
    code: 'delivery-refused',
    detail: /does not take an honest document.*expected 201, found 503/,
    command: /sender diagnose --to/,
  })
})

t.test('the command lists, attacks this machine alone, writes a page, and ends with 5 for a hole', async t => {
  const list = await runCommand('sender', ['attack', '--list', '--json'])
  t.equal(JSON.parse(list.stdout.toString()).attacks.length, describeLibrary().length)
  const abroad = await runCommand('sender', ['attack', '--to', 'https://192.0.2.1', '--certs', certs])
  t.match(abroad, { exitCode: 2, stderr: /attack only what is yours.*--i-own-this-host/ })
  t.match(await runCommand('sender', ['attack', '--only', 'all', '--certs', certs]), {
    exitCode: 2,
    stderr: /--only takes/,
  })
  const closed = await runCommand('sender', ['attack', '--to', 'https://localhost:1', '--certs', certs])
  t.match(closed, { exitCode: 5, stderr: /nothing was attacked: .*\n {2}run: .* diagnose --to https:..localhost:1\n/ })
  const page = join(await makeFolder(t), 'attacks.html')
  const run = async (url: URL, ...args: string[]) =>
    runCommand('sender', ['attack', '--to', url.origin, '--certs', certs, '--only', 'xml', '--json', ...args])
  const held = await run(urlOf(await openGateway(t, certs)), '--html', page)
  t.equal(held.exitCode, 0, held.stderr)
  t.match(JSON.parse(held.stdout.toString()), {
    ok: true,
    receiver: receiverId,
    counts: { accepted: 0, unanswered: 0 },
  })
  t.match(await readFile(page, 'utf8'), /<td>a billion laughs<\/td><td>400 xml-doctype<\/td><td>400 xml-doctype<\/td>/)
  const fallen = await run(await startCredulous(t))
  t.equal(fallen.exitCode, 5)
  t.match(JSON.parse(fallen.stdout.toString()), { ok: false, attacks: [{ state: 'accepted', met: '201' }] })
})
