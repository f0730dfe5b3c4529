// W3C Trace Context, version 00: which trace a request belongs to. It names, and proves nothing.
import { randomBytes } from 'node:crypto'

/** In lower-case hexadecimal, 32 and 16 digits. */
export type TraceContext = { readonly traceId: string; readonly spanId: string }

/** Trace Context 3.2.2: of zeros alone neither id is one. */
const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/
const SAMPLED = '01'

/** Undefined for anything else than one whole field: who sent it is answered all the same. */
export function parseTraceParent(field: unknown): TraceContext | undefined {
  const [, traceId, spanId] = (typeof field === 'string' && FORM.exec(field)) || []
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId }
}

export function writeTraceParent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-${SAMPLED}`
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex')
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
