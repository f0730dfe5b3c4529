// A receiver's log in which everything happened that an exchange has, with what the sender got: for
// tests that look at a log from outside.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Answer, makePartner, openClient, type Partner, signLetter } from './client.ts'
import { type ReceiverProcess, startReceiver } from './commands.ts'

export type Delivered = { readonly document: Buffer; readonly receipt: Buffer }

export type ExchangedLog = {
  readonly certs: string
  readonly data: string
  /** Content of log.pub. */
  readonly verifierKey: string
  readonly delivered: readonly Delivered[]
}

/**
 * How often each thing happens, in each of the two lives of the receiver: more than two tiles of
 * entries.
 */
export const ACCEPTED = 270
export const REFUSED = 70
export const CONFLICTS = 30
const REPLAYED = 20
const CLIENTS = 6

/**
 * Has a receiver accept, refuse and find in conflict, stop, start and do so once more; `beforeStop`
 * is called at the end of each life. Throws when an answer is not what it must be.
 */
export async function exchangeLog(
  t: Test,
  folder: string,
  beforeStop: (url: URL, certs: string) => Promise<void>,
): Promise<ExchangedLog> {
  const [certs, data] = [join(folder, 'certs'), join(folder, 'data')]
  const partner = await makePartner(certs)
  const delivered: Delivered[] = []
  for (const life of ['first', 'second']) {
    const receiver = await startReceiver(t, ['--certs', certs, '--data', data])
    delivered.push(...(await exchange(receiver, partner, life)))
    await beforeStop(receiver.url, certs)
    await receiver.stop()
  }
  return { certs, data, verifierKey: await readFile(join(certs, 'log.pub'), 'utf8'), delivered }
}

async function exchange({ url }: ReceiverProcess, partner: Partner, life: string): Promise<Delivered[]> {
  const sign = (payload: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => signLetter(`${life}.${i}`, `${payload} ${i}`, partner)))
  const [letters, others] = await Promise.all([sign('accepted', ACCEPTED), sign('other', CONFLICTS)])
  const falsified = letters
    .slice(0, REFUSED)
    .map(bytes => Buffer.from(bytes.toString().replace('accepted', 'falsified')))
  // One falsified letter after every few others: entries of both kinds in one batch, and batches of
  // all sizes.
  const mixed = letters.flatMap((letter, i) =>
    i % 3 === 0 && falsified.length > 0 ? [falsified.pop()!, letter] : [letter],
  )

  const clients = Array.from({ length: CLIENTS }, () => openClient(url, partner))
  const answers = await postAll(mixed)
  expectStatuses(answers, { 201: ACCEPTED, 422: REFUSED })
  expectStatuses(await postAll(others), { 409: CONFLICTS })
  expectStatuses(await postAll(letters.slice(0, REPLAYED)), { 200: REPLAYED })
  for (const client of clients) client.close()
  return answers.flatMap(({ status, body }, i) => (status === 201 ? [{ document: mixed[i]!, receipt: body }] : []))

  /**
   * Answers in the order of the documents; each client has its share of them under way, one after
   * the other.
   */
  async function postAll(documents: readonly Buffer[]): Promise<Answer[]> {
    const found: Answer[] = []
    const work = async (client: (typeof clients)[number], share: number) => {
      for (let i = share; i < documents.length; i += CLIENTS) found[i] = await client.post(documents[i]!)
    }
    await Promise.all(clients.map(work))
    return found
  }
}

function expectStatuses(answers: readonly Answer[], expected: Readonly<Record<number, number>>): void {
  const found = Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([status, group]) => [
    status,
    group!.length,
  ])
  const actual = JSON.stringify(Object.fromEntries(found))
  if (actual !== JSON.stringify(expected))
    throw new Error(`expected the answers ${JSON.stringify(expected)}, found ${actual}`)
}
