// A receiver that says no before it has the document: the rest is not sent, and its answer counts
// whatever becomes of the connection.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '@seg/core'
import t, { type Test } from 'tap'
import { readFilePieces } from '../document/document-file.ts'
import { postDocument } from '../exchange/post-document.ts'
import { type Handler, refuse, startServer } from '../testing/foreign-receiver.ts'
import { makeCerts, makeFolder, openSender, writeLargeDocument } from '../testing/gateways.ts'

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

async function post(t: Test, receiver: URL, limits: { time?: number; stall?: number } = {}) {
  await using sender = await openSender(certs, await makeFolder(t))
  const { identity, trust, clock } = sender
  const signal = AbortSignal.timeout(limits.time ?? 120_000)
  return await postDocument(
    body,
    { receiver, identity, trust, admitServer() {} },
    { ...limits, signal, now: clock.now },
  )
}

for (const [when, handler] of Object.entries(refusers)) {
  t.test(`reports the answer of a receiver that refuses ${when}, at the first try`, async t => {
    const received: number[] = []
    const receiver = await startServer(t, certs, (request, response) => {
      request.socket.once('close', () => received.push(request.socket.bytesRead))
      return handler(request, response)
    })
    for (let i = 0; i < 10; i++) {
      const { status } = faults['document-too-large']
      await t.rejects(post(t, receiver.url), {
        code: 'delivery-refused',
        problem: { code: 'document-too-large' },
        answer: { status },
      })
    }
    t.ok(
      received.every(bytes => bytes < size / 2),
      'the rest stays here',
    )
  })
}

t.test('is for another try when the connection breaks in the middle without an answer', async t => {
  const receiver = await startServer(t, certs, request => request.once('data', () => request.socket.destroy()))
  t.match(await post(t, receiver.url), { reason: /./, retryAfter: 0, concernsReceiver: true })
})

t.test('says how much was sent when the time was up in the middle', async t => {
  const receiver = await startServer(t, certs, request => request.pause())
  t.match(await post(t, receiver.url, { time: 500 }), {
    reason: /the time was up when [1-9]\d* of \d+ bytes were sent/,
  })
})

t.test('gives up on a line that carries nothing any more, and not on one that is slow', async t => {
  const stalled = await startServer(t, certs, request => request.pause())
  t.match(await post(t, stalled.url, { stall: 300 }), {
    reason: /the line had stalled when [1-9]\d* of \d+ bytes were sent/,
  })
  // A machine that is slow itself may need more time than both of the first have.
  let outcome: unknown
  for (const times of [1, 5, 25]) {
    const slow = await startServer(t, certs, async (request, response) => {
      try {
        for await (const _ of request) await pause(3 * times)
        refuse('rate-limit')(response, Buffer.alloc(0), 1)
      } catch {
        // Given up.
      }
    })
    const begin = performance.now()
    outcome = await post(t, slow.url, { stall: 300 * times })
    if (/had stalled/.test(JSON.stringify(outcome))) continue
    t.ok(performance.now() - begin > 300 * times, 'longer in all than nothing may move')
    break
  }
  t.match(outcome, { reason: /^rate-limit/ })
})
