// Bytes of a delivery that may have been accepted before, though no answer came: the receiver is
// asked, before other bytes take their place.
import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { LeasedEntry, OutboxEntry } from '@seg/ledger'
import { verifyReceipt } from '@seg/xmldsig'
import { readClaimedFile } from '../document/signed-document.ts'
import { askReceipt } from '../exchange/ask-receipt.ts'
import type { Link } from '../exchange/connection.ts'
import { openDeliveryFiles } from '../files/delivery-files.ts'
import type { SendingGateway } from './gateway.ts'
import { describeDocument } from './queue-document.ts'
import { type Taken, type TakingLimits, takeReceipt } from './take-receipt.ts'

/** `none`: nothing is accepted under this id. `others`: bytes that are not here are. */
export type Found = Taken | { readonly kind: 'none' } | Others
export type Others = {
  readonly kind: 'others'
  /** In hexadecimal, as the receipt says; undefined when the answer is no receipt. */
  readonly sha256: string | undefined
  /** Where the answer is kept, for an operator to look at: nothing of it is believed. */
  readonly receiptPath: string
}

/**
 * Asks for the receipt of the entry's document id. One for any bytes that this delivery ever had is
 * verified against those bytes, and the delivery is done. Throws as `takeReceipt`, and
 * DeliveryRefused when the receiver refuses to answer.
 */
export async function findAccepted(
  entry: LeasedEntry,
  link: Link,
  gateway: SendingGateway,
  limits: TakingLimits,
): Promise<Found> {
  const { data, clock, outbox, signer, types, meter } = gateway
  const { id, own } = entry.document
  if (id === undefined) return { kind: 'none' }
  const asked = await askReceipt(id, link, limits.signal, clock.now)
  if ('none' in asked) return { kind: 'none' }
  if (!('accepted' in asked)) return { kind: 'later', ...asked }
  const body = asked.accepted.body ?? Buffer.alloc(0)
  const sha256 = digestIn(body)
  const path = await findBytes(sha256 ?? entry.document.sha256, entry, gateway)
  if (path === undefined) {
    const receiptPath = await openDeliveryFiles(data, entry.delivery, outbox.documents).keepUnverified(body)
    return { kind: 'others', sha256, receiptPath }
  }
  // They may be signed with a certificate of ours that was replaced since.
  const signed = await readClaimedFile(join(data, path), signer.certificate, { types, meter })
  const isNamed = path === entry.document.path
  // Crash after: the earlier bytes are the entry's again, and are what the next try sends.
  const named = isNamed ? entry : await outbox.replaceDocument(entry, describeDocument(path, signed, own))
  return takeReceipt(asked.accepted, { entry: named, signed, link }, gateway, limits)
}

async function findBytes(sha256: string, { delivery, document }: OutboxEntry, { data, outbox }: SendingGateway) {
  return sha256 === document.sha256
    ? document.path
    : openDeliveryFiles(data, delivery, outbox.documents).findDocument(sha256)
}

/**
 * The SHA-256 (hexadecimal) that a receipt is for; undefined for what is none. Whether to accept
 * it is checked with all else.
 */
function digestIn(receipt: Buffer): string | undefined {
  try {
    return verifyReceipt(receipt, () => {}).documentDigest.toString('hex')
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
