// Bytes of a delivery that may have been accepted before, though no answer came: the receiver is
// asked, before other bytes take their place.
import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import { verifyReceipt } from '@seg/xmldsig'
import { readClaimedFile } from '../document/signed-document.ts'
import { askReceipt } from '../exchange/ask-receipt.ts'
import type { Link } from '../exchange/connection.ts'
import { openDeliveryFiles } from './delivery-files.ts'
import type { SendingGateway } from './gateway.ts'
import { describeDocument } from './queue-document.ts'
import { type Taken, takeReceipt } from './take-receipt.ts'

/** `none`: nothing is accepted under this id. `others`: bytes that we never made are. */
export type Found = Taken | { readonly kind: 'none' } | { readonly kind: 'others' }

/**
 * Asks for the receipt of the entry's document id. One for any bytes that this delivery ever had is
 * verified against those bytes, and the delivery is done. Throws as `takeReceipt`, and
 * DeliveryRefused when the receiver refuses to answer.
 */
export async function findAccepted(
  entry: OutboxEntry,
  link: Link,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<Found> {
  const { data, clock, outbox, signer, types, meter } = gateway
  const { id, own } = entry.document
  if (id === undefined) return { kind: 'none' }
  const asked = await askReceipt(id, link, signal, clock.now)
  if ('none' in asked) return { kind: 'none' }
  if (!('answer' in asked)) return { kind: 'later', ...asked }
  const path = await findBytes(digestIn(asked.answer.body) ?? entry.document.sha256, entry, gateway)
  if (path === undefined) return { kind: 'others' }
  // They may be signed with a certificate of ours that was replaced since.
  const signed = await readClaimedFile(join(data, path), signer.certificate, { types, meter })
  const isNamed = path === entry.document.path
  // Crash after: the earlier bytes are the entry's again, and are what the next try sends.
  const named = isNamed ? entry : await outbox.replaceDocument(entry.number, describeDocument(path, signed, own))
  return takeReceipt(asked.answer, { entry: named, signed, link }, gateway, signal)
}

async function findBytes(sha256: string, { delivery, document }: OutboxEntry, { data }: SendingGateway) {
  return sha256 === document.sha256 ? document.path : openDeliveryFiles(data, delivery).findDocument(sha256)
}

/**
 * The SHA-256 (hexadecimal) that a receipt is for; undefined for what is none. Whether to believe
 * it is checked with all else.
 */
function digestIn(receipt: Buffer | undefined): string | undefined {
  try {
    return verifyReceipt(receipt ?? Buffer.alloc(0), () => {}).documentDigest.toString('hex')
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
