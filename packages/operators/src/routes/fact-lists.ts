// Lists of what happened, from the desk: documents, refusals, connections, deliveries, hand-offs.
import { Fault } from '@seg/core'
import type { Permission } from '../access/roles.ts'
import { linksOf, readPosition } from '../api/cursors.ts'
import { type ApiRoute, route } from '../api/route.ts'
import { Digest, exactly, orNull, pageOf, paging, Time, Type } from '../api/schema.ts'
import type { DeskFilter } from '../desk/desk-query.ts'
import { explainRefusal } from '../desk/explain.ts'
import type { FactKind } from '../desk/fact.ts'
import type { KeptFact } from '../desk/fact-columns.ts'

const Text = orNull(Type.String())
const Count = orNull(Type.Integer())
const Milliseconds = orNull(Type.Number())

/** What only memory had and a crash lost is `null`, and `isRecorded` false. */
export const KeptFactRow = exactly(
  {
    id: Type.String({ description: 'Its place among all facts.' }),
    at: Time,
    kind: Type.String(),
    outcome: Type.String(),
    isRecorded: Type.Boolean(),
    index: Count,
    entry: Count,
    partner: Text,
    document: Text,
    bytes: Count,
    sha256: Text,
    code: Text,
    detail: Text,
    certificate: Text,
    tlsVersion: Text,
    cipher: Text,
    group: Text,
    canonicalization: Text,
    digestAlgorithm: Text,
    signatureAlgorithm: Text,
    canonicalBytes: Count,
    receiveTime: Milliseconds,
    verifyTime: Milliseconds,
    decideTime: Milliseconds,
    commitTime: Milliseconds,
    totalTime: Milliseconds,
    request: Text,
    address: Text,
    target: Text,
    tries: Count,
    count: Count,
  },
  'Fact',
)

const Name = Type.String({ minLength: 1, maxLength: 256 })
export const factFilters = {
  partner: Type.Optional(Name),
  document: Type.Optional(Name),
  outcome: Type.Optional(Type.String({ pattern: '^[a-z-]{1,30}$' })),
  code: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,40}$' })),
  sha256: Type.Optional(Digest),
  certificate: Type.Optional(Digest),
  request: Type.Optional(Type.String({ pattern: '^urn:uuid:[0-9a-f-]{36}$' })),
  address: Type.Optional(Name),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
} as const

/** Of a refusal: the check that failed, and what to do. */
const Explanation = exactly({
  check: Type.String(),
  expected: Type.String(),
  found: Type.String(),
  meaning: Type.String(),
  remedy: Type.String(),
})

export const factNames = Object.keys(KeptFactRow.properties) as (keyof typeof KeptFactRow.properties)[]

/** A fact as an answer has it: `null` for what is not known. */
export function factRow(fact: KeptFact) {
  const { position, at, ...known } = fact
  const row = { ...known, id: String(position), at: new Date(at).toISOString() } as Record<string, unknown>
  return Object.fromEntries(factNames.map(name => [name, row[name] ?? null])) as never
}

type FactQuery = Readonly<Record<string, string>> & { readonly from?: string; readonly to?: string }

export function deskFilterOf(kind: FactKind, { from, to, ...given }: FactQuery): DeskFilter {
  return {
    ...given,
    kind,
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  }
}

/** A list of one kind of facts. */
function listRoute(path: string, kind: FactKind, permission: Permission, summary: string): ApiRoute {
  return route({
    method: 'GET',
    path,
    permission,
    summary,
    query: exactly({ ...factFilters, ...paging }),
    response: pageOf(KeptFactRow),
    handle: ({ query }, { desk }) => {
      const { limit: _limit, after: _after, before: _before, ...given } = query
      const page = desk().page(deskFilterOf(kind, given), readPosition(path, query))
      return { data: page.facts.map(factRow), ...linksOf(path, query, page) }
    },
  })
}

export const factRoutes: readonly ApiRoute[] = [
  listRoute('/api/v1/documents', 'document', 'documents.read', 'Documents that were accepted, and replays.'),
  listRoute('/api/v1/refusals', 'refusal', 'documents.read', 'Documents and requests that were refused.'),
  listRoute('/api/v1/connections', 'connection', 'connections.read', 'Connections that failed before a request.'),
  listRoute('/api/v1/deliveries', 'delivery', 'deliveries.read', 'Deliveries of the outbox that console.outbox names.'),
  listRoute(
    '/api/v1/hand-off',
    'hand-off',
    'deliveries.read',
    'Documents on their way to the targets of the hand-off.',
  ),
  route({
    method: 'GET',
    path: '/api/v1/refusals/:id',
    permission: 'documents.read',
    summary: 'One refusal: which check failed, what it expected and found, and what to do.',
    params: exactly({ id: Type.String({ pattern: '^\\d{1,16}$' }) }),
    response: exactly({ fact: KeptFactRow, explanation: orNull(Explanation) }),
    handle: ({ params }, { desk }) => {
      const fact = desk().find(Number(params.id))
      if (fact?.kind !== 'refusal') throw new Fault('not-found', `no refusal has the id ${params.id}`)
      return { fact: factRow(fact), explanation: explainRefusal(fact) ?? null }
    },
  }),
]
