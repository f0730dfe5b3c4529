// A receiver that says no before it has the document: the rest is not sent, and its answer counts whatever becomes of the connection.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { faults } from '@seg/core'
import t, { type Test } from 'tap'
import { deliver } from './deliver.ts'
import { readFilePieces } from './document-file.ts'
import { type Handler, refuse, startServer } from './testing/foreign-receiver.ts'
import { makeCerts, makeFolder, openSender, writeLargeDocument } from './testing/gateways.ts'

const certs = await makeCerts(t)
const path = join(await makeFolder(t), 'large.xml')
const size = 16 * 1024 * 1024
await writeLargeDocument(path, size)
const answer = refuse('document-too-large', { connection: 'close' })

const refusers: Record<string, Handler> = {
  'at once, and closes': (_request, response) => answer(response, Buffer.alloc(0), 1),
  'at once, and breaks the connection off': (request, response) => {
    response.once('finish', () => request.socket.destroy())
    answer(response, Buffer.alloc(0), 1)
  },
  'in the middle': (request, response) => {
    let received = 0
    request.on('data', chunk => {
      received += chunk.length
      if (received < 1024 * 1024) return
      request.removeAllListeners('data').pause()
      answer(response, Buffer.alloc(0), 1)
    })
  },
}

const body = { bytes: (await stat(path)).size, read: () => readFilePieces(path, 'sending') }

async function send(t: Test, receiver: URL, timeout?: number) {
  const { identity, trust, patience, pauses } = await openSender(certs, await makeFolder(t), timeout)
  const outcome = await deliver(body, { receiver, identity, trust, admitServer() {} }, patience).catch(error => error)
  return { outcome, pauses }
}

for (const [when, handler] of Object.entries(refusers)) {
  t.test(`reports the answer of a receiver that refuses ${when}, at the first try`, async t => {
    const received: number[] = []
    const receiver = await startServer(t, certs, (request, response) => {
      request.socket.once('close', () => received.push(request.socket.bytesRead))
      return handler(request, response)
    })
    for (let i = 0; i < 10; i++) {
      const { outcome, pauses } = await send(t, receiver.url)
      t.match(outcome, { code: 'delivery-refused', problem: { code: 'document-too-large', status: faults['document-too-large'].status } })
      t.same(pauses, [])
    }
    t.ok(
      received.every(bytes => bytes < size / 2),
      'the rest stays here',
    )
  })
}

t.test('tries again when the connection breaks in the middle without an answer', async t => {
  const receiver = await startServer(t, certs, request => request.once('data', () => request.socket.destroy()))
  const { outcome, pauses } = await send(t, receiver.url, 500)
  t.match(outcome, { code: 'delivery-pending', detail: /tries/ })
  t.ok(pauses.length > 1)
})

t.test('says how much was sent when the time was up in the middle', async t => {
  const receiver = await startServer(t, certs, request => request.pause())
  const { outcome } = await send(t, receiver.url, 500)
  t.match(outcome, { code: 'delivery-pending', detail: /the time was up when [1-9]\d* of \d+ bytes were sent/ })
})
