// JSON Schemas that are types, too. The only file that knows TypeBox.
import { type Static, type TObject, type TSchema, Type } from 'typebox'

export type { Static, TObject, TSchema }
export { Type }

/** No other property is taken, or given. With a title it stands once in the description. */
export function exactly<Properties extends Parameters<typeof Type.Object>[0]>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) })
}

/** RFC 3339 in UTC with milliseconds. */
export const Time = Type.String({ format: 'date-time' })

/** The reason of an act. */
export const Why = Type.String({ minLength: 1, maxLength: 500, description: 'For the audit trail.' })

/** One of these words. */
export function wordOf<const Word extends string>(...words: readonly Word[]) {
  return Type.Unsafe<Word>(Type.String({ enum: [...words] }))
}

/** `?dryRun=true`: an act says what it would do, and does nothing. */
export const DryRun = exactly({ dryRun: Type.Optional(Type.Boolean({ description: 'Only says what would be done.' })) })

/** How many things the caller has seen: an act on others, or on more, is refused. */
export const Expect = Type.Integer({ minimum: 1, maximum: 5000, description: 'As many as the count said.' })

export const Count = exactly(
  { count: Type.Integer(), isExact: Type.Boolean({ description: 'False: as many at least.' }) },
  'Count',
)

/** SHA-256 in hexadecimal. */
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** A value that may be missing: `null` in an answer. */
export function orNull<Schema extends TSchema>(schema: Schema) {
  const { type } = schema as { type?: string }
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [type, 'null'] })
}

/** An answer of so many rows at most, the newest first; `next` and `prev` are paths. */
export function pageOf<Row extends TSchema>(row: Row) {
  return exactly({ data: Type.Array(row), next: orNull(Type.String()), prev: orNull(Type.String()) })
}

/** What a list takes beside its filters. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  after: Type.Optional(Type.String({ maxLength: 100, description: 'Of `next`: older rows.' })),
  before: Type.Optional(Type.String({ maxLength: 100, description: 'Of `prev`: newer rows.' })),
} as const

/** A refusal (RFC 9457), with each fault of a request's parts. */
export const ApiProblem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    instance: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { $id: 'Problem' },
)
