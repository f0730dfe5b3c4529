// Sending: find the earlier delivery or make the document once, deliver these bytes, and believe only a receipt that verifies.
import { Fault, quote } from '@seg/core'
import { checkCertificate, gatewayId, type Identity } from '@seg/pki'
import type { Outline } from '@seg/xmldsig'
import type { ReceiptTrust } from './check-log-entry.ts'
import { type CheckedReceipt, checkReceipt, checkStoredReceipt } from './check-receipt.ts'
import { type Accepted, deliver, type Patience } from './deliver.ts'
import { type DeliveryRecord, openDelivery, type Pieces } from './delivery-store.ts'
import { digestFile, openDocumentFile, readFilePieces } from './document-file.ts'
import type { TlsFacts } from './post-document.ts'
import { DeliveryRefused } from './problem.ts'
import type { Meter } from './progress.ts'
import { isTimestampOurs, readOutline, signTemplate, type Template } from './sign-template.ts'
import { readSignedFile, type SignedFacts } from './signed-document.ts'

/** Who sends, whom we trust, where deliveries are remembered, and how patiently. */
export type SendingGateway = {
  readonly identity: Identity
  readonly trust: ReceiptTrust
  /** Folder of this gateway's durable state. */
  readonly data: string
  readonly patience: Patience
  /** Told what a person may want to know on the way. */
  readonly note: (line: string) => void
  readonly meter: Meter
}

/** A document with a verified receipt; `made` is undefined when that was so before and no connection was needed. */
export type Delivery = {
  readonly receipt: CheckedReceipt
  readonly receiptPath: string
  readonly documentPath: string
  readonly made: { readonly tries: number; readonly tls: TlsFacts } | undefined
}

/**
 * Resolves when the receiver's receipt for this template is verified and stored. Throws DeliveryRefused, Fault `delivery-pending` or
 * `receipt-invalid`, and the faults of a document, key or disk that is not in order; sending again is safe after each of them.
 */
export async function sendTemplate(template: Template, receiver: URL, gateway: SendingGateway): Promise<Delivery> {
  const record = openDelivery(gateway.data, { inputDigest: await digestFile(template.input), id: template.id, receiver })
  const earlier = await findDelivery(record, gateway)
  if (earlier) return earlier
  await recallRefusal(record, gateway)
  const outline = await readOutline(template)
  const signed = await signOnce(template, outline, record, gateway)
  try {
    return await exchange(signed, receiver, record, gateway)
  } catch (error) {
    if (!isStale(error) || !isTimestampOurs(outline)) throw error
    // A receiver answers the replay of an accepted document before it looks at the clock: these bytes were never accepted.
    gateway.note('the timestamp has become stale on the way: signing afresh')
    return await exchange(await signAfresh(template, outline, record, gateway), receiver, record, gateway)
  }
}

async function findDelivery(record: DeliveryRecord, { trust, note, meter }: SendingGateway): Promise<Delivery | undefined> {
  const receipt = await record.receipt()
  if (receipt === undefined || !(await record.hasDocument())) return undefined
  await using document = await openDocumentFile(record.documentPath, meter)
  const sha256 = await digestFile(document)
  try {
    const checked = checkStoredReceipt(receipt, sha256, trust)
    return { receipt: checked, receiptPath: record.receiptPath, documentPath: record.documentPath, made: undefined }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'receipt-invalid') throw error
    // Say, another CA since then. What does not verify is no receipt: ask the receiver again.
    note(`the receipt of an earlier delivery does not verify any more (${error.detail}): sending again`)
    return undefined
  }
}

async function recallRefusal(record: DeliveryRecord, { note }: SendingGateway): Promise<void> {
  const refusal = await record.refusal()
  if (refusal) note(`the receiver refused this document on ${quote(refusal.at)} with ${refusal.code}: trying again`)
}

/** The bytes of every try: those kept from an earlier one, else made now and kept before anything is sent. */
async function signOnce(template: Template, outline: Outline, record: DeliveryRecord, gateway: SendingGateway): Promise<SignedFacts> {
  if (outline.isSigned && template.id !== undefined)
    throw new Fault('usage', 'a document that is signed already keeps its id: leave out --id')
  const made = (await record.hasDocument()) ? undefined : await makeDocument(template, outline, record, gateway)
  if (made !== undefined) return made
  const kept = await readSignedFile(record.documentPath, gateway.identity.certificate, gateway.meter)
  // Signed with a certificate that we no longer use, these bytes can only be refused now.
  return kept.document instanceof Fault && !outline.isSigned ? signAfresh(template, outline, record, gateway) : kept
}

/** Keeps the document; undefined when what is kept has yet to be read: the input as it is, or the document of a process that was faster. */
async function makeDocument(
  template: Template,
  outline: Outline,
  record: DeliveryRecord,
  { identity, patience }: SendingGateway,
): Promise<SignedFacts | undefined> {
  if (outline.isSigned) {
    await record.keepDocument(template.input.pieces('copying'))
    return undefined
  }
  let isOurs = false
  const keep = async (pieces: Pieces) => {
    isOurs = await record.keepDocument(pieces)
  }
  const signed = await signTemplate(template, outline, identity, patience.now(), keep)
  return isOurs ? signed : undefined
}

async function signAfresh(template: Template, outline: Outline, record: DeliveryRecord, gateway: SendingGateway): Promise<SignedFacts> {
  return signTemplate(template, outline, gateway.identity, gateway.patience.now(), pieces => record.replaceDocument(pieces))
}

async function exchange(signed: SignedFacts, receiver: URL, record: DeliveryRecord, gateway: SendingGateway): Promise<Delivery> {
  const { identity, trust, patience, meter } = gateway
  warnOfForeignSender(signed, gateway)
  const link = { receiver, identity, trust, admitServer: admitServerFor(signed, gateway) }
  const body = { bytes: signed.bytes, read: () => readFilePieces(record.documentPath, 'sending', meter) }
  const accepted = await deliver(body, link, patience).catch(error => keepRefusal(error, record, gateway))
  const receipt = await openReceipt(accepted, signed, record, gateway)
  await record.keepReceipt(receipt.bytes)
  const made = { tries: accepted.tries, tls: accepted.answer.tls }
  return { receipt: receipt.checked, receiptPath: record.receiptPath, documentPath: record.documentPath, made }
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
  { answer }: Accepted,
  { sha256, document }: SignedFacts,
  record: DeliveryRecord,
  { trust, patience }: SendingGateway,
) {
  const receipt = answer.body ?? Buffer.alloc(0)
  try {
    if (answer.mediaType !== 'application/xml')
      throw new Fault('receipt-invalid', `the answer is ${quote(answer.mediaType)}, not application/xml`)
    if (answer.body === undefined) throw new Fault('receipt-invalid', 'the answer is too long for a receipt')
    if (document instanceof Fault)
      throw new Fault('receipt-invalid', `the receiver accepted a document that fails here with ${document.message}`)
    const delivered = { sha256, document, serverId: gatewayId(answer.server) }
    return { bytes: receipt, checked: checkReceipt(receipt, delivered, trust, patience.now()) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const path = await record.keepUnverified(receipt)
    throw new Fault('receipt-invalid', `${error.detail}; the answer is kept in ${path}`, { cause: error })
  }
}

async function keepRefusal(error: unknown, record: DeliveryRecord, { patience }: SendingGateway): Promise<never> {
  if (error instanceof DeliveryRefused) await record.keepRefusal({ code: error.problem.code, at: patience.now().toISOString() })
  throw error
}

function warnOfForeignSender({ document }: SignedFacts, { identity, note }: SendingGateway): void {
  if (document instanceof Fault || document.senderId === identity.id) return
  note(`warning: the document names the sender ${quote(document.senderId)}, but our certificate is ${quote(identity.id)}`)
}

function isStale(error: unknown): boolean {
  return error instanceof DeliveryRefused && error.problem.code === 'timestamp-stale'
}
