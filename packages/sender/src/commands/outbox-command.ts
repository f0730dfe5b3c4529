// `sender outbox …`: queued documents and their outcomes, read and changed while a daemon delivers.
import {
  advice,
  amount,
  type Command,
  escapeUnseen,
  Fault,
  openOutput,
  quote,
  readSettings,
  writeList,
} from '@seg/core'
import type { Outbox, OutboxEntry, OutboxState } from '@seg/ledger'
import { documentPathOf } from '../delivery/gateway.ts'
import { bringDocument } from '../files/bring-document.ts'
import { listUnproven, openDeliveryFiles } from '../files/delivery-files.ts'
import { attemptFacts, describeAttempts } from './attempt-lines.ts'
import { withOutbox } from './with-outbox.ts'

const HOUR = 3_600_000

export async function runList(
  { state, limit }: { state?: OutboxState; limit?: number },
  command: Command,
): Promise<void> {
  const { data } = readSettings(command, ['data'])
  const facts = (entry: OutboxEntry) => factsOf(entry, data)
  const form = { name: 'entries', before: { ok: true }, facts, line: describeLine, empty: 'the outbox is empty' }
  await withOutbox(data, async outbox => {
    const skipped = limit === undefined ? 0 : Math.max(0, (await count(outbox.list(state && [state]))) - limit)
    await writeList(command, skip(outbox.list(state && [state]), skipped), form)
  })
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0
  for await (const _item of items) found++
  return found
}

async function* skip<Item>(items: AsyncIterable<Item>, skipped: number): AsyncGenerator<Item> {
  let passed = 0
  for await (const item of items) if (passed++ >= skipped) yield item
}

export async function runShow(name: string, _options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const { entry, attempts } = await withOutbox(data, async outbox => {
    const picked = await pick(name, outbox)
    await bringFiles(picked, outbox, data)
    return { entry: picked, attempts: await outbox.attempts(picked.number) }
  })
  const unproven = entry.state === 'delivered' ? [] : await listUnproven(data, entry.delivery)
  const facts = { ...factsOf(entry, data), ...(unproven.length > 0 && { unprovenReceipts: unproven }) }
  const lines = Object.entries(facts).map(
    ([key, value]) => `  ${key.padEnd(12)} ${escapeUnseen(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  const tries = describeAttempts(attempts, entry.tries).map(
    (line, i) => `  ${(i === 0 ? 'attempts' : '').padEnd(12)} ${line}`,
  )
  const notRecorded = Math.max(0, entry.tries - attempts.length)
  const all = { ok: true, ...facts, attempts: attempts.map(attemptFacts), attemptsNotRecorded: notRecorded }
  output.report(all, [...lines, ...tries].join('\n'))
}

export async function runRetry(names: readonly string[], _options: object, command: Command): Promise<void> {
  const { lifetime } = readSettings(command, ['lifetime'])
  const now = Date.now()
  await changeEach(names, command, ({ number }, outbox) => outbox.retry(number, now, now + Math.round(lifetime * HOUR)))
}

export async function runCancel(names: readonly string[], _options: object, command: Command): Promise<void> {
  await changeEach(names, command, ({ number }, outbox) => outbox.cancel(number, Date.now()))
}

async function changeEach(
  names: readonly string[],
  command: Command,
  change: (entry: OutboxEntry, outbox: Outbox) => Promise<OutboxEntry>,
): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const changed = await withOutbox(data, async outbox => {
    const entries: OutboxEntry[] = []
    for (const name of names) entries.push(await change(await pick(name, outbox), outbox))
    return entries
  })
  output.report({ ok: true, entries: changed.map(entry => factsOf(entry, data)) }, changed.map(describeLine).join('\n'))
}

/** A number, else the id of a document: its latest entry. */
async function pick(name: string, outbox: Outbox): Promise<OutboxEntry> {
  const byNumber = /^\d{1,15}$/.test(name) ? await outbox.find(Number(name)) : undefined
  const entry = byNumber ?? (await outbox.findDocument(name)).at(-1)
  if (entry === undefined) throw new Fault('not-found', `the outbox has no entry and no document ${quote(name)}`)
  return entry
}

/** What another sender of the outbox has sent has its files here, too, where they are named. */
async function bringFiles({ number, delivery, document }: OutboxEntry, outbox: Outbox, data: string): Promise<void> {
  if (outbox.documents === undefined) return
  await bringDocument(document, data, outbox.documents)
  const receipt = await outbox.receipt(number)
  if (receipt !== undefined) await openDeliveryFiles(data, delivery).restoreReceipt(receipt)
}

function factsOf(entry: OutboxEntry, data: string) {
  const { number, state, file, receiver, document, tries, reason } = entry
  const isQueued = state === 'queued'
  return {
    ...{
      number,
      state,
      id: document.id,
      file,
      receiver,
      receiverId: document.receiverId,
      bytes: document.bytes,
      sha256: document.sha256,
    },
    ...{ queuedAt: formatTime(entry.queuedAt), expiresAt: formatTime(entry.expiresAt), tries },
    ...(isQueued ? { nextTry: formatTime(entry.nextTry), onItsWay: entry.lease !== undefined } : {}),
    ...(entry.settledAt === undefined ? {} : { settledAt: formatTime(entry.settledAt) }),
    ...(reason && { reason: { code: reason.code, detail: reason.detail, at: formatTime(reason.at) } }),
    document: documentPathOf(document, { data }),
    ...(state === 'delivered' ? { receipt: openDeliveryFiles(data, entry.delivery).receiptPath } : {}),
    ...adviceFor(entry),
  }
}

/** An entry that ended by itself, or by a person, is not advised as the failure before it was. */
function adviceFor({ state, reason }: OutboxEntry): { readonly advice?: string } {
  if (state === 'cancelled' || state === 'expired') return { advice: advice[`delivery-${state}`] }
  return reason && state !== 'delivered' ? { advice: advice[reason.code] } : {}
}

function describeLine({
  number,
  state,
  document,
  file,
  receiver,
  tries,
  nextTry,
  lease,
  settledAt,
  reason,
}: OutboxEntry): string {
  const waiting = lease === undefined ? `next try ${formatTime(nextTry)}` : 'on its way'
  const when = settledAt === undefined ? waiting : formatTime(settledAt)
  const why = reason ? `  ${reason.code}` : ''
  return (
    `${String(number).padStart(6)}  ${state.padEnd(9)}  ${document.id ?? '-'}  ${quote(file)} to ${receiver}, ` +
    `${amount(tries, 'try')}, ${when}${why}`
  )
}

function formatTime(time: number): string {
  return new Date(time).toISOString()
}

/** Names and details may hold what a terminal would act on. */
