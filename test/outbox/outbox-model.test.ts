// The outbox against a model of it in a few lines: whatever two senders do to one outbox, in any
// order, both see what the model says. MODEL_RUNS sets the number of histories.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLength } from '@seg/core/testing/length'
import fc from 'fast-check'
import t from 'tap'
import { type LeasedEntry, type Outbox, openOutbox } from '../../packages/ledger/src/index.ts'

const RUNS = Number(process.env.MODEL_RUNS ?? atLength(50, 300))
const LIFETIME = 100
const receivers = ['https://a', 'https://b']
const attempt = { startedAt: 0, duration: 1 }
const receiptOf = (number: number) => Buffer.from(`receipt ${number}`)

type Entry = {
  delivery: string
  receiver: string
  state: 'queued' | 'delivered' | 'refused' | 'expired' | 'cancelled'
  holder: number | undefined
  tries: number
  /** The latest first. */
  attempts: string[]
  nextTry: number
  isHurried: boolean
  expiresAt: number
}

/** Entry n stands at n - 1. */
type Model = { now: number; entries: Entry[] }
/** The two senders, the last lease that each had of each entry, and their folder. */
type Real = { senders: Outbox[]; held: Map<number, LeasedEntry>[]; folder: string }

const isOwn = (entry: Entry | undefined, holder: number) => entry?.state === 'queued' && entry.holder === holder
const isFree = (entry: Entry) => entry.state === 'queued' && entry.holder === undefined
const numbersOf = (entries: readonly { number: number }[]) => entries.map(({ number }) => number)

function add(model: Model, delivery: string, receiver: string, isHurried = false): number {
  const { now } = model
  return model.entries.push({
    delivery,
    receiver,
    state: 'queued',
    holder: undefined,
    tries: 0,
    attempts: [],
    nextTry: now,
    isHurried,
    expiresAt: now + LIFETIME,
  })
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => 'done',
    error => error.code ?? error.name,
  )
}

const ended = { postpone: 'postponed', deliver: 'delivered', refuse: 'refused', giveUp: 'expired' } as const

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
    await checkAll(model, real)
  }

  toString(): string {
    return this.#name
  }
}

/** What both senders see of everything. */
async function checkAll(model: Model, { senders }: Real): Promise<void> {
  const expected = model.entries.map(({ holder, attempts: _attempts, ...entry }, i) => ({
    number: i + 1,
    ...entry,
    isLeased: holder !== undefined,
  }))
  for (const outbox of senders) {
    const seen = (await Array.fromAsync(outbox.list())).map(
      ({ number, delivery, receiver, state, tries, nextTry, isHurried, expiresAt, lease }) => {
        return {
          number,
          delivery,
          receiver,
          state,
          tries,
          nextTry,
          isHurried,
          expiresAt,
          isLeased: lease !== undefined,
        }
      },
    )
    same(seen, expected)
    const waiting = receivers.filter(receiver =>
      model.entries.some(entry => entry.receiver === receiver && entry.state === 'queued'),
    )
    same((await outbox.receivers()).sort(), waiting)
  }
  for (const [i, { state, attempts }] of model.entries.entries()) {
    const seen = await senders[1]!.attempts(i + 1)
    same(
      seen.map(({ number, outcome }) => `${number} ${outcome}`),
      attempts,
    )
    same(
      (await senders[0]!.receipt(i + 1))?.toString(),
      state === 'delivered' ? receiptOf(i + 1).toString() : undefined,
    )
  }
}

function same(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`found ${a}, expected ${b}`)
}

const sender = fc.nat(1)
const receiver = fc.constantFrom(...receivers)
const number = fc.integer({ min: 1, max: 12 })
const wait = fc.integer({ min: 0, max: 40 })

const commands = [
  fc.tuple(sender, fc.constantFrom('x', 'y', 'z'), receiver, fc.boolean()).map(([who, name, to, hasLooked]) => {
    const delivery = `${name} ${to}`
    return new Command(
      `queue ${delivery} by ${who}, who ${hasLooked ? 'has' : 'has not'} looked`,
      async (model, { senders }) => {
        const i = model.entries.findLastIndex(entry => entry.delivery === delivery)
        const last = model.entries[i]
        const seen = hasLooked && last ? { number: i + 1, state: last.state } : undefined
        const isOver = last !== undefined && hasLooked && isFree(last) && last.expiresAt <= model.now
        if (isOver && last.tries === 0) last.expiresAt = model.now + LIFETIME
        else if (isOver) last.state = 'expired'
        const isKept = last !== undefined && (!hasLooked || last.state === 'queued')
        const expected = isKept ? i + 1 : add(model, delivery, to)
        const document = { path: 'd.xml', bytes: 1, sha256: '00', id: undefined, receiverId: undefined, own: undefined }
        const times = { queuedAt: model.now, expiresAt: model.now + LIFETIME }
        const { entry, isNew } = await senders[who]!.queue(
          { delivery, receiver: to, file: 'f', document, ...times },
          seen,
        )
        same([entry.number, isNew], [expected, !isKept])
      },
    )
  }),
  fc.tuple(sender, receiver, fc.nat(3)).map(([who, to, limit]) => {
    return new Command(`lease up to ${limit} for ${to} by ${who}`, async (model, { senders, held }) => {
      const of = model.entries
        .map((entry, i) => ({ entry, number: i + 1 }))
        .filter(({ entry }) => entry.receiver === to)
      const others = of.filter(({ entry }) => entry.holder !== undefined).length
      const free = of.filter(({ entry }) => isFree(entry))
      free.sort((a, b) => a.entry.nextTry - b.entry.nextTry || a.number - b.number)
      const hurried = free.filter(({ entry }) => entry.isHurried).slice(0, Math.max(0, limit + 1 - others))
      const due = free.filter(({ entry }) => !entry.isHurried && entry.nextTry <= model.now)
      const leased = [...hurried, ...due.slice(0, Math.max(0, limit - others - hurried.length))]
      for (const { entry } of leased) Object.assign(entry, { holder: who, isHurried: false })
      const real = await senders[who]!.lease({ receiver: to, limit, urgent: limit + 1, now: model.now })
      same(numbersOf(real), numbersOf(leased))
      for (const entry of real) held[who]!.set(entry.number, entry)
    })
  }),
  fc.tuple(sender, number).map(([who, n]) => {
    return new Command(`lease ${n} by ${who}`, async (model, { senders, held }) => {
      const entry = model.entries[n - 1]
      const isLeased = entry !== undefined && isFree(entry)
      if (isLeased) Object.assign(entry, { holder: who, isHurried: false })
      const real = await senders[who]!.leaseOne(n)
      same(real?.number, isLeased ? n : undefined)
      if (real !== undefined) held[who]!.set(n, real)
    })
  }),
  fc
    .tuple(sender, number, fc.constantFrom('release', 'postpone', 'deliver', 'refuse', 'giveUp'), wait)
    .map(([who, n, how, delay]) => {
      return new Command(`${how} ${n} by ${who}`, async (model, { senders, held }) => {
        const [entry, outbox] = [model.entries[n - 1], senders[who]!]
        const lease = held[who]!.get(n) ?? { number: n, delivery: '', lease: 'nobody', leases: 0 }
        const reason = { code: 'overloaded', detail: '', at: model.now } as const
        const actions = {
          release: () => outbox.release(lease),
          postpone: () => outbox.postpone(lease, reason, model.now + delay, attempt),
          deliver: () => outbox.deliver(lease, receiptOf(n), model.now, attempt),
          refuse: () => outbox.refuse(lease, reason, attempt),
          giveUp: () => outbox.giveUp(lease, reason, attempt),
        }
        const mayDo = isOwn(entry, who)
        const otherwise = entry === undefined ? 'usage' : 'delivery-pending'
        same(await codeOf(actions[how]()), mayDo || how === 'release' ? 'done' : otherwise)
        if (!mayDo || entry === undefined) return
        entry.holder = undefined
        if (how !== 'release') entry.attempts.unshift(`${++entry.tries} ${ended[how]}`)
        if (how === 'postpone') entry.nextTry = model.now + delay
        if (how === 'deliver') entry.state = 'delivered'
        if (how === 'refuse') entry.state = 'refused'
        if (how === 'giveUp') entry.state = 'expired'
      })
    }),
  fc.tuple(sender, number).map(([who, n]) => {
    return new Command(`cancel ${n} by ${who}`, async (model, { senders }) => {
      const entry = model.entries[n - 1]
      const mayDo = entry !== undefined && isFree(entry)
      same(await codeOf(senders[who]!.cancel(n, model.now)), mayDo ? 'done' : 'usage')
      if (mayDo) entry.state = 'cancelled'
    })
  }),
  fc.tuple(sender, number).map(([who, n]) => {
    return new Command(`retry ${n} by ${who}`, async (model, { senders }) => {
      const entry = model.entries[n - 1]
      const action = codeOf(senders[who]!.retry(n, model.now, model.now + LIFETIME))
      const isQueuedAgain = model.entries.some(
        ({ delivery, state }) => delivery === entry?.delivery && state === 'queued',
      )
      if (entry === undefined || entry.state === 'delivered') return same(await action, 'usage')
      if (entry.state === 'queued') {
        if (isFree(entry)) Object.assign(entry, { nextTry: Math.min(entry.nextTry, model.now), isHurried: true })
        return same(await action, entry.holder === undefined ? 'done' : 'usage')
      }
      same(await action, isQueuedAgain ? 'usage' : 'done')
      if (!isQueuedAgain) add(model, entry.delivery, entry.receiver, true)
    })
  }),
  sender.map(who => {
    return new Command(`${who} starts again`, async (model, real) => {
      await real.senders[who]!.close()
      real.senders[who] = await openOutbox(real.folder)
      for (const entry of model.entries) if (entry.holder === who) entry.holder = undefined
    })
  }),
  wait.map(passed => {
    return new Command(`${passed} pass`, async model => {
      model.now += passed
    })
  }),
]

t.test(`${RUNS} histories of two senders are those of the model`, async t => {
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async history => {
    const folder = await mkdtemp(join(tmpdir(), 'seg-model-'))
    const senders = [await openOutbox(folder), await openOutbox(folder)]
    const real: Real = { folder, senders, held: [new Map(), new Map()] }
    try {
      await fc.asyncModelRun(() => ({ model: { now: 1000, entries: [] }, real }), history)
    } finally {
      for (const outbox of real.senders) await outbox.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
  await t.resolves(fc.assert(property, { numRuns: RUNS }))
})
