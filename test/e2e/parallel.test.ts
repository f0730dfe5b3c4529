// Fifty copies of each document at the same moment, each on a connection of its own: one record,
// one receipt, and everybody gets it. KILL_ROUNDS sets the number of documents, for longer runs
// (`pnpm kills`): 1000 take 50,000 requests.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLength } from '@seg/core/testing/length'
import { verifyReceipt } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { openEntry } from '../independent/entry.ts'
import { openLogClient } from '../independent/log-client.ts'
import { verifyLog } from '../independent/verify-log.ts'
import { type Answer, type Client, makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'
import { listStored, readOpenings, readStored } from '../support/stored.ts'

const COPIES = 50
const DOCUMENTS = Number(process.env.KILL_ROUNDS ?? atLength(24, 128))
/** Documents whose copies are under way together, in another order on each connection. */
const TOGETHER = 8
/** One copy of so many documents is sent by somebody who does not wait for the answer. */
const LEFT_EVERY = 3

const folder = await mkdtemp(join(tmpdir(), 'seg-parallel-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data] = [join(folder, 'certs'), join(folder, 'data')]
const partner = await makePartner(certs)

/** Clients whose handshake is done, so that what they send next arrives together. */
async function openClients(t: Test, url: URL): Promise<Client[]> {
  const clients = Array.from({ length: COPIES }, () => openClient(url, partner))
  const answers = await Promise.all(clients.map(client => client.receipt('nothing')))
  t.same(countStatuses(answers), { 404: COPIES })
  return clients
}

/** How many answers bear each status. */
function countStatuses(answers: readonly Answer[]): Record<string, number> {
  const groups = Object.groupBy(answers, ({ status }) => status)
  return Object.fromEntries(Object.entries(groups).map(([status, group]) => [status, group!.length]))
}

t.test(`${COPIES} copies at once, twice, and again after a kill`, async t => {
  const document = await signLetter('copied', 'x'.repeat(20_000), partner)
  const first = await startReceiver(t, ['--certs', certs, '--data', data])
  const clients = await openClients(t, first.url)
  const answers = await Promise.all(clients.map(client => client.post(document)))
  t.same(countStatuses(answers), { 201: 1, 200: COPIES - 1 })
  const receipts = new Set(answers.map(({ body }) => body.toString('hex')))
  t.equal(receipts.size, 1, 'one receipt, byte for byte')

  const replays = await Promise.all(clients.map(client => client.post(document)))
  t.same(countStatuses(replays), { 200: COPIES })
  for (const client of clients) client.close()
  await first.kill()
  const second = await startReceiver(t, ['--certs', certs, '--data', data])
  const later = await openClients(t, second.url)
  const afterwards = await Promise.all(later.map(client => client.post(document)))
  t.same(countStatuses(afterwards), { 200: COPIES })
  for (const client of later) client.close()
  for (const { body } of [...replays, ...afterwards]) receipts.add(body.toString('hex'))
  t.equal(receipts.size, 1, 'still the same')
  await second.stop()

  const records = await listStored(data)
  t.match(records, [{ sender: senderId, id: 'copied', bytes: document.length }])
  t.equal(records.length, 1)
  const { bytes, receipt } = await readStored(data, senderId, 'copied')
  t.same(bytes, document)
  t.same(receipt, answers[0]?.body)
  t.equal(verifyReceipt(receipt!, () => {}).documentDigest.toString('hex'), records[0]?.sha256)
})

t.test(`${DOCUMENTS} documents, ${COPIES} copies of each at once, some of which nobody waits for`, async t => {
  const place = join(folder, 'many')
  const receiver = await startReceiver(t, ['--certs', certs, '--data', place])
  const clients = await openClients(t, receiver.url)
  const wrong: string[] = []
  const receipts = new Map<string, Buffer>()
  let lost = 0
  for (let from = 0; from < DOCUMENTS; from += TOGETHER) {
    const numbers = Array.from({ length: Math.min(TOGETHER, DOCUMENTS - from) }, (_, i) => from + i)
    const letters = await Promise.all(
      numbers.map(number => signLetter(`many${number}`, 'x'.repeat((number * 997) % 9000), partner)),
    )
    const answers = await postCopies(clients, letters, from)
    for (const [i, id] of numbers.map(number => `many${number}`).entries()) {
      const { 201: accepted = 0, ...others } = countStatuses(answers[i]!)
      const isLeft = (from + i) % LEFT_EVERY === 0
      // The one who was answered first may be the one who had left.
      const isOnce = accepted === 1 || (isLeft && accepted === 0)
      const expected = COPIES - (isLeft ? 1 : 0) - accepted
      if (!isOnce || others[200] !== expected || Object.keys(others).length > 1)
        wrong.push(`${id}: ${accepted}, ${JSON.stringify(others)}`)
      if (new Set(answers[i]!.map(({ body }) => body.toString('hex'))).size !== 1) wrong.push(`${id}: several receipts`)
      receipts.set(id, answers[i]![0]!.body)
      lost += 1 - accepted
    }
  }
  for (const client of clients) client.close()
  t.same(wrong, [], 'each is accepted once, and all copies get one receipt, byte for byte')
  t.comment(`${DOCUMENTS * COPIES} requests; ${lost} documents were accepted from somebody who had left`)
  await checkOnce(t, receiver.url.origin, place, receipts)
  await receiver.stop()
})

/**
 * Answers to the copies of each letter: each client sends a copy of all, beginning with another,
 * and of some letters one client does not wait for the answer.
 */
async function postCopies(clients: readonly Client[], letters: readonly Buffer[], from: number): Promise<Answer[][]> {
  const answers: Answer[][] = letters.map(() => [])
  const post = async (client: Client, number: number) => {
    for (let turn = 0; turn < letters.length; turn++) {
      const i = (turn + number) % letters.length
      const isLeft = (from + i) % LEFT_EVERY === 0 && (from + i) % clients.length === number
      if (isLeft) await client.postAndLeave(letters[i]!, (from + i) % 2 === 0 ? 'finish' : 'response')
      else answers[i]!.push(await client.post(letters[i]!))
    }
  }
  await Promise.all(clients.map(post))
  return answers
}

/** What is kept and what the log says: each document once, with the receipt that was given out. */
async function checkOnce(t: Test, origin: string, place: string, receipts: ReadonlyMap<string, Buffer>): Promise<void> {
  const ids = [...receipts.keys()].sort()
  const { fetch, close } = await openLogClient(origin, certs)
  const { entries } = await verifyLog(fetch, await readFile(join(certs, 'log.pub'), 'utf8'))
  close()
  const openings = readOpenings(place)
  const accepted = entries.flatMap((entry, i) =>
    entry.type === 'accepted' ? [String(openEntry(entry, openings[i]!).document)] : [],
  )
  t.same(accepted.sort(), ids, `the log has ${ids.length} acceptances, one of each document`)
  t.equal(entries.length, ids.length + 1, 'and nothing else but the start')
  t.same((await listStored(place)).map(({ id }) => id).sort(), ids, 'the ledger has each once')
  const kept = await Promise.all(
    ids.map(async id => (await readStored(place, senderId, id)).receipt?.equals(receipts.get(id)!)),
  )
  t.ok(
    kept.every(isSame => isSame === true),
    'with its receipt',
  )
}

t.test(`${COPIES} documents of one id at once: one is accepted, every other one is a conflict`, async t => {
  const letters = await Promise.all(
    Array.from({ length: COPIES }, (_, i) => signLetter('contested', `letter ${i}`, partner)),
  )
  const receiver = await startReceiver(t, ['--certs', certs, '--data', data])
  const clients = await openClients(t, receiver.url)
  const answers = await Promise.all(clients.map((client, i) => client.post(letters[i]!)))
  for (const client of clients) client.close()
  t.same(countStatuses(answers), { 201: 1, 409: COPIES - 1 })
  const winner = answers.findIndex(({ status }) => status === 201)
  const { bytes, receipt } = await readStored(data, senderId, 'contested')
  t.same(bytes, letters[winner])
  t.same(receipt, answers[winner]?.body)
  t.equal((await listStored(data)).length, 2)
})
