// What the receiver does with a document, from the bytes on a connection to the receipt. Each step takes what the one before returned and can
// only go on or refuse with a Fault; a crash before the last leaves nothing, after it the document is ours and every retry gets the same receipt.
import type { IncomingMessage } from 'node:http'
import { checkParties, checkTimestamp, findEarlier, verifyReceived } from './admission.ts'
import type { DocumentAccount } from './document-account.ts'
import type { Gate } from './gate.ts'
import { identifyPeer } from './peer.ts'
import { readDocument } from './read-document.ts'
import { type Acceptance, recordDocument } from './record-document.ts'

export async function acceptDocument(request: IncomingMessage, gate: Gate, account: DocumentAccount): Promise<Acceptance> {
  const peer = account.from(identifyPeer(request.socket, gate.trust, gate.now()))
  const received = account.received(await readDocument(request, gate.limits))
  const signed = account.signed(verifyReceived(received, peer))
  const addressed = checkParties(signed, gate.identity.id)
  const earlier = await findEarlier(addressed, gate.store)
  if (earlier.isReplay) return earlier
  const admitted = checkTimestamp(earlier.document, gate.now(), gate.clockSkew)
  return recordDocument(admitted, gate)
}
