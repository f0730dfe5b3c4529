// What document attacks are made of: an honest document in canonical form, and variants of it.
import type { ForgingKey } from './forging.ts'

type Fields = { id?: string; from?: string; to?: string; timestamp?: string; payload?: string }

export type Scene = {
  readonly id: string
  readonly sender: string
  readonly honest: string
  /** A document in canonical form, honest but for `fields`. */
  write(fields?: Fields): string
  /** A time of TimestampForSignature, so many seconds from now. */
  now(seconds?: number): string
}

/**
 * By name: the status and code that must meet it, and the document; `other` is a key of another CA.
 */
export type DocumentAttacks = Readonly<
  Record<string, [expected: string, make: (key: ForgingKey, other: ForgingKey) => string | Buffer]>
>

type Parties = { readonly id: string; readonly sender: string; readonly receiver: string }

/** Ids of gateways are written into XML as they are: `&` and `<` are escaped by the caller. */
export function openScene({ id, sender, receiver }: Parties): Scene {
  const now = (seconds = 0) => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`
  const write = ({
    id: own = id,
    from = sender,
    to = receiver,
    timestamp = now(),
    payload = '<Data>Lunch</Data>',
  }: Fields = {}) =>
    `<CriticalDocument id="${own}"><SenderID>${from}</SenderID><ReceiverID>${to}</ReceiverID>` +
    `<TimestampForSignature>${timestamp}</TimestampForSignature><Payload>${payload}</Payload></CriticalDocument>`
  return { id, sender, honest: write(), write, now }
}

/** What an attack replaces must be there, or it would be none. */
export function changed(document: string, from: string | RegExp, to: string): string {
  const result = document.replace(from, to)
  if (result === document) throw new TypeError(`${from} is not there to be changed`)
  return result
}
