// Spans, and their form in OTLP/JSON (OpenTelemetry protocol 1, `ExportTraceServiceRequest`).
import type { TraceContext } from './trace-context.ts'

/** Times in milliseconds since 1970, with parts of them. */
export type TraceSpan = TraceContext & {
  readonly parentId?: string | undefined
  readonly name: string
  readonly kind: keyof typeof kinds
  readonly start: number
  readonly end: number
  readonly attributes?: Readonly<Record<string, string | number | undefined>>
  /** Why it failed. */
  readonly failure?: string | undefined
}

/** Who made the spans. */
export type Resource = { readonly service: string; readonly instance: string; readonly version: string }

const kinds = { internal: 1, server: 2, client: 3 } as const
const [UNSET, ERROR] = [0, 2]

export function writeRequest(spans: readonly TraceSpan[], { service, instance, version }: Resource): string {
  const attributes = attributesOf({
    'service.name': service,
    'service.instance.id': instance,
    'service.version': version,
  })
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes }, scopeSpans: [{ scope: { name: 'seg', version }, spans: spans.map(toOtlp) }] },
    ],
  })
}

function toOtlp({ traceId, spanId, parentId, name, kind, start, end, attributes = {}, failure }: TraceSpan) {
  return {
    ...{ traceId, spanId, ...(parentId !== undefined && { parentSpanId: parentId }), name, kind: kinds[kind] },
    ...{ startTimeUnixNano: nanoseconds(start), endTimeUnixNano: nanoseconds(Math.max(start, end)) },
    attributes: attributesOf(attributes),
    status: failure === undefined ? { code: UNSET } : { code: ERROR, message: failure },
  }
}

/** Integers of 64 bits are texts in the JSON of protobuf; microseconds are exact. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`
}

type Value = { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number }

function attributesOf(values: Readonly<Record<string, string | number | undefined>>) {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: writeValue(value) }],
  )
}

function writeValue(value: string | number): Value {
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
