import t from 'tap'
import { openLoggerInto } from '../logger.ts'
import { makeCerts, openGateway, senderId } from '../testing/gateway.ts'
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
