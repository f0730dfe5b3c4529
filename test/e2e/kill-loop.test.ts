// Kill -9 at any moment leaves either nothing or the whole document, which is then handed on.
// KILL_ROUNDS sets the number of kills, for longer runs (`pnpm kills`).

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { atLength } from '@seg/core/testing/length'
import { seededInt } from '@seg/core/testing/random'
import { verifyReceipt } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { HELD_IN_MEMORY } from '../../packages/ledger/src/index.ts'
import { type Client, makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { launchReceiver, type ReceiverProcess, runCommand, startReceiver } from '../support/commands.ts'
import { openEndpoint } from '../support/endpoint.ts'
import { readStored } from '../support/stored.ts'

const ROUNDS = Number(process.env.KILL_ROUNDS ?? atLength(4, 16))
const CLIENTS = 6
const LETTERS = 24
/**
 * Some receivers are killed while they still start: sweeping up after the one before must not lose
 * anything either.
 */
const KILL_START_EVERY = 10
/** Milliseconds without another document handed on after which no more are waited for. */
const PATIENCE = 60_000

const folder = await mkdtemp(join(tmpdir(), 'seg-kill-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data] = [join(folder, 'certs'), join(folder, 'data')]
const partner = await makePartner(certs)
const endpoint = await openEndpoint(t, certs)
const startArgs = ['--certs', certs, '--data', data, ...endpoint.settings]

type Letter = { readonly id: string; readonly bytes: Buffer }
/** What is known to be accepted: letters with their receipts, by id. */
type Accepted = Map<string, { readonly bytes: Buffer; readonly receipt: Buffer }>

t.test(`${ROUNDS} kills or more lose nothing that was acknowledged and show nothing partial`, async t => {
  const accepted: Accepted = new Map()
  /**
   * Milliseconds from the first post to the kill, at most: what all letters took the last time,
   * however fast the machine is now.
   */
  let longestLife = 100
  const seen = { interrupted: 0, unanswered: 0, leftovers: 0 }
  let receiver = await startReceiver(t, startArgs)
  let round = 0
  // Some kills must hit among the answers; few rounds may not.
  for (; round < ROUNDS || (seen.interrupted === 0 && round < 10 * ROUNDS); round++) {
    const letters = await signLetters(round)
    const acknowledged = await postAndKill(receiver, letters, longestLife)
    for (const { id, bytes } of letters) {
      const receipt = acknowledged.get(id)
      if (receipt !== undefined) accepted.set(id, { bytes, receipt })
    }
    if (acknowledged.size > 0 && acknowledged.size < letters.length) seen.interrupted++
    seen.leftovers += (await readdir(join(data, 'staging'))).length
    const visible = await checkFolder(t, letters, accepted)
    seen.unanswered += visible.length - acknowledged.size

    if (round % KILL_START_EVERY === 0) await startAndKill()
    receiver = await startReceiver(t, startArgs)
    t.same(await readdir(join(data, 'staging')), [], 'the start sweeps up')
    longestLife = await checkOverNetwork(t, receiver, letters, visible, accepted)
  }
  t.equal(accepted.size, round * LETTERS, 'in the end every letter is accepted')
  await checkAll(t, accepted)
  await checkInbox(t, accepted)
  await checkWebhook(t, accepted, round)
  await receiver.stop()
  const { exitCode } = await runCommand('receiver', ['log', 'verify', '--data', data, '--certs', certs])
  t.equal(exitCode, 0, 'the log verifies')
  t.comment(
    `of ${round} kills ${seen.interrupted} hit among the answers; they left ${seen.leftovers} documents half stored`,
  )
  t.comment(`and ${seen.unanswered} stored but not acknowledged`)
  t.ok(seen.interrupted > ROUNDS / 8, 'the kills did hit')
})

/**
 * Letters of many sizes: of one packet and of many, and now and then one that the store does not
 * hold in memory.
 */
function signLetters(round: number): Promise<Letter[]> {
  const ids = Array.from({ length: LETTERS }, (_, i) => `round${round}.${i}`)
  const sign = (id: string, i: number) =>
    signLetter(id, 'x'.repeat(i % 13 === 5 ? 2 * HELD_IN_MEMORY : seededInt(20_000)), partner)
  return Promise.all(ids.map(async (id, i) => ({ id, bytes: await sign(id, i) })))
}

/**
 * Receipts by id, of the letters that were acknowledged before the kill. A failure of any other
 * kind is thrown.
 */
async function postAndKill(
  receiver: ReceiverProcess,
  letters: readonly Letter[],
  longestLife: number,
): Promise<Map<string, Buffer>> {
  const acknowledged = new Map<string, Buffer>()
  let isKilled = false
  const postLetter = async (client: Client, { id, bytes }: Letter) => {
    if (isKilled) return
    const answer = await client.post(bytes).catch(error => {
      if (!isKilled) throw error
    })
    if (answer === undefined) return
    if (answer.status !== 201) throw new Error(`${id}: ${answer.status} ${answer.body}`)
    acknowledged.set(id, answer.body)
  }
  const killSoon = async (posting: Promise<unknown>) => {
    await Promise.race([pause(seededInt(longestLife)), posting])
    isKilled = true
    await receiver.kill()
  }
  await shareOut(receiver, letters, postLetter, killSoon)
  return acknowledged
}

async function startAndKill(): Promise<void> {
  const child = launchReceiver(startArgs)
  const closed = once(child, 'close')
  await pause(100 + seededInt(500))
  child.kill('SIGKILL')
  await closed
}

/**
 * What the dead receiver left, read from its folder; returns the ids of this round's letters that
 * are there.
 */
async function checkFolder(t: Test, letters: readonly Letter[], accepted: Accepted): Promise<string[]> {
  const visible: string[] = []
  const wrong: string[] = []
  for (const { id, bytes } of letters) {
    const state = await readState(id, bytes)
    const expected = accepted.get(id)?.receipt
    if (state === 'damaged' || (expected !== undefined && !(Buffer.isBuffer(state) && state.equals(expected))))
      wrong.push(id)
    if (Buffer.isBuffer(state)) visible.push(id)
  }
  t.same(wrong, [], `${visible.length} of ${letters.length} letters are there, whole; the others are not there at all`)
  return visible
}

/** The stored receipt of a document that is there whole, `absent` when there is nothing of it. */
async function readState(id: string, bytes: Buffer): Promise<Buffer | 'absent' | 'damaged'> {
  const { record, bytes: stored, receipt } = await readStored(data, senderId, id)
  if (record === undefined && stored === undefined && receipt === undefined) return 'absent'
  const digest = createHash('sha256').update(bytes).digest('hex')
  const isWhole =
    record?.sha256 === digest &&
    record.bytes === bytes.length &&
    stored?.equals(bytes) === true &&
    receipt !== undefined
  return isWhole && isReceiptFor(receipt, id, digest) ? receipt : 'damaged'
}

function isReceiptFor(receipt: Buffer, id: string, digest: string): boolean {
  const facts = verifyReceipt(receipt, () => {})
  return facts.documentId === id && facts.senderId === senderId && facts.documentDigest.toString('hex') === digest
}

/**
 * What the next receiver says: the receipts of what is there; and all letters, sent again, are
 * accepted, once. Returns how long posting took.
 */
async function checkOverNetwork(
  t: Test,
  receiver: ReceiverProcess,
  letters: readonly Letter[],
  visible: readonly string[],
  accepted: Accepted,
): Promise<number> {
  const wrong: string[] = []
  let posting = 0
  const checkLetter = async (client: Client, { id, bytes }: Letter) => {
    const kept = await client.receipt(id)
    const begin = performance.now()
    const again = await client.post(bytes)
    posting += performance.now() - begin
    const receipt = accepted.get(id)?.receipt ?? (visible.includes(id) ? kept.body : again.body)
    const isRight = visible.includes(id)
      ? kept.status === 200 && kept.body.equals(receipt) && again.status === 200 && again.body.equals(receipt)
      : kept.status === 404 && again.status === 201
    if (!isRight) wrong.push(`${id}: ${kept.status}, ${again.status}`)
    accepted.set(id, { bytes, receipt: again.body })
  }
  await shareOut(receiver, letters, checkLetter)
  t.same(wrong, [], 'the receiver started again knows the same, and takes each letter once')
  return posting / CLIENTS
}

/**
 * Goes through the letters with as many clients as there are, each taking its share one after the
 * other.
 */
async function shareOut(
  receiver: ReceiverProcess,
  letters: readonly Letter[],
  use: (client: Client, letter: Letter) => Promise<void>,
  whenConnected: (working: Promise<unknown>) => unknown = working => working,
): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, () => openClient(receiver.url, partner))
  // The handshakes are not what is to be hit.
  await Promise.all(clients.map(client => client.receipt('nothing')))
  const work = async (client: Client, share: number) => {
    for (let next = share; next < letters.length; next += CLIENTS) await use(client, letters[next]!)
  }
  const working = Promise.all(clients.map(work))
  await Promise.all([working, whenConnected(working)])
  for (const client of clients) client.close()
}

/** All rounds together, at the end, and as the command line sees it. */
async function checkAll(t: Test, accepted: Accepted): Promise<void> {
  const wrong: string[] = []
  for (const [id, { bytes, receipt }] of accepted) {
    const state = await readState(id, bytes)
    if (!Buffer.isBuffer(state) || !state.equals(receipt)) wrong.push(id)
  }
  t.same(wrong, [], 'and whole, with its first receipt')
  const { stdout } = await runCommand('receiver', ['documents', 'list', '--data', data, '--json'])
  const listed: { id: string; index: number }[] = JSON.parse(stdout.toString()).documents
  t.same(listed.map(({ id }) => id).sort(), [...accepted.keys()].sort(), 'the list names each of them once')
  t.equal(new Set(listed.map(({ index }) => index)).size, listed.length, 'no two have one place')
  const [last] = [...accepted].slice(-1)
  const exported = await runCommand('receiver', ['documents', 'export', last![0], '--data', data])
  t.same(exported.stdout, last![1].bytes)
}

/** Nobody took anything away: all of it stands there, each document beside its receipt. */
async function checkInbox(t: Test, accepted: Accepted): Promise<void> {
  const inbox = join(data, 'inbox', senderId)
  const names = [...accepted.keys()].flatMap(id => [`${id}.receipt.xml`, `${id}.xml`])
  const finished = async () => (await readdir(inbox)).filter(name => !name.startsWith('.tmp-'))
  await untilThere(async () => (await finished()).length, names.length)
  t.same((await readdir(inbox)).sort(), names.sort(), 'every document was handed on, and nothing else')
  const wrong: string[] = []
  for (const [id, { bytes, receipt }] of accepted) {
    const [document, beside] = await Promise.all(
      ['xml', 'receipt.xml'].map(ending => readFile(join(inbox, `${id}.${ending}`))),
    )
    if (!document!.equals(bytes) || !beside!.equals(receipt)) wrong.push(id)
  }
  t.same(wrong, [], 'byte for byte, with its receipt')
}

/** Kills leave much to be handed on: as long as there is more of it, it is waited for. */
async function untilThere(count: () => Promise<number>, goal: number): Promise<void> {
  let most = -1
  for (let end = performance.now() + PATIENCE; performance.now() < end; await pause(50)) {
    const found = await count()
    if (found >= goal) return
    if (found > most) end = performance.now() + PATIENCE
    most = Math.max(most, found)
  }
}

/** A kill posts again what was on its way, and leaves out nothing. */
async function checkWebhook(t: Test, accepted: Accepted, rounds: number): Promise<void> {
  const { posted } = endpoint
  const taken = () => new Map(posted.map(({ id, sha256 }) => [id, sha256]))
  await untilThere(async () => taken().size, accepted.size)
  const digests = [...accepted].map(
    ([id, { bytes }]) => [id, createHash('sha256').update(bytes).digest('hex')] as const,
  )
  t.same(taken(), new Map(digests), 'every document was posted, byte for byte, and nothing else')
  const isInOrder = posted.every(({ index }, i) => i === 0 || index >= posted[i - 1]!.index)
  t.ok(isInOrder, 'in the order of acceptance')
  const again = posted.length - accepted.size
  t.ok(again <= rounds + rounds / KILL_START_EVERY + 1, `${again} of them once more, at most one for each kill`)
}
