// A record of the audit trail as the pages show it: what a record of another version lacks is left
// out.

export type ReadRecord = {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly category: string
  readonly outcome: string
  readonly actor: { readonly id: string; readonly method: string; readonly role: string }
  /** Where the actor was, part by part. */
  readonly from: readonly string[]
  readonly on: { readonly kind: string; readonly id: string }
  readonly change: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[]
  readonly why: string
  readonly reason: { readonly code: string; readonly detail: string }
  readonly intent: string
}

export function readAuditRecord(record: Readonly<Record<string, unknown>>): ReadRecord {
  const actor = fieldsOf(record.actor)
  const on = fieldsOf(record.on)
  const reason = fieldsOf(record.reason)
  return {
    id: textOf(record.id),
    at: textOf(record.at),
    action: textOf(record.action),
    category: textOf(record.category),
    outcome: textOf(record.outcome),
    actor: { id: textOf(actor.id), method: textOf(actor.method), role: textOf(actor.role) },
    from: Object.entries(fieldsOf(record.from)).map(([name, value]) => `${name} ${textOf(value)}`),
    on: { kind: textOf(on.kind), id: textOf(on.id) },
    change: (Array.isArray(record.change) ? record.change : []).map(one => {
      const { path, before, after } = fieldsOf(one)
      return { path: textOf(path), before, after }
    }),
    why: textOf(record.why),
    reason: { code: textOf(reason.code), detail: textOf(reason.detail) },
    intent: textOf(record.intent),
  }
}

/** A value of a change, in full. */
export function showChanged(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
