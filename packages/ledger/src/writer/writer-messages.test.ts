// What requests are behind a real channel between threads.
import { generateKeyPairSync } from 'node:crypto'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import t from 'tap'
import type { WriteRequest } from '../batch/requests.ts'
import { packRequests, unpackRequests } from './writer-messages.ts'

t.test('another seal reaches the writer with its key, in its place among other requests', async t => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const move: WriteRequest = { kind: 'move', cursor: 'inbox', index: 7 }
  const requests: WriteRequest[] = [move, { kind: 'reseal', data: { receiverId: 'R', key: privateKey } }, move]
  const { message, handedOver } = packRequests(requests)
  const { port1, port2 } = new MessageChannel()
  t.teardown(() => port1.close())
  port1.postMessage(message, handedOver)
  const [first, reseal, last] = unpackRequests(receiveMessageOnPort(port2)!.message)
  t.strictSame([first, last], [move, move])
  const { data } = reseal as { data: { receiverId: string; key: typeof privateKey } }
  t.equal(data.receiverId, 'R')
  t.ok(data.key.equals(privateKey))
})
