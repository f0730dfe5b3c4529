// One route of the operators' API: who may, what it takes, what it answers, and how.
import type { Readable } from 'node:stream'
import type { Operator } from '../access/access-store.ts'
import type { Permission } from '../access/roles.ts'
import type { Approved } from '../audit/audit-record.ts'
import type { ApiParts } from './parts.ts'
import type { Static, TObject, TSchema } from './schema.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Fields = Readonly<Record<string, string>>

export type ApiRequest<Params = unknown, Query = unknown, Body = unknown> = {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** `urn:uuid:…`, as every answer names it. */
  readonly id: string
  readonly address: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Who asks; of a public route nobody. */
  readonly operator: Operator | undefined
  /** Of an act that waited: who approved it. `operator` is who asked for it. */
  readonly approval?: Approved
  /** That of its route. */
  readonly act?: string | undefined
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

/** An answer that is not JSON, or has fields of its own. */
export class RawAnswer {
  readonly body: string | Buffer | Readable
  readonly type: string
  readonly status: number
  readonly fields: Fields

  constructor(type: string, body: string | Buffer | Readable, { status = 200, ...fields }: RawOptions = {}) {
    this.type = type
    this.body = body
    this.status = status
    this.fields = fields.fields ?? {}
  }
}

type RawOptions = { readonly status?: number; readonly fields?: Fields }

/** As the listener, the description and the tests see it. */
export type ApiRoute = {
  readonly method: Method
  /** With `:name` for each parameter. */
  readonly path: string
  /** `public`: nobody has to say who they are. */
  readonly permission: Permission | 'public'
  /** A sentence for the description. */
  readonly summary: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TObject
  /** Of the answer; what it does not name does not leave. */
  readonly response: TSchema
  /** `application/json` without. */
  readonly type?: string
  /** What the ETag of a thing is made of, and what If-Match is held against before an act on it. */
  readonly version?: (request: ApiRequest<never, never, never>, parts: ApiParts) => unknown
  /**
   * The action of its records in the audit trail. Each route that is not a GET has one, unless it
   * only reads.
   */
  readonly act?: string
  /** What is sent is judged, and nothing kept. */
  readonly onlyReads?: true
  /** With four eyes it waits for another person; of what answers JSON. */
  readonly needsApproval?: true
  /** The id of the person whose rights it changes: they neither ask for it nor approve it. */
  readonly concerns?: (params: never) => string
  /** Asked for by the console alone, however long nobody touches it: no use of a session. */
  readonly isUnattended?: true
  /** Replaces the whole thing, so that the caller must say which version it has seen. */
  readonly needsVersion?: true
  readonly handle: (request: ApiRequest<never, never, never>, parts: ApiParts) => unknown
}

type Given<Schema extends TObject | undefined> = Schema extends TObject ? Static<Schema> : unknown

/** An `ApiRoute` whose handler has the types of its schemas. */
export function route<
  Response extends TSchema,
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
  Body extends TObject | undefined = undefined,
>(
  row: Omit<ApiRoute, 'handle' | 'version' | 'response' | 'params' | 'query' | 'body'> & {
    readonly params?: Params
    readonly query?: Query
    readonly body?: Body
    readonly response: Response
    readonly version?: (request: ApiRequest<Given<Params>, Given<Query>, Given<Body>>, parts: ApiParts) => unknown
    readonly handle: (
      request: ApiRequest<Given<Params>, Given<Query>, Given<Body>>,
      parts: ApiParts,
    ) => Promise<Static<Response> | RawAnswer> | Static<Response> | RawAnswer
  },
): ApiRoute {
  return row as unknown as ApiRoute
}

/** Of a route that is not public: the client was recognized before its handler runs. */
export function operatorOf({ operator }: Pick<ApiRequest, 'operator'>): Operator {
  if (operator === undefined) throw new TypeError('a public route asked who asks')
  return operator
}
