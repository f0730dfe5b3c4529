// Fifty copies of one document at the same moment, each on a connection of its own: one record, one receipt, and everybody gets it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyReceipt } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { type Answer, type Client, makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'
import { listStored, readStored } from '../support/stored.ts'

const COPIES = 50

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

t.test(`${COPIES} documents of one id at once: one is accepted, every other one is a conflict`, async t => {
  const letters = await Promise.all(Array.from({ length: COPIES }, (_, i) => signLetter('contested', `letter ${i}`, partner)))
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
