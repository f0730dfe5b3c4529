import cluster from 'node:cluster'
import { eventually, until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { openLoggerInto } from '../logger.ts'
import { connectRaw, post } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId, type TestGateway } from '../testing/gateway.ts'
import { answerProcess } from './answer-process.ts'
import { startConnectionProcesses } from './connection-processes.ts'
import type { Granted } from './messages.ts'

const certs = await makeCerts(t)
const logger = openLoggerInto({ write() {} })
const parts = { logger, write() {}, tracer: undefined }

t.test('a process that ends while it asks for places leaves none of them taken', async t => {
  const { gate } = await openGateway(t, certs, { uploads: 2, uploadsOfOne: 2 })
  const { promise: recalled, resolve } = Promise.withResolvers<void>()
  const answering = { ...parts, gate, recall: () => recalled }
  const { handlers, end } = answerProcess(
    1,
    answering,
    () => 0,
    () => {},
  )
  const octets = Buffer.alloc(0)
  const value = { partner: senderId, own: {}, announced: 0 }
  const granted = (await handlers.document!({ value, octets }))!.value as Granted
  t.equal(gate.shares.active().all, 1)
  const asked = Promise.resolve(handlers.document!({ value, octets }))
  await end()
  t.equal(gate.shares.active().all, 0)
  resolve()
  await t.rejects(asked, { code: 'overloaded' }, 'it was answered after the others had been asked for theirs')
  await handlers.back!({ value: [senderId, { documents: 1, bytes: granted.bytes }], octets })
  t.equal(gate.shares.active().all, 0, 'and nothing is given back twice')
  for (let n = 0; n < 2; n++) gate.shares.takeDocument(senderId, {}, 0)
  t.throws(() => gate.shares.takeDocument(senderId, {}, 0), { code: 'overloaded' }, 'the bound is what it was')
})

/** A document of which a half has come in, until `end`: what was answered, or undefined. */
async function holdDocument(t: Test, gateway: TestGateway, id: string) {
  const document = await makeDocument(gateway, { id })
  const { socket, text, closed } = await connectRaw(t, gateway)
  const head = ['POST /v1/documents HTTP/1.1', 'Host: localhost', 'Content-Type: application/xml']
  socket.write([...head, `Content-Length: ${document.length}`, 'Expect: 100-continue', '', ''].join('\r\n'))
  await until(() => text().includes('100 Continue'))
  const half = document.length / 2
  socket.write(document.subarray(0, half))
  return async () => {
    socket.write(document.subarray(half))
    await Promise.race([closed, until(() => text().includes(' 201 '))])
    return text().includes(' 201 ') ? document : undefined
  }
}

t.test('a process that is stuck is replaced: nothing acknowledged is lost, and none of its places is', async t => {
  const inside = await openGateway(t, certs)
  const { gate } = inside
  const lines: string[] = []
  const given = {
    ...parts,
    gate,
    logger: openLoggerInto({ write: line => lines.push(JSON.parse(line).msg) }),
    node: 'node1',
    balancers: [],
    staple: { answerFor: () => null },
  }
  const running = await startConnectionProcesses(given, { host: '127.0.0.1', port: 0 }, 2, 5)
  t.teardown(() => running.close())
  const gateway = { ...inside, port: Number(new URL(running.url).port) }
  const acknowledged = new Map<string, Buffer>()
  const accept = async (id: string) => {
    const document = await makeDocument(gateway, { id })
    const answer = await post(gateway, document)
    if (answer.status === 201) acknowledged.set(id, document)
    return answer.status
  }
  t.equal(await accept('before'), 201)
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const held = await Promise.all(ids.map(id => holdDocument(t, gateway, id)))
  const [stuck] = Object.values(cluster.workers!)
  process.kill(stuck!.process.pid!, 'SIGSTOP')
  t.equal(await accept('meanwhile'), 201, 'the other one takes new connections')
  const starts = async () => running.processes!().map(({ starts, isListening }) => isListening && starts)
  await eventually(t, starts, [2, 1], 'it is started again, and the other one is not')
  t.match(
    lines.filter(line => line.startsWith('connection process 1')),
    [
      'connection process 1 has said nothing for 5 s: it is ended',
      /^connection process 1 has ended \(SIGKILL\)/,
      'connection process 1 runs again',
    ],
  )
  const ended = await Promise.all(held.map(end => end()))
  for (const [i, document] of ended.entries()) if (document !== undefined) acknowledged.set(ids[i]!, document)
  await eventually(t, async () => gate.shares.active(), { all: 0, large: 0 }, 'no place is taken any more')
  t.equal(await accept('afterwards'), 201)
  for (const [id, document] of acknowledged) t.same(await gateway.stored(id), document, `${id} is stored`)
})

t.test('a start says why the system starts no process, and ends', async t => {
  const { gate } = await openGateway(t, certs)
  const { execPath } = process
  process.execPath = `${certs}/none`
  t.teardown(() => {
    process.execPath = execPath
  })
  const given = { ...parts, gate, node: 'node1', balancers: [], staple: { answerFor: () => null } }
  await t.rejects(startConnectionProcesses(given, { host: '127.0.0.1', port: 0 }, 2), {
    code: 'configuration',
    detail: /^connection process 1 has ended while it started: spawn .* ENOENT$/,
  })
})
