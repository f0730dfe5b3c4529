// JSON Schemas that are types, too. The only file that knows TypeBox.
import { type Static, type TObject, type TSchema, Type } from 'typebox'

export type { Static, TObject, TSchema }
export { Type }

/** No other property is taken, or given. */
export function exactly<Properties extends Parameters<typeof Type.Object>[0]>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false })
}

/** A value that may be missing: `null` in an answer. */
export function orNull<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()])
}

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
