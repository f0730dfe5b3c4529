// The ledger against a model of it: whatever is done to it, in any order and at once, it says what
// the model says, and its log is a tree of RFC 6962. MODEL_RUNS sets the number of histories,
// MODEL_SEED repeats those of an earlier run.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Fault } from '@seg/core'
import { atLength } from '@seg/core/testing/length'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  type CheckOrigin,
  HELD_IN_MEMORY,
  type Ledger,
  type LogEvent,
  openEvidence,
  openLedger,
  openLedgerReader,
  verifyLedger,
} from '../../packages/ledger/src/index.ts'
import type { RecordedEvent } from '../../packages/ledger/src/ledger.ts'
import { checkReceipt } from '../../packages/ledger/src/testing/entry-sealer.ts'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { certificatesOf, readBytes } from '../../packages/ledger/src/testing/sample-documents.ts'
import { openTestLedger } from '../../packages/ledger/src/testing/test-ledger.ts'
import { acceptBytes, logKey, verifierKey } from '../../packages/ledger/src/testing/test-log.ts'
import { readLogFile } from '../../packages/receiver/src/http/log-files.ts'
import { openCheckpoint, readKey } from '../independent/checkpoint.ts'
import { readEntry } from '../independent/entry.ts'
import { inclusionProof } from '../independent/merkle.ts'
import { verifyLog, verifyTiles } from '../independent/verify-log.ts'
import { acceptedEvent, conflictEvent, type Kept, Model, makeSent, type Sent } from './model.ts'

/** Few and long: what takes time is to open a ledger. */
const RUNS = Number(process.env.MODEL_RUNS ?? atLength(3, 12))
const COMMANDS = 60
const SEED = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31)
const key = readKey(verifierKey)

/** The ledger under test, opened again now and then. */
type Real = { ledger: Ledger; readonly folder: string; readonly store: Store }

/** Where a history happens; `files`: what the folder must have beside it. */
type Store = {
  readonly name: string
  readonly runs: number
  /** What is asked for first is done first. */
  readonly isOrdered: boolean
  open(folder: string): Promise<Ledger>
  checkFiles(folder: string, large: number): Promise<void>
}

class Command implements fc.AsyncCommand<Model, Real> {
  readonly #name: string
  readonly #run: (model: Model, real: Real) => Promise<void>

  constructor(name: string, run: (model: Model, real: Real) => Promise<void>) {
    this.#name = name
    this.#run = run
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#run(model, real)
    equal(await real.ledger.log.size(), model.entries.length, 'the size of the log')
  }

  toString(): string {
    return this.#name
  }
}

/**
 * Milliseconds since the epoch of the next thing that happens: no two have the same time, as no two
 * entries then have.
 */
let clock = 0
const tick = () => new Date(1_700_000_000_000 + clock++).toISOString()

/** Few senders, ids and contents, so that they meet; each is a document of its own time. */
const parcel = fc.record({
  sender: fc.constantFrom<string[]>('A', 'Ä"\\ B'),
  id: fc.constantFrom<string[]>('1', '2', 'B1'),
  version: fc.nat(1),
  size: fc.constantFrom(500, 500, 500, 1, HELD_IN_MEMORY, HELD_IN_MEMORY + 1),
})
type Parcel = typeof parcel extends fc.Arbitrary<infer Value> ? Value : never
const send = ({ sender, id, version, size }: Parcel): Sent =>
  makeSent(sender, id, tick(), Buffer.alloc(size, `${sender} ${id} ${version} `))

const happening = fc.constantFrom<(at: string) => RecordedEvent>(
  at => ({ type: 'refused', at, sender: 'A', code: 'signature-digest', sha256: null }),
  at => ({ type: 'omitted', at, sender: 'A', count: 3, since: at }),
  at => ({ type: 'admin', at, action: 'suspend', subject: 'A', by: 'operator' }),
  at => ({ type: 'start', at, version: '0.1.0' }),
  at => ({ type: 'stop', at }),
)

const acceptance = parcel.map(
  one => new Command(`accept ${JSON.stringify(one)}`, (model, real) => acceptOne(model, real, send(one))),
)

const commands = [
  // More often than others.
  ...[acceptance, acceptance, acceptance, acceptance],
  parcel.map(
    one =>
      new Command(`discard ${JSON.stringify(one)}`, (_, { ledger, folder }) => discardOne(ledger, folder, send(one))),
  ),
  happening.map(
    makeEvent =>
      new Command(`record ${makeEvent('').type}`, async (model, { ledger }) => {
        const event = makeEvent(tick())
        equal(await ledger.record(event), model.record(event))
      }),
  ),
  fc
    .integer({ min: 2, max: 300 })
    .map(count => new Command(`record ${count} at once`, (model, real) => recordMany(model, real, count))),
  fc
    .array(fc.oneof(parcel, happening), { minLength: 2, maxLength: 40 })
    .map(burst => new Command(`at once ${JSON.stringify(burst)}`, (model, real) => doAtOnce(model, real, burst))),
  parcel.map(one => new Command(`look for ${one.id} of ${one.sender}`, (model, real) => lookFor(model, real, one))),
  fc
    .record({ after: fc.integer({ min: -1, max: 600 }), limit: fc.integer({ min: 1, max: 10 }) })
    .map(
      ({ after, limit }) =>
        new Command(`the next ${limit} after ${after}`, (model, real) => takeNext(model, real, after, limit)),
    ),
  fc
    .record({ name: fc.constantFrom('inbox', 'webhook'), index: fc.nat(600) })
    .map(
      ({ name, index }) =>
        new Command(`move ${name} to ${index}`, (model, real) => moveCursor(model, real, name, index)),
    ),
  fc.constant(new Command('read the log', readLog)),
  fc.constant(new Command('open again', openAnew)),
]

const sqlite: Store = {
  name: 'SQLite',
  runs: RUNS,
  isOrdered: true,
  open: folder => openTestLedger(folder, { sealer: 'entry-sealer' }),
  async checkFiles(folder, large) {
    deepEqual(await readdir(join(folder, 'staging')), [])
    equal((await readdir(join(folder, 'contents'))).length, large, 'a file for each large document, and no other')
  },
}

t.test(`${sqlite.runs} histories on ${sqlite.name}`, t => runHistories(t, sqlite))

t.test('histories on PostgreSQL, where each call goes to another of two nodes', async t => {
  const server = await PostgresServer.start(t)
  if (server === undefined) return t.pass(`SKIPPED: ${MISSING}`)
  await runHistories(t, twoNodesOn(server))
})

/** Two nodes with folders of their own, and one database for both. */
function twoNodesOn(server: PostgresServer): Store {
  const databases = new Map<string, string>()
  const module = new URL('../../packages/ledger/src/testing/entry-sealer.ts', import.meta.url).href
  return {
    name: 'PostgreSQL',
    runs: Math.max(1, RUNS >> 2),
    isOrdered: false,
    async open(folder) {
      const ledger = databases.get(folder) ?? (await server.makeDatabase())
      databases.set(folder, ledger)
      const options = { log: logKey, sealer: { module, data: undefined }, address: { ledger, password: undefined } }
      return takeTurns(await openLedger(folder, options), await openLedger(join(folder, 'inbox'), options))
    },
    async checkFiles(folder) {
      deepEqual(await readdir(join(folder, 'staging')), [])
    },
  }
}

function takeTurns(one: Ledger, other: Ledger): Ledger {
  let calls = 0
  return new Proxy(one, {
    get(_, name: keyof Ledger) {
      if (name === 'close') return () => Promise.all([one.close(), other.close()])
      const node = calls++ % 2 === 0 ? one : other
      const value = node[name]
      return typeof value === 'function' ? value.bind(node) : value
    },
  })
}

async function runHistories(t: Test, store: Store): Promise<void> {
  t.comment(`MODEL_SEED=${SEED}`)
  let entries = 0
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: COMMANDS, size: 'max' }), async history => {
    const folder = await mkdtemp(join(tmpdir(), 'seg-ledger-model-'))
    const model = new Model()
    const real: Real = { ledger: await store.open(folder), folder, store }
    try {
      await fc.asyncModelRun(() => ({ model, real }), history)
      await openAnew(model, real)
      await checkAll(model, real)
      entries += model.entries.length
    } finally {
      await real.ledger.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
  await fc.assert(property, { numRuns: store.runs, seed: SEED })
  t.ok(entries > store.runs, `${entries} entries in all`)
}

async function acceptOne(model: Model, { ledger }: Real, sent: Sent): Promise<void> {
  const verdict = model.judge(sent)
  if (verdict === 'conflict') {
    equal(await codeOf(acceptBytes(ledger, sent.document, sent.bytes)), 'document-id-conflict')
    return model.conflict(sent)
  }
  const { replay, receipt } = await acceptBytes(ledger, sent.document, sent.bytes)
  equal(replay, verdict === 'replay')
  if (replay) return ok(receipt.equals(model.find(sent.document)!.receipt), 'a replay gets the first receipt')
  model.accept(sent, receipt)
  await learnLeaves(model, ledger)
  checkProof(model, model.kept.at(-1)!)
}

/** In two pieces, then not after all. */
async function discardOne(ledger: Ledger, folder: string, { bytes }: Sent): Promise<void> {
  const staging = ledger.stage()
  await staging.write(bytes.subarray(0, bytes.length >> 1))
  await staging.write(bytes.subarray(bytes.length >> 1))
  await staging.discard()
  deepEqual(await readdir(join(folder, 'staging')), [])
}

async function recordMany(model: Model, { ledger, store }: Real, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({ type: 'stop', at: tick() }) as const)
  const indexes = await Promise.all(events.map(event => ledger.record(event)))
  const order = store.isOrdered ? [...events.keys()] : [...events.keys()].sort((a, b) => indexes[a]! - indexes[b]!)
  deepEqual(
    order.map(i => indexes[i]),
    order.map(i => model.record(events[i]!)),
  )
}

/**
 * Nobody knows in which order what comes at once is done. The log says; and it must be an order
 * that makes the answers right.
 */
async function doAtOnce(
  model: Model,
  { ledger }: Real,
  burst: readonly (Parcel | ((at: string) => RecordedEvent))[],
): Promise<void> {
  const work = burst.map(one => (typeof one === 'function' ? one(tick()) : send(one)))
  const answers = await Promise.all(
    work.map(one =>
      ('type' in one ? ledger.record(one) : acceptBytes(ledger, one.document, one.bytes)).catch(
        (fault: Fault) => fault.code,
      ),
    ),
  )
  const before = model.entries.length
  const waiting = new Set(work.keys())
  for (let index = before; index < (await ledger.log.size()); index++) {
    const event = await ledger.event(index)
    const done = [...waiting].find(i => isDeepStrictEqual(event, eventFor(model, work[i]!)))
    ok(done !== undefined, `an entry that nothing led to: ${JSON.stringify(event)}`)
    waiting.delete(done)
    const [one, answer] = [work[done]!, answers[done]!]
    if ('type' in one) equal(model.record(one), answer)
    else if (model.judge(one) === 'conflict') {
      equal(answer, 'document-id-conflict')
      model.conflict(one)
    } else {
      ok(typeof answer === 'object' && !answer.replay, 'whoever has an entry was the first')
      model.accept(one, answer.receipt)
    }
  }
  for (const i of waiting) {
    const [one, answer] = [work[i]!, answers[i]!]
    ok(!('type' in one) && typeof answer === 'object' && answer.replay, `no entry for ${answer}`)
    equal(model.judge(one), 'replay')
    ok(answer.receipt.equals(model.find(one.document)!.receipt), 'all copies get one receipt')
  }
  await learnLeaves(model, ledger)
  for (const kept of model.kept.filter(({ document }) => document.index >= before)) checkProof(model, kept)
}

/** What the log would say of it now. */
function eventFor(model: Model, one: RecordedEvent | Sent): LogEvent {
  if ('type' in one) return one
  const earlier = model.find(one.document)
  return earlier === undefined ? acceptedEvent(one.document) : conflictEvent(one.document, earlier.document.index)
}

async function lookFor(model: Model, { ledger }: Real, { sender, id }: Parcel): Promise<void> {
  const kept = model.find({ sender, id })
  deepEqual(await ledger.find(sender, id), kept?.document)
  deepEqual(await ledger.receipt(sender, id), kept?.receipt)
  const found = await readBytes(ledger, sender, id)
  ok(kept === undefined ? found === undefined : found?.equals(kept.bytes), 'the bytes that were received')
}

async function takeNext(model: Model, { ledger }: Real, after: number, limit: number): Promise<void> {
  const next = model.kept.map(({ document }) => document).filter(({ index }) => index > after)
  deepEqual(await ledger.accepted(after, limit), next.slice(0, limit))
}

async function moveCursor(model: Model, { ledger }: Real, name: string, index: number): Promise<void> {
  equal(await ledger.cursor(name), model.cursors.get(name) ?? -1)
  await ledger.moveCursor(name, index)
  const furthest = Math.max(index, model.cursors.get(name) ?? -1)
  model.cursors.set(name, furthest)
  equal(await ledger.cursor(name), furthest)
}

/** All of its files, by the verifier that shares nothing with the ledger. */
async function readLog(model: Model, { ledger }: Real): Promise<void> {
  if (model.entries.length === 0) return equal(await ledger.log.checkpoint(), undefined)
  const fetch = async (path: string) => Buffer.from((await readLogFile(path, ledger.log)).body)
  const { octets, head } = await verifyLog(fetch, verifierKey)
  await learnLeaves(model, ledger)
  deepEqual(octets, model.leaves)
  await verifyTiles(fetch, head)
}

async function openAnew(model: Model, real: Real): Promise<void> {
  await real.ledger.close()
  real.ledger = await real.store.open(real.folder)
  const large = model.kept.filter(({ bytes }) => bytes.length > HELD_IN_MEMORY)
  await real.store.checkFiles(real.folder, large.length)
}

/** Everything, also as somebody else reads it, and as verifyLedger does. */
async function checkAll(model: Model, real: Real): Promise<void> {
  await readLog(model, real)
  for (const { document } of model.kept) await lookFor(model, real, { ...document, version: 0, size: 0 })
  const reader = openLedgerReader(real.folder)
  deepEqual(
    await Array.fromAsync(reader.list()),
    model.kept.map(({ document }) => document),
  )
  for (const [name, index] of model.cursors) equal(await reader.cursor(name), index)
  await reader.close()
  for (const kept of model.kept) checkProof(model, kept)
  const verifying = verifyLedger(openEvidence(real.folder), verifierKey, {
    checkReceipt,
    checkOrigin: originCheckOf(model),
  })
  for (let step = await verifying.next(); ; step = await verifying.next()) {
    if (!step.done) continue
    deepEqual([step.value.head.size, step.value.documents], [model.entries.length, model.kept.length])
    return
  }
}

/** The documents and certificates that are looked at must be those of the model. */
function originCheckOf(model: Model): CheckOrigin {
  return async ({ document, chain, read }) => {
    ok(Buffer.concat(await Array.fromAsync(read())).equals(model.find(document)!.bytes))
    deepEqual(chain, certificatesOf(document.sender))
  }
}

/** The receipt's entry, proof and checkpoint are those of the tree that the model has. */
function checkProof(model: Model, { document, receipt }: Kept): void {
  const { index, treeSize, leaf, proof, checkpoint } = checkReceipt(receipt, document)
  const hash = model.hash()
  equal(index, document.index)
  ok(leaf.equals(model.leaves[index]!), 'the leaf is the entry')
  const tree = openCheckpoint(Buffer.from(checkpoint), key)
  deepEqual([tree.size, tree.root], [treeSize, hash(0, treeSize)])
  deepEqual(proof, inclusionProof(index, treeSize, hash))
}

/** The leaves of the entries that came since, each of which must record what the model has. */
async function learnLeaves(model: Model, ledger: Ledger): Promise<void> {
  const from = model.leaves.length
  model.leaves.push(...(await readEntries(ledger, from)))
  equal(model.leaves.length, model.entries.length)
  for (let index = from; index < model.leaves.length; index++) {
    deepEqual(await ledger.event(index), model.entries[index])
    const { type, at } = readEntry(model.leaves[index]!)
    deepEqual([type, at], [model.entries[index]!.type, model.entries[index]!.at])
  }
}

async function readEntries(ledger: Ledger, from: number): Promise<Buffer[]> {
  const size = await ledger.log.size()
  const entries: Buffer[] = []
  for (let index = 0; index * 256 < size; index++) {
    const bundle = (await ledger.log.entries(index, Math.min(256, size - index * 256)))!
    for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at))
      entries.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)))
  }
  return entries.slice(from)
}

function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => 'done',
    (fault: Fault) => fault.code,
  )
}
