// The way of a document as spans, made from its facts after the answer: without a collector a
// receiver does no work for it.
import type { ServerResponse } from 'node:http'
import {
  type Fact,
  type NoteFact,
  newSpanId,
  newTraceId,
  openTracer,
  parseTraceParent,
  type TraceContext,
  type Tracer,
  type TraceSpan,
  writeTraceParent,
} from '@seg/operators'
import { version } from '../open-ledger.ts'
import { Remembered } from './remembered.ts'

/** The steps of a document in their order; the seal of its receipt belongs to its transaction. */
const steps = [
  ['receive', 'receiveTime'],
  ['verify', 'verifyTime'],
  ['decide', 'decideTime'],
  ['store and seal', 'commitTime'],
] as const

type Settings = { readonly tracing: URL | 'off'; readonly tracingCa: string | undefined }

/** Undefined where nobody wants traces. Throws the Fault `configuration`. */
export async function openReceiverTracer(
  { tracing: url, tracingCa: ca }: Settings,
  instance: string,
  complain: (line: string) => void,
): Promise<Tracer | undefined> {
  if (url === 'off') return undefined
  return openTracer({ url, ca, service: 'seg-receiver', instance, version, complain })
}

type Begun = TraceContext & { readonly parentId: string | undefined }

export class DocumentTraces {
  readonly #tracer: Tracer
  /** The span of its request; of a document whose hand-off waits long, another trace begins. */
  readonly #accepted = new Remembered<TraceContext>()
  /** The same of a hand-off under way. */
  readonly #begun = new Remembered<Begun>()
  readonly #remembered: DocumentTraces['remember']

  /** `remembered`: gets what another process is to `remember`, where the hand-off is there. */
  constructor(tracer: Tracer, remembered: DocumentTraces['remember'] = () => {}) {
    this.#tracer = tracer
    this.#remembered = remembered
  }

  /** The span of an accepted document. */
  remember(partner: string, document: string, own: TraceContext): void {
    this.#accepted.set(partner, document, own)
    this.#remembered(partner, document, own)
  }

  /**
   * A document or refusal whose answer is on its way. `given`: the field `traceparent` of its
   * request, which names the trace that the spans go in, and decides nothing.
   */
  answering(fact: Fact, given: unknown, response: ServerResponse): void {
    const parent = parseTraceParent(given)
    const own = { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId() }
    const { kind, partner = '', document = '' } = fact
    if (kind === 'document') this.remember(partner, document, own)
    const noted = Date.now()
    const record = () =>
      this.#tracer.record(partner, ...spansOf(fact, { ...own, parentId: parent?.spanId }, noted, Date.now()))
    if (response.closed || response.writableFinished) record()
    else response.once('close', record)
  }

  /** For the hand-off: its facts become spans, and its requests name them. */
  follow(note: NoteFact) {
    const both: NoteFact = fact => {
      note(fact)
      this.noteHandOff(fact)
    }
    return { note: both, traceParent: this.beginHandOff }
  }

  /** The field `traceparent` of a request that hands a document on. */
  readonly beginHandOff = ({ sender, id }: { readonly sender: string; readonly id: string }): string => {
    const own = this.#begin(sender, id)
    this.#begun.set(sender, id, own)
    return writeTraceParent(own)
  }

  /** Takes the facts of hand-offs. */
  noteHandOff(fact: Fact): void {
    const { kind, document, partner = '', target = '', outcome, at, tries, totalTime = 0, detail } = fact
    if (kind !== 'hand-off' || document === undefined) return
    const own = this.#begun.get(partner, document) ?? this.#begin(partner, document)
    this.#begun.delete(partner, document)
    this.#tracer.record(partner, {
      ...own,
      ...{ name: `hand-off ${target}`, kind: 'client', start: at - totalTime, end: at },
      attributes: { 'seg.partner': partner, 'seg.document': document, 'seg.outcome': outcome, 'seg.tries': tries },
      failure: outcome === 'taken' ? undefined : (detail ?? outcome),
    })
  }

  #begin(partner: string, document: string): Begun {
    const before = this.#accepted.get(partner, document)
    return { traceId: before?.traceId ?? newTraceId(), spanId: newSpanId(), parentId: before?.spanId }
  }
}

/** `noted`: when all but the answer was done. */
function spansOf(fact: Fact, own: Begun, noted: number, end: number): TraceSpan[] {
  const { partner, document, outcome, code, bytes, index, request, totalTime = 0 } = fact
  const start = noted - totalTime
  let next = start
  const children = steps.flatMap(([name, field]): TraceSpan[] => {
    const time = fact[field]
    if (time === undefined) return []
    const begin = next
    next += time
    return [childOf(own, name, begin, next)]
  })
  const root: TraceSpan = {
    ...own,
    ...{ name: 'POST /v1/documents', kind: 'server', start, end },
    attributes: {
      ...{ 'seg.partner': partner, 'seg.document': document, 'seg.outcome': outcome, 'seg.code': code },
      ...{ 'seg.bytes': bytes, 'seg.index': index, 'seg.request': request },
    },
    failure: code,
  }
  return [root, ...children, childOf(own, 'answer', noted, end)]
}

function childOf({ traceId, spanId: parentId }: Begun, name: string, start: number, end: number): TraceSpan {
  return { traceId, spanId: newSpanId(), parentId, name, kind: 'internal', start, end }
}
