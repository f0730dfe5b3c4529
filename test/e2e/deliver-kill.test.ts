// Kill -9 of the sending daemon, and of the receiver, at any moment: in the end each document
// dropped is at the receiver once, and its receipt is here. KILL_ROUNDS sets the number of rounds.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { seededInt } from '@seg/core/testing/random'
import t from 'tap'
import { HELD_IN_MEMORY, openOutbox } from '../../packages/ledger/src/index.ts'
import { loadReceiptTrust } from '../../packages/sender/src/receipt/check-log-entry.ts'
import { checkStoredReceipt } from '../../packages/sender/src/receipt/check-receipt.ts'
import { startDaemon } from '../../packages/sender/src/testing/run-sender.ts'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3)
/** Two daemons share the folder all the time. */
const DAEMONS = 2
const FILES = 24
/** Milliseconds after which a process is killed though it has not come as far as it should. */
const LONGEST_LIFE = 5_000
const KILL_RECEIVER_EVERY = 3

const folder = await mkdtemp(join(tmpdir(), 'seg-deliver-kill-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data, received] = ['certs', 'sender', 'receiver'].map(name => join(folder, name)) as [
  string,
  string,
  string,
]
const outgoing = join(data, 'outgoing')
await makePartner(certs)
await mkdir(outgoing, { recursive: true })
const template = await readFile(join(root, 'sample_document.xml'), 'utf8')

/** Documents of many sizes, now and then one that the receiver does not hold in memory. */
async function drop(round: number): Promise<string[]> {
  const ids = Array.from({ length: FILES }, (_, i) => `round${round}.${i}`)
  for (const [i, id] of ids.entries()) {
    const filler = 'x'.repeat(i === 5 ? 2 * HELD_IN_MEMORY : 50 * i)
    await writeFile(join(outgoing, `.${id}`), template.replace('doc123', id).replace('Saturday', filler))
    await rename(join(outgoing, `.${id}`), join(outgoing, `${id}.xml`))
  }
  return ids
}

/**
 * Resolves when a random number of the round's documents are delivered, in the middle of the
 * others.
 */
async function someOf(done: () => number): Promise<void> {
  const count = seededInt(FILES)
  for (const end = performance.now() + LONGEST_LIFE; done() < count && performance.now() < end; ) await pause(1)
  await pause(seededInt(10))
}

t.test(`${ROUNDS} rounds of kills lose no document, and double none`, async t => {
  const receiverArgs = ['--certs', certs, '--data', received]
  let receiver = await startReceiver(t, receiverArgs)
  const { port } = receiver.url
  const daemonArgs = ['--certs', certs, '--data', data, '--to', `https://localhost:${port}`]
  const dropped: string[] = []
  const left: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    dropped.push(...(await drop(round)))
    const daemons = await Promise.all(Array.from({ length: DAEMONS }, () => startDaemon(t, root, daemonArgs)))
    const receiverDies = round % KILL_RECEIVER_EVERY === 0
    const done = () => daemons.reduce((sum, { lines }) => sum + lines.length, 0)
    await Promise.all([
      ...daemons.map(daemon => someOf(done).then(() => daemon.stop('SIGKILL'))),
      receiverDies && someOf(done).then(() => receiver.kill()),
    ])
    left.push((await readdir(outgoing)).length)
    if (receiverDies) receiver = await startReceiver(t, [...receiverArgs, '--port', port])
  }
  const last = await startDaemon(t, root, daemonArgs)
  for (let i = 0; (await readdir(outgoing)).length > 0; i++) {
    if (i > 1200) throw new Error(`still there: ${await readdir(outgoing)}`)
    await pause(50)
  }
  t.equal(await last.stop(), 0)

  t.same(await readdir(join(data, 'refused')), [], 'nothing was refused: no id was used for two documents')
  const sent = await readdir(join(data, 'sent'))
  t.same(
    sent.sort(),
    dropped.flatMap(id => [`${id}.xml`, `${id}.xml.receipt.xml`]).sort(),
    'each file is in sent/, with its receipt',
  )
  const { stdout } = await runCommand('receiver', ['documents', 'list', '--data', received, '--json'])
  const listed: { id: string; sha256: string; index: number }[] = JSON.parse(stdout.toString()).documents
  t.same(listed.map(({ id }) => id).sort(), dropped.toSorted(), 'each document is at the receiver once')

  const trust = await loadReceiptTrust(certs)
  const outbox = await openOutbox(data)
  const wrong: string[] = []
  for await (const { number, state, document } of outbox.list()) {
    const accepted = listed.find(({ id }) => id === document.id)
    const receipt = (await outbox.receipt(number)) ?? Buffer.alloc(0)
    const beside = await readFile(join(data, 'sent', `${document.id}.xml.receipt.xml`))
    const { logEntry } = checkStoredReceipt(receipt, Buffer.from(document.sha256, 'hex'), trust)
    if (
      state !== 'delivered' ||
      accepted?.sha256 !== document.sha256 ||
      logEntry.index !== accepted.index ||
      !beside.equals(receipt)
    )
      wrong.push(`${number}`)
  }
  t.same(wrong, [], 'and the receipt of each proves its entry')
  const entries = await Array.fromAsync(outbox.list())
  t.same(entries.map(({ document }) => document.id).sort(), dropped.toSorted(), 'each document was delivered once')
  const retried = entries.filter(({ tries }) => tries > 1).length
  // Whoever asks for work next removes what the dead have left.
  await outbox.lease({ receiver: receiver.url.origin, limit: 1, now: Date.now() })
  await outbox.close()
  t.same(await readdir(join(data, 'leases')), [], 'no dead process holds anything')
  t.comment(`the kills left ${left.join(', ')} files to be done; ${retried} documents were tried more than once`)
  t.ok(
    left.some(count => count % FILES !== 0 || count > FILES),
    'the kills did hit',
  )
  const { exitCode } = await runCommand('receiver', ['log', 'verify', '--data', received, '--certs', certs])
  t.equal(exitCode, 0, 'the log verifies')
  await receiver.stop()
})
