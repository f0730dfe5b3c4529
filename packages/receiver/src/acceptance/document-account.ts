// What is known of one document so far, and the one line that the log gives it: whether the
// signature is valid, from whom, which document, why not.
import { type Fault, type FaultCode, faultRow, isOwnFailure, quote } from '@seg/core'
import type { Fact } from '@seg/operators'
import type { ConnectionFacts } from '../connections/connection-facts.ts'
import type { Peer } from '../http/peer.ts'
import type { AdmittedDocument, SignedDocument } from './admission.ts'
import type { ReceivedDocument } from './receive-document.ts'
import type { Acceptance } from './record-document.ts'
import type { PeerRefusal } from './refusal-log.ts'

export type LogLine = { readonly level: 'info' | 'warn' | 'error'; readonly facts: object; readonly message: string }

type Happened = Pick<Fact, 'kind' | 'outcome' | 'at' | 'index' | 'code' | 'detail'>
type SignatureState = 'valid' | 'not valid' | 'not checked'

/**
 * Records each step's result and returns it. An id counts as known once the signature over it
 * is.
 */
export class DocumentAccount {
  readonly #connection: ConnectionFacts
  readonly #request: string
  /** Of a monotonic clock, in milliseconds, as each step ended. */
  readonly #begun = performance.now()
  #receivedAt: number | undefined
  #signedAt: number | undefined
  #confirmedAt: number | undefined
  #peer: Peer | undefined
  #received: ReceivedDocument | undefined
  #signed: SignedDocument | undefined
  #doubt: Fault | undefined
  #unasked: Fault | undefined

  constructor(connection: ConnectionFacts, request: string) {
    this.#connection = connection
    this.#request = request
  }

  from(peer: Peer): Peer {
    this.#peer = peer
    return peer
  }

  received(document: ReceivedDocument): ReceivedDocument {
    this.#received = document
    this.#receivedAt = performance.now()
    return document
  }

  signed(document: SignedDocument): SignedDocument {
    this.#signed = document
    this.#signedAt = performance.now()
    return document
  }

  confirmed(document: AdmittedDocument): AdmittedDocument {
    this.#doubt = document.doubt
    this.#unasked = document.unasked
    this.#confirmedAt = performance.now()
    return document
  }

  accepted({ isReplay }: Acceptance): LogLine {
    const outcome = isReplay ? 'accepted before, the stored receipt was sent again' : 'accepted'
    const facts = this.#facts(isReplay ? 'replayed' : 'accepted', 'valid')
    const message = `${this.#subject()} ${outcome}: signature valid`
    if (this.#unasked !== undefined)
      return { level: 'warn', facts, message: `${message}; no second opinion: ${this.#unasked.detail}` }
    if (this.#doubt === undefined) return { level: 'info', facts, message }
    const { code, detail } = this.#doubt
    return { level: 'error', facts: { ...facts, code }, message: `${message}; but ${code}: ${detail}` }
  }

  refused(fault: Fault): LogLine {
    const signature = this.#signed === undefined ? signatureState(fault.code) : 'valid'
    const message = `${this.#subject()} refused: signature ${signature}; ${fault.code}: ${fault.detail}`
    return { level: levelOf(fault), facts: { ...this.#facts('refused', signature), code: fault.code }, message }
  }

  /** The refusal's entry of the log; undefined while no peer is identified. */
  refusal(fault: Fault): PeerRefusal | undefined {
    return this.#peer && { sender: this.#peer.id, fault, sha256: this.#received?.sha256 }
  }

  /** For the desk. */
  acceptedFact({ isReplay, entry }: Acceptance, now: Date): Fact {
    const isFirst = !isReplay && entry !== undefined
    const what: Happened = isFirst
      ? { kind: 'document', outcome: 'accepted', at: entry.at, index: entry.index }
      : { kind: 'document', outcome: 'replayed', at: now.getTime() }
    return this.#factOf(what, this.#confirmedAt)
  }

  refusedFact({ code, detail }: Fault, at: number, index?: number): Fact {
    const outcome = code === 'document-id-conflict' ? 'conflict' : 'refused'
    const isCommitted = outcome === 'conflict' ? this.#confirmedAt : undefined
    return this.#factOf({ kind: 'refusal', outcome, at, index, code, detail }, isCommitted)
  }

  #factOf(what: Happened, committing: number | undefined): Fact {
    const now = performance.now()
    const [received, signed, confirmed] = [this.#receivedAt, this.#signedAt, this.#confirmedAt]
    const signature = this.#signed?.facts.signature
    const { address, tlsVersion, cipher, group } = this.#connection
    return {
      kind: what.kind,
      outcome: what.outcome,
      at: what.at,
      index: what.index,
      code: what.code,
      detail: what.detail,
      partner: this.#peer?.id,
      document: this.#signed?.facts.id,
      bytes: this.#received?.bytes,
      sha256: this.#received?.sha256,
      certificate: (this.#signed?.received.signer.path[0] ?? this.#peer?.certificate)?.fingerprint256,
      tlsVersion,
      cipher,
      group,
      canonicalization: signature?.canonicalization,
      digestAlgorithm: signature?.digestAlgorithm,
      signatureAlgorithm: signature?.signatureAlgorithm,
      canonicalBytes: signature?.canonicalBytes,
      receiveTime: received && received - this.#begun,
      verifyTime: received && signed && signed - received,
      decideTime: signed && confirmed && confirmed - signed,
      commitTime: committing && now - committing,
      totalTime: now - this.#begun,
      request: this.#request,
      address,
    }
  }

  #subject(): string {
    const from =
      this.#peer === undefined ? (this.#connection.address ?? 'an address that is gone') : quote(this.#peer.id)
    const name = this.#signed === undefined ? 'document' : `document ${quote(this.#signed.facts.id)}`
    return `${name} from ${from}`
  }

  #facts(outcome: string, signature: SignatureState): object {
    return {
      outcome,
      signature,
      sender: this.#peer?.id,
      document: this.#signed?.facts.id,
      bytes: this.#received?.bytes,
      sha256: this.#received?.sha256,
    }
  }
}

/** The verifier judges the envelope after the signature, and XML that it cannot read before. */
function signatureState(code: FaultCode): SignatureState {
  if (code.startsWith('signature-')) return 'not valid'
  return code === 'envelope-malformed' || code === 'timestamp-malformed' ? 'valid' : 'not checked'
}

/** Of the line that a refusal has in the receiver's own log. */
export function levelOf(fault: Fault): LogLine['level'] {
  const { isAlarm, isLoad } = faultRow(fault.code)
  return isAlarm || (isOwnFailure(fault.code) && !isLoad) ? 'error' : 'warn'
}
