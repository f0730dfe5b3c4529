// Queues a document: finds the earlier delivery of the same input, or makes the document, once, and
// queues it. After that the input is not needed any more.

import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { OutboxDocument, OutboxEntry, OutboxState } from '@seg/ledger'
import { trustFor } from '../credentials/sender-credentials.ts'
import { digestDocument } from '../document/document-file.ts'
import { readOutline, signTemplate, type Template } from '../document/sign-template.ts'
import { readSignedFile, type SignedFacts } from '../document/signed-document.ts'
import { bringDocument } from '../files/bring-document.ts'
import { deliveryKey, openDeliveryFiles } from '../files/delivery-files.ts'
import { checkStoredReceipt } from '../receipt/check-receipt.ts'
import { type Delivery, documentPathOf, type SendingGateway } from './gateway.ts'

/**
 * An entry to be delivered, unless another process has settled it meanwhile; `facts` if its
 * document has just been signed or read.
 */
export type Queued = { readonly entry: OutboxEntry; readonly facts: SignedFacts | undefined }

/**
 * Resolves with the delivery when there is a verified receipt for the same input already, else with
 * the one entry that is queued for it. Durable when it resolves. Throws the faults of a document,
 * key or disk that is not in order: then nothing is queued.
 */
export async function queueTemplate(
  template: Template,
  receiver: URL,
  gateway: SendingGateway,
): Promise<Queued | Delivery> {
  return queueUnder(await deliveryOf(template, receiver), template, receiver, gateway)
}

/** The key of this delivery in the outbox. */
export async function deliveryOf({ input, id }: Template, receiver: URL): Promise<string> {
  return deliveryKey({ inputDigest: await digestDocument(input), id, receiver })
}

/** As `queueTemplate`, when the delivery's key is known. */
export async function queueUnder(
  delivery: string,
  template: Template,
  receiver: URL,
  gateway: SendingGateway,
): Promise<Queued | Delivery> {
  const { outbox, lifetime, clock } = gateway
  const earlier = await outbox.latest(delivery)
  const found = earlier?.state === 'delivered' ? await findDelivery(earlier, gateway) : undefined
  if (found) return found
  const queuedAt = clock.now().getTime()
  const request = { delivery, receiver: receiver.origin, file: template.file, queuedAt, expiresAt: queuedAt + lifetime }
  if (earlier !== undefined) {
    recall(earlier, gateway)
    // The same bytes again: the receiver may have them.
    const { entry } = await outbox.queue({ ...request, document: earlier.document }, earlier)
    return { entry, facts: undefined }
  }
  const { document, facts } = await makeDocument(template, delivery, gateway)
  // Crash before: a file that is not used. After: these bytes are sent on every try, so that the
  // receiver takes at most one document.
  const { entry, isNew } = await outbox.queue({ ...request, document })
  return { entry, facts: isNew ? facts : undefined }
}

/** An entry with a receipt that verifies; undefined when that does not verify any more. */
export async function findDelivery(entry: OutboxEntry, gateway: SendingGateway): Promise<Delivery | undefined> {
  const receipt = await gateway.outbox.receipt(entry.number)
  if (receipt === undefined) throw new TypeError(`entry ${entry.number} is delivered without a receipt`)
  try {
    const checked = checkStoredReceipt(
      receipt,
      Buffer.from(entry.document.sha256, 'hex'),
      trustFor(entry.document.receiverId, gateway),
    )
    const files = openDeliveryFiles(gateway.data, entry.delivery)
    await files.restoreReceipt(receipt)
    await bringDocument(entry.document, gateway.data, gateway.outbox.documents)
    return {
      receipt: checked,
      receiptPath: files.receiptPath,
      documentPath: documentPathOf(entry.document, gateway),
      number: entry.number,
      made: undefined,
    }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'receipt-invalid') throw error
    // For example after a change of the CA. Without a valid receipt the receiver is asked again.
    gateway.note(`the receipt of an earlier delivery does not verify any more (${error.detail}): sending again`)
    return undefined
  }
}

/** Signs the template and keeps the document; or keeps it as it is, when it is signed. */
async function makeDocument(
  template: Template,
  delivery: string,
  { signer, clock, data, outbox, types, meter }: SendingGateway,
): Promise<{ document: OutboxDocument; facts: SignedFacts }> {
  const files = openDeliveryFiles(data, delivery, outbox.documents)
  const outline = await readOutline(template)
  if (!outline.isSigned) {
    const signed = await signTemplate(template, outline, signer, clock.now(), pieces => files.keepDocument(pieces))
    return { document: describeDocument(signed.kept, signed.facts, signed.own), facts: signed.facts }
  }
  if (template.id !== undefined)
    throw new Fault('usage', 'a document that is signed already keeps its id: leave out --id')
  const path = await files.keepDocument(template.input.pieces('copying'))
  const facts = await readSignedFile(join(data, path), signer.certificate, { types, meter })
  return { document: describeDocument(path, facts, undefined), facts }
}

export function describeDocument(
  path: string,
  { bytes, sha256, document }: SignedFacts,
  own: OutboxDocument['own'],
): OutboxDocument {
  const { id, receiverId } = document instanceof Fault ? { id: undefined, receiverId: undefined } : document
  return { path, bytes, sha256: sha256.toString('hex'), id, receiverId, own }
}

const endings: Readonly<Record<OutboxState, string>> = {
  queued: 'is queued already',
  delivered: 'was delivered',
  refused: 'was refused',
  expired: 'expired',
  cancelled: 'was cancelled',
}

function recall({ state, queuedAt, settledAt, reason, number }: OutboxEntry, { note }: SendingGateway): void {
  if (state === 'delivered') return
  const when = new Date(settledAt ?? queuedAt).toISOString()
  const why = reason ? ` with ${reason.code}` : ''
  note(`this document ${endings[state]} on ${when}${why} (number ${number}): trying again`)
}
