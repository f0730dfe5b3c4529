// What the receiver does with a document, from the bytes on a connection to the receipt. Each step
// takes what the one before returned and can only go on or refuse with a Fault. A crash before the
// last step leaves nothing; after it the document is stored, and every retry gets the same receipt.
import type { IncomingMessage } from 'node:http'
import type { OctetSink } from '@seg/xmldsig'
import type { ExchangeGate } from '../gate.ts'
import { confirmPeer, type Peer } from '../http/peer.ts'
import { checkLength } from '../http/read-body.ts'
import type { Upload } from '../http/uploads.ts'
import type { ReceiverLimits } from '../limits.ts'
import { freshnessOf } from '../schemas/document-policy.ts'
import {
  type AddressedDocument,
  checkParties,
  checkSchema,
  checkTimestamp,
  checkType,
  type FirstOrSafe,
  findEarlier,
  verifyReceived,
} from './admission.ts'
import { confirmDocument } from './confirm-document.ts'
import type { DocumentAccount } from './document-account.ts'
import { receiveDocument } from './receive-document.ts'
import { type Acceptance, type JudgedDocument, recordDocument } from './record-document.ts'

export async function acceptDocument(
  peer: Peer,
  request: IncomingMessage,
  gate: ExchangeGate,
  account: DocumentAccount,
): Promise<Acceptance> {
  const begin = gate.now()
  account.from(peer)
  await using upload = await gate.uploads.begin(gate.ledger, uploaderOf(peer, request))
  const judged = await judgeDocument(peer, request, { upload, begin, findEarlier }, gate, account)
  if (judged.isReplay) return judged
  return await recordDocument(judged, gate)
}

/** Whose document it is that comes in, and the bytes that are announced. */
export function uploaderOf(peer: Peer, { headers }: IncomingMessage) {
  const announced = Number(headers['content-length'] ?? 0)
  return { partner: peer.id, own: peer.recognized.partner?.limits, announced }
}

export type Judged<Earlier> = Earlier | JudgedDocument

/** Every step but the last. */
export async function judgeDocument<Earlier extends { readonly isReplay: true }>(
  peer: Peer,
  request: IncomingMessage,
  { upload, begin, findEarlier: find, onCanonical }: Judging<Earlier>,
  gate: ExchangeGate,
  account: DocumentAccount,
): Promise<Judged<Earlier>> {
  const own = peer.recognized.partner?.limits ?? {}
  const { types } = peer.credentials.documents
  const confirm = (at: Date) => {
    const current = confirmPeer(request.socket, peer, gate.credentials, at)
    // Its record may say something else now.
    if (current !== peer) checkLength(upload.staging.bytes, limitsFor(current, gate))
    return current
  }
  const received = account.received(
    await receiveDocument(
      request,
      peer,
      upload,
      { limits: limitsFor(peer, gate), types, now: gate.now, onCanonical },
      confirm,
    ),
  )
  const signed = account.signed(await verifyReceived(received))
  const addressed = checkParties(signed, peer.credentials.identity.id)
  const clockSkew = freshnessOf(types, signed.facts.type, own.clockSkew, gate.clockSkew)
  const earlier = await find(addressed, begin, gate, clockSkew)
  if (earlier.isReplay) return earlier
  const timely = checkTimestamp(earlier.document, begin, clockSkew)
  const admitted = account.confirmed(await confirmDocument(await checkSchema(timely), gate))
  const confirmNow = () => {
    const acceptedAt = gate.now()
    const current = confirm(acceptedAt)
    received.signer.confirm(current, acceptedAt)
    checkType(admitted.facts, current)
    return acceptedAt
  }
  return { isReplay: false, admitted, acceptedAt: confirmNow(), confirmAgain: confirmNow }
}

type Judging<Earlier> = {
  readonly upload: Upload
  readonly begin: Date
  readonly findEarlier: (
    document: AddressedDocument,
    begin: Date,
    gate: ExchangeGate,
    clockSkew: number,
  ) => Promise<Earlier | FirstOrSafe>
  /** Gets the canonical octets of each pass. */
  readonly onCanonical?: () => OctetSink
}

/** No partner's record allows more than the receiver does. */
function limitsFor({ recognized }: Peer, { limits }: ExchangeGate): ReceiverLimits {
  const { bytes: documentBytes = limits.documentBytes } = recognized.partner?.limits ?? {}
  return documentBytes < limits.documentBytes ? { ...limits, documentBytes } : limits
}
