// A try whose lease another process took meanwhile: it writes nothing, whatever the receiver
// answered, and the receipt comes again with the replay of the same bytes.
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import { type LeasedEntry, type Outbox, openOutbox } from '@seg/ledger'
import t, { type Test } from 'tap'
import { answerReceipt, makeReceipt, type Reply, refuse, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender, openTemplate } from '../testing/gateways.ts'
import { runDeliveries } from './delivery-loop.ts'
import type { SendOutcome } from './outcome.ts'
import { queueTemplate } from './queue-document.ts'
import { sendTemplate } from './send.ts'

const certs = await makeCerts(t)

type Scene = { data: string; other: Outbox; taken: LeasedEntry | undefined; receipt: Buffer }

/**
 * A folder with another process's outbox, and a receiver that answers with `answer` once that has
 * taken the entry of the first try; later requests are replays.
 */
async function openScene(t: Test, answer: Reply | undefined, andThen?: (other: Outbox, taken: LeasedEntry) => unknown) {
  const data = await makeFolder(t)
  const other = await openOutbox(data)
  t.teardown(() => other.close())
  const scene: Scene = { data, other, taken: undefined, receipt: Buffer.alloc(0) }
  const receiver = await startReceiver(t, certs, async (response, received, count) => {
    if (count === 1) {
      scene.receipt = await makeReceipt(received, certs)
      // Its holder's file is gone: for all others its process has ended.
      await rm(join(data, 'leases'), { recursive: true })
      scene.taken = await other.leaseOne(1)
      await andThen?.(other, scene.taken!)
      if (answer !== undefined) return answer(response, received, count)
    }
    return answerReceipt(response, scene.receipt.toString())
  })
  return Object.assign(scene, { receiver })
}

async function openDaemon(t: Test, data: string) {
  const gateway = await openSender(certs, data)
  t.teardown(() => gateway[Symbol.asyncDispose]())
  const outcomes: SendOutcome[] = []
  const stop = new AbortController()
  const report = (outcome: SendOutcome) => void outcomes.push(outcome)
  const run = async (count: number) => {
    const running = runDeliveries(gateway, { concurrency: 4, report, signal: stop.signal })
    await until(() => outcomes.length >= count)
    stop.abort()
    await running
    return outcomes
  }
  return { gateway, run }
}

const answers: Readonly<Record<string, Reply | undefined>> = {
  'a receipt': undefined,
  'a refusal': refuse('schema-invalid'),
  'that it is overloaded': refuse('overloaded'),
}

for (const [what, answer] of Object.entries(answers))
  t.test(`a daemon that lost its lease writes nothing when the answer is ${what}`, async t => {
    const scene = await openScene(t, answer)
    const { gateway, run } = await openDaemon(t, scene.data)
    const input = await openInput(t, makeDocument({ id: 'doc1' }))
    await queueTemplate({ file: 'a.xml', input, id: undefined, stripComments: false }, scene.receiver.url, gateway)
    const outcomes = await run(1)
    t.match(outcomes[0], {
      fault: { code: 'delivery-pending', detail: /lost to another process: the entry is queued/ },
    })
    t.same(await scene.other.find(1), scene.taken, 'it is as its holder has it')
    t.same(gateway.notes, [])

    await scene.other.release(scene.taken!)
    const next = await openDaemon(t, scene.data)
    t.match(await next.run(1), [{ delivery: { number: 1 } }])
    t.same(scene.receiver.received[1], scene.receiver.received[0], 'the same bytes')
    t.match(await scene.other.find(1), { state: 'delivered', tries: 2, leases: 3 })
    t.same(await scene.other.receipt(1), scene.receipt)
    const { delivery } = scene.taken!
    t.same(await readFile(join(scene.data, 'deliveries', delivery, 'receipt.xml')), scene.receipt)
  })

t.test('send gives the outcome of the process that took its lease and was first', async t => {
  const scene = await openScene(t, undefined, (other, taken) =>
    other.deliver(taken, scene.receipt, Date.now(), { startedAt: 0, duration: 1 }),
  )
  const sender = await openSender(certs, scene.data)
  t.teardown(() => sender[Symbol.asyncDispose]())
  const delivery = await sendTemplate(await openTemplate(t, makeDocument()), scene.receiver.url, sender)
  t.match(delivery, { number: 1, made: { tries: 2 } })
  t.same(await readFile(delivery.receiptPath), scene.receipt)
  t.equal(scene.receiver.received.length, 1)
  t.match(await Array.fromAsync(sender.outbox.list()), [{ state: 'delivered', tries: 2 }])
})

t.test('send waits for the process that took its lease, and tries itself when that gives up', async t => {
  const scene = await openScene(t, refuse('schema-invalid'))
  const sender = await openSender(certs, scene.data)
  t.teardown(() => sender[Symbol.asyncDispose]())
  const pause = async (time: number) => {
    await sender.clock.pause(time)
    if (sender.pauses.length === 3) await scene.other.release(scene.taken!)
  }
  const waiting = { ...sender, clock: { ...sender.clock, pause } }
  const delivery = await sendTemplate(await openTemplate(t, makeDocument()), scene.receiver.url, waiting)
  t.match(delivery, { number: 1, made: { tries: 2 } })
  t.ok(sender.pauses.length >= 3)
  t.same(await sender.outbox.receipt(1), scene.receipt)
  t.match(await sender.outbox.find(1), { state: 'delivered', tries: 2 })
})
