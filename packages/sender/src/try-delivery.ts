// One try to deliver a leased entry of the outbox, from its bytes to a receipt that is believed.
import { Fault, type FaultCode, quote } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import { checkCertificate, gatewayId, type Identity } from '@seg/pki'
import { type CheckedReceipt, checkReceipt } from './check-receipt.ts'
import type { Answer } from './connection.ts'
import { discardDocument, openDeliveryFiles } from './delivery-files.ts'
import { readFilePieces } from './document-file.ts'
import { type Delivery, pathOf, type SendingGateway } from './gateway.ts'
import { type Later, postDocument, type TryLimits } from './post-document.ts'
import { DeliveryRefused } from './problem.ts'
import { describeDocument } from './queue-document.ts'
import { signTemplate } from './sign-template.ts'
import { readSignedFile, type SignedFacts } from './signed-document.ts'
import { openUnsigned } from './unsigned-document.ts'

/** The entry is settled and its lease ended, or (`later`) it is as it was, and still leased. */
export type TryOutcome =
  | { readonly kind: 'delivered'; readonly delivery: Delivery }
  | { readonly kind: 'refused'; readonly fault: DeliveryRefused }
  /** The same may well succeed in a while. */
  | ({ readonly kind: 'later' } & Later)
  /** Something has to be mended first, here or there. */
  | { readonly kind: 'stuck'; readonly fault: Fault; readonly concernsReceiver: boolean }

/** Faults of this side, and of one document. */
const ours: readonly FaultCode[] = ['file-unreadable', 'storage-unavailable', 'internal']

type Limits = Omit<TryLimits, 'now'>

/** `known` spares reading a document that was just signed. Throws what is no Fault, and then the entry is still leased. */
export async function tryDelivery(
  entry: OutboxEntry,
  gateway: SendingGateway,
  limits: Limits,
  known?: SignedFacts,
): Promise<TryOutcome> {
  try {
    const isKnown = known?.sha256.toString('hex') === entry.document.sha256
    return await exchange(entry, known && isKnown ? known : await readKept(entry, gateway), gateway, limits)
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    if (!(fault instanceof DeliveryRefused))
      return { kind: 'stuck', fault, concernsReceiver: !ours.includes(fault.code) }
    // It did not let us in: no word about this document.
    if (fault.problem.code === 'certificate-invalid') return { kind: 'stuck', fault, concernsReceiver: true }
    const { code, sentence } = fault.problem
    // Crash before: the next try is refused again. After: final.
    await gateway.outbox.refuse(entry.number, { code, detail: sentence, at: gateway.patience.now().getTime() })
    return { kind: 'refused', fault }
  }
}

async function readKept({ document }: OutboxEntry, gateway: SendingGateway): Promise<SignedFacts> {
  const path = pathOf(document, gateway)
  const facts = await readSignedFile(path, gateway.identity.certificate, gateway.meter)
  const found = facts.sha256.toString('hex')
  if (found === document.sha256) return facts
  throw new Fault(
    'file-unreadable',
    `${path} is not what was queued: expected SHA-256 ${document.sha256}, found ${found}`,
  )
}

async function exchange(
  entry: OutboxEntry,
  kept: SignedFacts,
  gateway: SendingGateway,
  limits: Limits,
): Promise<TryOutcome> {
  const { own } = entry.document
  // Signed with a certificate that we no longer use, our bytes can only be refused now.
  if (kept.document instanceof Fault && own) return exchangeAfresh(entry, gateway, limits)
  try {
    return await exchangeOnce(entry, kept, gateway, limits)
  } catch (error) {
    if (!own?.fillsTime || !isStale(error)) throw error
    // A receiver answers the replay of an accepted document before it looks at the clock: these bytes were never accepted.
    gateway.note(`${quote(entry.file)}: the timestamp has become stale on the way: signing afresh`)
    return await exchangeAfresh(entry, gateway, limits)
  }
}

async function exchangeAfresh(entry: OutboxEntry, gateway: SendingGateway, limits: Limits): Promise<TryOutcome> {
  const { outbox, identity, patience, data, meter } = gateway
  const { path, own } = entry.document
  if (own === undefined) throw new TypeError('only what we signed can be signed afresh')
  const files = openDeliveryFiles(data, entry.delivery)
  await using unsigned = await openUnsigned(pathOf(entry.document, gateway), own, meter)
  const { template, outline } = unsigned
  const signed = await signTemplate(template, outline, identity, patience.now(), pieces => files.keepDocument(pieces))
  // Crash before: the old bytes are refused once more, and signed afresh then. After: the new ones go out on every try.
  const replaced = await outbox.replaceDocument(entry.number, describeDocument(signed.kept, signed.facts, signed.own))
  await discardDocument(data, path)
  return exchangeOnce(replaced, signed.facts, gateway, limits)
}

async function exchangeOnce(
  entry: OutboxEntry,
  signed: SignedFacts,
  gateway: SendingGateway,
  limits: Limits,
): Promise<TryOutcome> {
  const { identity, trust, patience, meter, outbox, data } = gateway
  const path = pathOf(entry.document, gateway)
  warnOfForeignSender(signed, gateway)
  const link = { receiver: new URL(entry.receiver), identity, trust, admitServer: admitServerFor(signed, gateway) }
  const body = { bytes: signed.bytes, read: () => readFilePieces(path, 'sending', meter) }
  const posted = await postDocument(body, link, { ...limits, now: patience.now })
  if (!('answer' in posted)) return { kind: 'later', ...posted }
  const files = openDeliveryFiles(data, entry.delivery)
  const receipt = await openReceipt(posted.answer, signed, files, gateway)
  const doubt = await gateway.witness.demand({
    tree: receipt.checked.tree,
    receipt: receipt.bytes,
    link,
    signal: limits.signal,
  })
  if (doubt !== undefined) return { kind: 'later', ...doubt }
  await files.keepReceipt(receipt.bytes)
  // Crash before: the next try is a replay and gets the same receipt. After: delivered, and no network is needed to know it.
  const { tries } = await outbox.deliver(entry.number, receipt.bytes, patience.now().getTime())
  const made = { tries, tls: posted.answer.tls }
  return {
    kind: 'delivered',
    delivery: {
      number: entry.number,
      receipt: receipt.checked,
      receiptPath: files.receiptPath,
      documentPath: path,
      made,
    },
  }
}

/** A server may see the document when it is a receiver of our CA, and the very one that the document is addressed to. */
function admitServerFor({ document }: SignedFacts, { trust, patience }: SendingGateway) {
  return (certificate: Identity['certificate']) => {
    checkCertificate(certificate, 'receiver', trust, patience.now())
    const serverId = gatewayId(certificate)
    if (document instanceof Fault || document.receiverId === serverId) return
    const sentence = `The document is addressed to ${quote(document.receiverId)}, but the gateway there is ${quote(serverId)}; nothing was sent.`
    throw new DeliveryRefused({ code: 'receiver-mismatch', status: 0, sentence })
  }
}

async function openReceipt(
  answer: Answer,
  { sha256, document }: SignedFacts,
  files: ReturnType<typeof openDeliveryFiles>,
  { trust, patience }: SendingGateway,
): Promise<{ bytes: Buffer; checked: CheckedReceipt }> {
  const bytes = answer.body ?? Buffer.alloc(0)
  try {
    if (answer.mediaType !== 'application/xml')
      throw new Fault('receipt-invalid', `the answer is ${quote(answer.mediaType)}, not application/xml`)
    if (answer.body === undefined) throw new Fault('receipt-invalid', 'the answer is too long for a receipt')
    if (document instanceof Fault)
      throw new Fault('receipt-invalid', `the receiver accepted a document that fails here with ${document.message}`)
    const delivered = { sha256, document, serverId: gatewayId(answer.server) }
    return { bytes, checked: checkReceipt(bytes, delivered, trust, patience.now()) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const path = await files.keepUnverified(bytes)
    throw new Fault('receipt-invalid', `${error.detail}; the answer is kept in ${path}`, { cause: error })
  }
}

function warnOfForeignSender({ document }: SignedFacts, { identity, note }: SendingGateway): void {
  if (document instanceof Fault || document.senderId === identity.id) return
  note(
    `warning: the document names the sender ${quote(document.senderId)}, but our certificate is ${quote(identity.id)}`,
  )
}

function isStale(error: unknown): boolean {
  return error instanceof DeliveryRefused && error.problem.code === 'timestamp-stale'
}
