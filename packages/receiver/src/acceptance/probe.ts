// `POST /v1/probe`: a test document goes through every step of an acceptance and is then forgotten.
// It is in neither ledger nor log, and gets no receipt; a refusal has the code that a delivery
// would get.
import type { IncomingMessage } from 'node:http'
import { quote } from '@seg/core'
import { HELD_IN_MEMORY } from '@seg/ledger'
import { connectionFacts } from '../connections/connection-facts.ts'
import type { ExchangeGate } from '../gate.ts'
import type { Peer } from '../http/peer.ts'
import type { Stopping } from '../http/stopping.ts'
import { checkSeal } from '../own-certificates.ts'
import { judgeDocument, uploaderOf } from './accept-document.ts'
import { lookForEarlier } from './admission.ts'
import { DocumentAccount } from './document-account.ts'

type Step = { readonly step: string; readonly found: string }

export type ProbeResult = {
  readonly ok: true
  readonly stored: false
  readonly document: { readonly type: string; readonly id: string; readonly bytes: number; readonly sha256: string }
  readonly steps: readonly Step[]
}

export type Probe = { readonly answer: ProbeResult; readonly facts: object; readonly message: string }

/**
 * The answer, and the line of the receiver's own log. Throws the Fault of the step that refuses.
 */
export async function probeDocument(
  peer: Peer,
  request: IncomingMessage,
  id: string,
  gate: ExchangeGate & { readonly stopping: Stopping },
): Promise<Probe> {
  gate.stopping.beginWork()
  try {
    const answer = await judgeProbe(peer, request, id, gate)
    const { id: document, sha256 } = answer.document
    const facts = { outcome: 'probed', signature: 'valid', sender: peer.id, document, sha256 }
    const message = `test document ${quote(document)} from ${quote(peer.id)} would be accepted; nothing is stored`
    return { answer, facts, message }
  } finally {
    gate.stopping.endWork()
  }
}

async function judgeProbe(peer: Peer, request: IncomingMessage, id: string, gate: ExchangeGate): Promise<ProbeResult> {
  const begin = gate.now()
  const account = new DocumentAccount(connectionFacts(request.socket), id)
  const small = {
    ...gate,
    limits: { ...gate.limits, documentBytes: Math.min(gate.limits.documentBytes, HELD_IN_MEMORY) },
  }
  account.from(peer)
  await using upload = await gate.uploads.beginProbe(gate.ledger, uploaderOf(peer, request))
  let found: Found | undefined
  const judged = await judgeDocument(
    peer,
    request,
    {
      upload,
      begin,
      async findEarlier(addressed, _begin, { ledger }) {
        const { facts, received } = addressed
        found = { facts, bytes: received.bytes, sha256: received.sha256 }
        return lookForEarlier(addressed, { ledger })
      },
    },
    small,
    account,
  )
  if (found === undefined) throw new TypeError('a document was judged without a look for an earlier one')
  if (!judged.isReplay) checkSeal(gate.credentials.current, judged.acceptedAt)
  const { facts, bytes, sha256 } = found
  const document = { type: facts.type, id: facts.id, bytes, sha256 }
  return { ok: true, stored: false, document, steps: describeSteps(peer, found, judged, gate) }
}

type Judged = Awaited<ReturnType<typeof judgeDocument<{ readonly isReplay: true; readonly id: string }>>>
type Facts = Parameters<typeof lookForEarlier>[0]['facts']
type Found = { readonly facts: Facts; readonly bytes: number; readonly sha256: string }

/** What a partner knows of itself, and of its document. */
function describeSteps(peer: Peer, { facts, bytes, sha256 }: Found, judged: Judged, gate: ExchangeGate): Step[] {
  const { signatureAlgorithm, digestAlgorithm } = facts.signature
  const { schemas } = peer.credentials.documents
  const steps: Step[] = [
    { step: 'certificate', found: `is that of ${quote(peer.id)}` },
    { step: 'document', found: `${facts.type} of ${bytes} bytes, SHA-256 ${sha256}` },
    { step: 'signature', found: `${signatureAlgorithm} over a ${digestAlgorithm} digest verifies` },
    { step: 'parties', found: `from ${quote(facts.senderId)} to ${quote(facts.receiverId)}` },
    { step: 'replay', found: judged.isReplay ? 'these bytes were accepted before' : 'the id is new' },
  ]
  if (judged.isReplay) return steps
  return [
    ...steps,
    { step: 'timestamp', found: `${Math.round((judged.acceptedAt.getTime() - facts.signedAt) / 1000)} s ago here` },
    { step: 'schema', found: schemas.has(facts.type) ? 'valid' : 'the type has none' },
    { step: 'second-opinion', found: gate.secondOpinion.mode === 'off' ? 'is not asked for' : describeOpinion(judged) },
    { step: 'storage', found: 'there is room' },
    { step: 'seal', found: 'a receipt can be sealed' },
  ]
}

function describeOpinion({ admitted: { doubt, unasked } }: Extract<Judged, { isReplay: false }>): string {
  if (doubt !== undefined) return 'differs'
  return unasked === undefined ? 'agrees' : 'was not given'
}
