import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import { HELD_IN_MEMORY, type Ledger } from '@seg/ledger'
import { loadOutboundContext } from '@seg/operators'
import t, { type Test } from 'tap'
import { makeCerts, makeFolder, openTestLedger, someChain } from '../../testing/gateway.ts'
import { NatsServer, natsPlace, needsNats } from '../../testing/nats-server.ts'
import { HandOffLease } from '../hand-off-lease.ts'
import { startLanes } from '../sender-lanes.ts'
import type { NatsPlace } from './nats-connection.ts'
import { nameNkey, readNatsProof } from './nats-credentials.ts'
import { lookAtNats, NatsLanes, type NatsTarget } from './nats-lanes.ts'

const certs = await makeCerts(t)
const ACCEPTED_AT = '2026-11-24T12:00:00.000Z'
const { signal } = new AbortController()
const placeOf = ({ port }: { readonly port: number }): NatsPlace => ({
  ...natsPlace,
  hosts: [{ name: '127.0.0.1', port }],
})

/** Of most tests, each with a stream of its own. */
const shared = needsNats.skip ? undefined : await NatsServer.start(t, ['max_payload: 4000'])

async function openScene(t: Test, place: NatsPlace, stream = 'SEG', patience?: number) {
  const ledger = await openTestLedger(certs, await makeFolder(t), () => new Date(ACCEPTED_AT))
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const logger = { error: write, info: write, warn: write } as never
  const edge = {
    now: () => new Date(),
    elapsed: () => performance.now(),
    random: () => 0,
    note: () => {},
    traceParent: ({ id }: { readonly id: string }) => `trace of ${id}`,
  }
  const target: NatsTarget = { ...place, stream, subject: stream }
  const open = () => new NatsLanes(target, ledger, logger, edge, patience)
  const start = () => {
    const handOff = startLanes(open(), {
      ledger,
      logger,
      edge,
      lease: new HandOffLease(ledger, edge.elapsed, () => {}),
    })
    t.teardown(() => handOff.close())
    return handOff
  }
  t.teardown(() => ledger.close())
  return { ledger, lines, open, start }
}

async function accept(ledger: Ledger, id: string, { sender = 'A', size = 100 } = {}): Promise<Buffer> {
  const bytes = Buffer.alloc(size, `${sender} ${id} `)
  const digest = createHash('sha256').update(bytes).digest()
  const content = ledger.stage()
  await content.write(bytes)
  const [sha256, referenceDigest] = [digest.toString('hex'), digest.toString('base64')]
  const document = { sender, id, acceptedAt: ACCEPTED_AT, bytes: size, sha256, referenceDigest, chain: someChain }
  await ledger.accept(document, content)
  return bytes
}

const cursorOf = (ledger: Ledger, sender = 'A') => ledger.cursor(`nats ${sender}`)
const lettersOf = async (ledger: Ledger) =>
  (await Array.fromAsync(ledger.deadLetters())).map(({ document, reason }) => `${document.id}: ${reason}`)
const idsIn = async (server: NatsServer, place: NatsPlace, stream = 'SEG') =>
  (await server.messages(place, stream)).map(({ octets }) => octets.toString('latin1').split(' ').slice(0, 2).join(' '))

t.test(
  'each document is one message, its exact octets and what is known of it, over TLS both ways',
  needsNats,
  async t => {
    const files = { cert_file: 'receiver.crt', key_file: 'receiver.key', ca_file: 'ca.crt' }
    const tls = Object.entries(files).map(([name, file]) => `${name}: "${join(certs, file)}"`)
    const server = await NatsServer.start(t, [`tls { ${tls.join(', ')}, verify: true }`])
    const own = { ca: join(certs, 'ca.crt'), certificate: join(certs, 'sender.crt'), key: join(certs, 'sender.key') }
    const secureContext = await loadOutboundContext(own)
    const place = { ...placeOf(server), isPlain: false, secureContext }
    await server.makeStream(place, 'SEG')
    const { ledger, lines, start } = await openScene(t, place)
    start()
    const sender = 'Außen.amt *> 1'
    const sizes = { small: 100, large: 3 * HELD_IN_MEMORY, empty: 0 }
    const documents: Buffer[] = []
    for (const [id, size] of Object.entries(sizes)) documents.push(await accept(ledger, id, { sender, size }))
    await until(async () => (await cursorOf(ledger, sender)) === 3)
    const messages = await server.messages(place, 'SEG')
    t.equal(messages.length, 3)
    for (const [i, { subject, head, octets }] of messages.entries()) {
      const id = Object.keys(sizes)[i]!
      const sha256 = createHash('sha256').update(documents[i]!).digest('hex')
      t.equal(subject, 'SEG.Au%C3%9Fen%2Eamt%20%2A%3E%201')
      t.ok(octets.equals(documents[i]!))
      const expected = [
        `Nats-Msg-Id: Au%C3%9Fen%2Eamt%20%2A%3E%201/${id}/${sha256}`,
        'content-type: application/xml',
        `seg-sender: ${encodeURIComponent(sender)}`,
        `seg-document-id: ${id}`,
        `seg-sha256: ${sha256}`,
        `seg-index: ${i + 1}`,
        `seg-accepted-at: ${ACCEPTED_AT}`,
        `traceparent: trace of ${id}`,
      ]
      for (const line of expected) t.ok(head.includes(`\r\n${line}\r\n`), line)
    }
    t.match(lines, [/the stream "SEG" is on one server/])
    const ofOthers = await loadOutboundContext({ ...own, ca: join(await makeCerts(t), 'ca.crt') })
    const target = { ...place, secureContext: ofOthers, stream: 'SEG', subject: 'SEG' }
    await t.rejects(lookAtNats(target, signal), { code: 'storage-unavailable', detail: /certificate/ })
    const unnamed = { ...target, secureContext: await loadOutboundContext({ ca: own.ca }) }
    await t.rejects(lookAtNats(unnamed, signal), { code: 'storage-unavailable' }, 'not without our certificate')
    await t.rejects(lookAtNats({ ...target, ...natsPlace }, signal), {
      code: 'storage-unavailable',
      detail: /demands TLS: expected tls:/,
    })
  },
)

t.test(
  'a server that is killed and started again has each document once, in order of its sender',
  needsNats,
  async t => {
    const server = shared!
    const place = placeOf(server)
    await server.makeStream(place, 'KILLED')
    const { ledger, lines, start } = await openScene(t, place, 'KILLED')
    const names = Array.from({ length: 40 }, (_, i) => `${i}`)
    for (const sender of ['A', 'B']) await Promise.all(names.map(id => accept(ledger, id, { sender })))
    let handOff = start()
    await until(async () => (await cursorOf(ledger)) > 0)
    await server.kill()
    await until(() => lines.some(line => /cannot go on|holds up/.test(line)))
    // The receiver stops meanwhile, too, and begins again.
    await handOff.close()
    await server.run()
    handOff = start()
    const { index } = (await ledger.newest(-1)).reduce((last, each) => (each.index > last.index ? each : last))
    await until(async () => Math.max(await cursorOf(ledger), await cursorOf(ledger, 'B')) === index)
    await until(async () => handOff.waiting().senders === 0)
    const found = await idsIn(server, place, 'KILLED')
    for (const sender of ['A', 'B']) {
      const accepted = await ledger.accepted(-1, 100, sender)
      t.same(
        found.filter(each => each.startsWith(`${sender} `)),
        accepted.map(({ id }) => `${sender} ${id}`),
      )
    }
  },
)

t.test('what the stream has, and the cursor does not know of, is there once', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  await server.makeStream(place, 'CRASHED')
  const { ledger, open, start } = await openScene(t, place, 'CRASHED')
  await accept(ledger, 'one')
  const crashed = open()
  const [document] = await ledger.accepted(-1, 1)
  t.same(await crashed.tryAgain(document!, signal), { reason: undefined })
  await crashed.close()
  await accept(ledger, 'two')
  start()
  await until(async () => (await cursorOf(ledger)) === 2)
  t.same(await idsIn(server, place, 'CRASHED'), ['A one', 'A two'])
})

t.test('a stream that is full holds documents up; what is too large is a dead letter', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  await server.makeStream(place, 'FULL', { max_msgs: 2, max_msg_size: 2000 })
  const { ledger, lines, start } = await openScene(t, place, 'FULL')
  start()
  await accept(ledger, 'huge', { size: 3900 })
  await accept(ledger, 'large', { size: 1900 })
  for (const id of ['one', 'two', 'three']) await accept(ledger, id)
  await until(() => lines.some(line => /"three" from "A": NATS answers "maximum messages exceeded"/.test(line)))
  t.match(await lettersOf(ledger), [
    /^huge: \d+ bytes with its headers; the server takes 4000 \(max_payload\)/,
    /^large: NATS answers "message size exceeds maximum allowed" \(10054\)/,
  ])
  t.same(await idsIn(server, place, 'FULL'), ['A one', 'A two'])
  await server.ask(place, 'STREAM.PURGE.FULL')
  await until(async () => (await cursorOf(ledger)) === 5)
  t.same(await idsIn(server, place, 'FULL'), ['A three'])
})

t.test('a limit that somebody on the way wrote into the first line gives no document up', needsNats, async t => {
  const server = shared!
  await server.makeStream(placeOf(server), 'BETWEEN')
  let said = '"max_payload":50'
  const sockets = new Set<Socket>()
  const between = createServer(socket => {
    const further = connect(server.port, '127.0.0.1')
    for (const one of [socket, further]) sockets.add(one.on('error', () => {}))
    further.once('data', first => {
      socket.write(String(first).replace(/"max_payload":\d+/, said))
      further.pipe(socket)
    })
    socket.pipe(further)
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    between.close()
  })
  const { ledger, lines, start } = await openScene(t, placeOf(between.address() as AddressInfo), 'BETWEEN', 300)
  await accept(ledger, 'one')
  start()
  await until(() => lines.some(line => /takes 50 bytes .*, and does not refuse more: somebody on the way/.test(line)))
  t.same([await cursorOf(ledger), await lettersOf(ledger)], [-1, []])
  said = '"max_payload":4000'
  for (const socket of sockets) socket.destroy()
  await until(async () => (await cursorOf(ledger)) === 1)
  t.same(await lettersOf(ledger), [])
  t.same(await idsIn(server, placeOf(server), 'BETWEEN'), ['A one'])
})

t.test('refuses a stream that may lose documents, and says which setting', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  const look = (stream: string, subject = stream) => lookAtNats({ ...place, stream, subject }, signal)
  const cases: [settings: object, detail: RegExp][] = [
    [{ storage: 'memory' }, /may lose documents: expected storage "file"/],
    [{ retention: 'interest' }, /expected retention "limits" or "workqueue"/],
    [{ max_msgs: 100, discard: 'old' }, /expected discard "new" where max_msgs or max_bytes is set/],
    [{ max_bytes: 100_000, discard: 'old' }, /expected discard "new" where max_msgs or max_bytes is set/],
    [{ max_msgs_per_subject: 1 }, /expected no max_msgs_per_subject/],
    [{ no_ack: true }, /expected acknowledgements/],
    [{ subjects: ['other.*'] }, /expected the subject of every sender among its subjects/],
    [{ subjects: ['S7.one', 'S7'] }, /expected the subject of every sender/],
  ]
  for (const [i, [settings, detail]] of cases.entries()) {
    await server.makeStream(place, `S${i}`, settings)
    await t.rejects(look(`S${i}`), { code: 'configuration', detail })
  }
  await server.makeStream(place, 'GOOD', { retention: 'workqueue', subjects: ['*.documents.>'], max_age: 7200e9 })
  t.same(await look('GOOD', 'GOOD.documents'), [
    'the stream "GOOD" removes documents after 2 hours, taken or not (max_age)',
    'the stream "GOOD" is on one server: what it has is lost with the disk (replicas 1)',
  ])
  await t.rejects(look('NONE'), { code: 'configuration', detail: /there is no stream "NONE": .*`nats stream add NONE/ })
  const without = await NatsServer.start(t, ['jetstream: disabled'])
  const target = { ...placeOf(without), stream: 'SEG', subject: 'SEG' }
  await t.rejects(lookAtNats(target, signal), { code: 'configuration', detail: /JetStream is off/ })
})

t.test('a setting of the stream that is changed while running stops the hand-off to it', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  await server.makeStream(place, 'CHANGED')
  const { ledger, lines, start } = await openScene(t, place, 'CHANGED')
  let handOff = start()
  await accept(ledger, 'one')
  await until(async () => (await cursorOf(ledger)) === 1)
  await handOff.close()
  await server.ask(place, 'STREAM.UPDATE.CHANGED', {
    ...{ name: 'CHANGED', subjects: ['CHANGED.*'], storage: 'file', retention: 'limits', num_replicas: 1 },
    ...{ discard: 'old', max_msgs: 1 },
  })
  await accept(ledger, 'two')
  handOff = start()
  await until(() => lines.some(line => /NATS cannot go on at the moment: .*may lose documents/.test(line)))
  t.equal(await cursorOf(ledger), 1)
  t.same(await idsIn(server, place, 'CHANGED'), ['A one'])
})

t.test('names who it is by nkey or password, and says when it is not known or may not publish', needsNats, async t => {
  const folder = await makeFolder(t)
  const seed = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY'
  const nkey = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4'
  const may = 'permissions: { publish: ["$JS.API.>", "SEG.A"], subscribe: "_INBOX.>" }'
  const users = [`{ nkey: ${nkey} }`, `{ user: gateway, password: "s3cret word", ${may} }`]
  const server = await NatsServer.start(t, [`authorization { users: [ ${users.join(', ')} ] }`])
  const file = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const byKey = { ...placeOf(server), proof: await readNatsProof(undefined, await file('seed', `${seed}\n`)) }
  await server.makeStream(byKey, 'SEG')
  const byWord = {
    ...placeOf(server),
    proof: await readNatsProof('gateway', await file('password', 's3cret word\n')),
  }
  const { ledger, lines, start } = await openScene(t, byWord)
  start()
  await accept(ledger, 'one')
  await accept(ledger, 'two', { sender: 'B' })
  await until(async () => (await cursorOf(ledger)) === 1)
  await until(() => lines.some(line => /documents of "B": .*Permissions Violation for Publish to/.test(line)))
  await accept(ledger, 'three')
  await until(async () => (await cursorOf(ledger)) === 3)
  t.equal(await cursorOf(ledger, 'B'), -1, 'and no other sender waits for it')
  for (const proof of [natsPlace.proof, await readNatsProof('gateway', await file('wrong', 'word'))]) {
    const target = { ...placeOf(server), proof, stream: 'SEG', subject: 'SEG' }
    await t.rejects(lookAtNats(target, signal), { code: 'storage-unavailable', detail: /Authorization Violation/ })
  }
  const broken = await file('broken', seed.replace('ZRF5', 'ZRF4'))
  await t.rejects(readNatsProof(undefined, broken), { code: 'configuration', detail: /not whole/ })
  await t.rejects(readNatsProof(undefined, await file('other', 'pass')), {
    code: 'configuration',
    detail: /expected in .*other the seed/,
  })
  await t.rejects(readNatsProof('gateway', undefined), { code: 'usage' })
})

/** A key of nkeys by its prefix, and what it signs. */
function makeNkey(prefix: number) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const octetsOf = (key: KeyObject, part: 'x' | 'd') =>
    Buffer.from(String(key.export({ format: 'jwk' })[part]), 'base64url')
  const name = nameNkey(prefix, octetsOf(publicKey, 'x'))
  const sealed = Buffer.concat([Buffer.from([0]), octetsOf(privateKey, 'd')])
  const issue = (sub: string, nats: object) => {
    const parts = [
      { typ: 'JWT', alg: 'ed25519-nkey' },
      { jti: sub, iat: 1, iss: name, name: sub, sub, nats },
    ]
    const text = parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
  }
  // Of a seed the first octet has the S, and what follows the kind of key.
  return { name, issue, seed: nameNkey(0x95, sealed) }
}

t.test("is a user of an operator's account by its JWT and nkey", needsNats, async t => {
  const [operator, account, system, user] = [makeNkey(0x70), makeNkey(0), makeNkey(0), makeNkey(0xa0)]
  const most = ['subs', 'data', 'payload', 'imports', 'exports', 'conn', 'leaf', 'mem_storage', 'disk_storage']
  const limits = Object.fromEntries([...most, 'streams', 'consumer'].map(name => [name, -1]))
  const issuer = operator.issue(operator.name, { type: 'operator', version: 2 })
  const whole = { type: 'account', version: 2, limits: { ...limits, wildcards: true } }
  const tenants = [
    `${account.name}: ${operator.issue(account.name, whole)}`,
    `${system.name}: ${operator.issue(system.name, { type: 'account', version: 2 })}`,
  ]
  const resolver = ['resolver: MEMORY', `resolver_preload: { ${tenants.join(', ')} }`, `system_account: ${system.name}`]
  const server = await NatsServer.start(t, [`operator: ${issuer}`, ...resolver])
  const jwt = account.issue(user.name, { type: 'user', version: 2, subs: -1, data: -1, payload: 4000 })
  const file = join(await makeFolder(t), 'user.creds')
  const block = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n\n`
  await writeFile(file, block('NATS USER JWT', jwt) + block('USER NKEY SEED', user.seed), { mode: 0o600 })
  const place = { ...placeOf(server), proof: await readNatsProof(undefined, file) }
  await server.makeStream(place, 'SEG')
  const { ledger, lines, start } = await openScene(t, place)
  await accept(ledger, 'large', { size: 5000 })
  await accept(ledger, 'small')
  await accept(ledger, 'other', { sender: 'B' })
  start()
  await until(async () => (await cursorOf(ledger)) === 2 && (await cursorOf(ledger, 'B')) === 3)
  t.match(await lettersOf(ledger), [/^large: \d+ bytes with its headers; the server takes 4000 \(max_payload\)/])
  t.same((await idsIn(server, place)).toSorted(), ['A small', 'B other'], `once each: ${lines}`)
})

t.test('a server that hangs is left, and no document counts as taken', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  await server.makeStream(place, 'HANGING')
  const { ledger, lines, start } = await openScene(t, place, 'HANGING', 300)
  start()
  await accept(ledger, 'one')
  await until(async () => (await cursorOf(ledger)) === 1)
  server.stop()
  await accept(ledger, 'two')
  await until(() => lines.some(line => /document "two" from "A": .*no acknowledgement of NATS within 0.3 s/.test(line)))
  t.equal(await cursorOf(ledger), 1)
  server.goOn()
  await until(async () => (await cursorOf(ledger)) === 2)
  t.same(await idsIn(server, place, 'HANGING'), ['A one', 'A two'], 'although it was sent more than once')
})

t.test('a sender with many documents keeps no other waiting', needsNats, async t => {
  const server = shared!
  const place = placeOf(server)
  await server.makeStream(place, 'MANY')
  const { ledger, start } = await openScene(t, place, 'MANY')
  await Promise.all(Array.from({ length: 300 }, (_, i) => accept(ledger, `${i}`, { sender: 'MUCH' })))
  await accept(ledger, 'one', { sender: 'LITTLE' })
  start()
  await until(async () => (await cursorOf(ledger, 'MUCH')) === 300)
  const found = await idsIn(server, place, 'MANY')
  t.equal(found.length, 301)
  t.ok(found.indexOf('LITTLE one') < 2 * 16, `after ${found.indexOf('LITTLE one')}`)
})
