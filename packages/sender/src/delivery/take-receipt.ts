// From an answer that should be a receipt to a delivered entry: the receipt is checked, its log is
// followed, and only then is it kept as one.

import { Fault, quote } from '@seg/core'
import type { LeasedEntry } from '@seg/ledger'
import { gatewayId } from '@seg/pki'
import { trustFor } from '../credentials/sender-credentials.ts'
import type { SignedFacts } from '../document/signed-document.ts'
import type { Answer, Link } from '../exchange/connection.ts'
import type { Later } from '../exchange/post-document.ts'
import { type DeliveryFiles, openDeliveryFiles } from '../files/delivery-files.ts'
import { type CheckedReceipt, checkReceipt } from '../receipt/check-receipt.ts'
import { checkVersion, noteVersion } from '../receipt/log-versions.ts'
import type { AttemptRecord } from './attempt-record.ts'
import { type Delivery, documentPathOf, type SendingGateway } from './gateway.ts'

/** What the receipt must be for: the bytes that `entry` names, and what they sign. */
export type Delivering = { readonly entry: LeasedEntry; readonly signed: SignedFacts; readonly link: Link }
export type Taken = { readonly kind: 'delivered'; readonly delivery: Delivery } | ({ readonly kind: 'later' } & Later)

/** The end of all, and where the attempt is noted. */
export type TakingLimits = { readonly signal: AbortSignal; readonly attempt: AttemptRecord }

/**
 * Ends the lease when it resolves with `delivered`. Throws the Faults `receipt-invalid`,
 * `log-rewritten` and `log-unproven`; a receipt that its log does not prove is kept as unproven.
 * Throws LeaseLost when another process has the entry now: its replay gets the same receipt.
 */
export async function takeReceipt(
  answer: Answer,
  { entry, signed, link }: Delivering,
  gateway: SendingGateway,
  { signal, attempt }: TakingLimits,
): Promise<Taken> {
  attempt.answered(answer)
  const { clock, outbox, data } = gateway
  const files = openDeliveryFiles(data, entry.delivery, outbox.documents)
  const receipt = await openReceipt(answer, signed, files, gateway)
  const { tree } = receipt.checked
  const shown = { tree, verifiers: gateway.trust.logs, receipt: receipt.octets, link, signal }
  const doubt = await gateway.witness.demand(shown).catch(async error => {
    await files.keepUnproven(receipt.octets)
    throw error
  })
  if (doubt !== undefined) {
    await files.keepUnproven(receipt.octets)
    return { kind: 'later', ...doubt }
  }
  await noteVersion(receipt.checked, outbox.logs)
  await files.keepReceipt(receipt.octets)
  // Crash before: the next try is a replay and gets the same receipt. After: delivered, and no
  // network is needed for it.
  const { tries } = await outbox.deliver(entry, receipt.octets, clock.now().getTime(), attempt.facts())
  return {
    kind: 'delivered',
    delivery: {
      number: entry.number,
      receipt: receipt.checked,
      receiptPath: files.receiptPath,
      documentPath: documentPathOf(entry.document, gateway),
      made: { tries, tls: answer.tls },
    },
  }
}

async function openReceipt(
  answer: Answer,
  { bytes: length, sha256, document, signer }: SignedFacts,
  files: DeliveryFiles,
  { trust: all, receivers, clock, outbox }: SendingGateway,
): Promise<{ octets: Buffer; checked: CheckedReceipt }> {
  const octets = answer.body ?? Buffer.alloc(0)
  try {
    if (answer.mediaType !== 'application/xml')
      throw new Fault('receipt-invalid', `the answer is ${quote(answer.mediaType)}, not application/xml`)
    if (answer.body === undefined) throw new Fault('receipt-invalid', 'the answer is too long for a receipt')
    if (document instanceof Fault)
      throw new Fault('receipt-invalid', `the receiver accepted a document that fails here with ${document.message}`)
    const delivered = { bytes: length, sha256, document, signer, serverId: gatewayId(answer.server) }
    const trust = trustFor(document.receiverId, { trust: all, receivers })
    const checked = checkReceipt(octets, delivered, trust, clock.now())
    await checkVersion(checked, outbox.logs)
    return { octets, checked }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const path = await files.keepUnverified(octets)
    throw new Fault('receipt-invalid', `${error.detail}; the answer is kept in ${path}`, { cause: error })
  }
}
