// Where a document goes: to the address that was given, else to that of the receiver that its
// ReceiverID names.
import { Fault, quote } from '@seg/core'
import { readOutline, type Template } from '../document/sign-template.ts'
import type { Receivers } from './sender-credentials.ts'

export type Destination = {
  /** On the command line or in the environment: it counts for every document. */
  readonly given: URL | undefined
  /** For a receiver that is not registered; undefined when the address of each must be known. */
  readonly otherwise: URL | undefined
}

/** `source`: where `to` came from, as commander says; `fallback`: the default of the contract. */
export function readDestination(to: URL, source: string | undefined, fallback: URL, receivers: Receivers): Destination {
  if (source === 'cli' || source === 'env') return { given: to, otherwise: undefined }
  // With receivers that are registered, nobody else is a receiver by default.
  return { given: undefined, otherwise: to === fallback && receivers.size > 0 ? undefined : to }
}

/**
 * Throws the Faults `receiver-unknown`, and `xml-…` for what is no document.
 */
export async function findReceiver(
  template: Template,
  { given, otherwise }: Destination,
  receivers: Receivers,
): Promise<URL> {
  if (given !== undefined) return given
  if (receivers.size === 0 && otherwise !== undefined) return otherwise
  const { receiverId } = await readOutline(template)
  const url = (receiverId === undefined ? undefined : receivers.get(receiverId)?.url) ?? otherwise
  if (url !== undefined) return url
  const known = [...receivers.keys()].slice(0, 20).map(quote).join(', ')
  throw new Fault(
    'receiver-unknown',
    `expected a receiver that is registered (${known}), ` +
      `found ReceiverID ${receiverId === undefined ? 'missing' : quote(receiverId)}; ` +
      '`pnpm --filter sender receivers add ID --url URL` registers one, --to URL sends to one that is not',
  )
}
