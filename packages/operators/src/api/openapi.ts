// The description of a table of routes: OpenAPI 3.1, whose schemas are JSON Schema 2020-12 as they
// stand.
import { Approval } from '../approvals/hold-act.ts'
import type { ApiRoute } from './route.ts'
import { ApiProblem, type TObject } from './schema.ts'

/** Raised by hand: a change that is not additive is another one. */
const API_VERSION = '1.0.0'

export function describeApi(routes: readonly ApiRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const row of routes) {
    const path = row.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: describeRoute(row) }
  }
  const { $id: _id, ...problem } = plain(ApiProblem) as Record<string, unknown>
  return {
    openapi: '3.1.0',
    info: {
      title: "SEG: the operators' API",
      version: API_VERSION,
      description: 'What happened in a gateway, and what its operators may do. docs/api.md is the page for people.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { ...namedSchemas(routes), Problem: problem },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: `receiver console keys add`.' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-seg', description: 'Of `receiver console login`.' },
      },
    },
  }
}

function describeRoute(row: ApiRoute) {
  const { method, path, permission, summary, params, query, body, response, type, version, needsApproval } = row
  const isPublic = permission === 'public'
  const parameters = [...parametersOf('path', params), ...parametersOf('query', query), ...fieldsOf(row)]
  const etag = { schema: { type: 'string' }, description: 'Of what it is now, for If-Match.' }
  const camelPath = path.replaceAll(/[^A-Za-z0-9]+(\w)/g, (_all, letter) => letter.toUpperCase())
  return {
    operationId: `${method.toLowerCase()}${camelPath}`,
    summary,
    ...(isPublic ? { security: [] } : { 'x-permission': permission, security: [{ key: [] }, { session: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: plain(body) } } } }),
    responses: {
      '200': {
        description: summary,
        ...(version && method === 'GET' && { headers: { ETag: etag } }),
        content: { [type ?? 'application/json']: { schema: plain(response, false) } },
      },
      ...(needsApproval && {
        '202': {
          description: 'With four eyes: it waits for another person.',
          content: { 'application/json': { schema: plain(Approval, false) } },
        },
      }),
      default: {
        description: 'A refusal.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** Fields that any act takes. */
function fieldsOf({ method, permission, version }: ApiRoute) {
  if (method === 'GET' || permission === 'public') return []
  const field = (name: string, description: string) => ({
    ...{ name, in: 'header', required: false, description },
    schema: { type: 'string' },
  })
  return [
    field('Idempotency-Key', 'The same request with the same key is done once, and answered the same for 24 hours.'),
    ...(version ? [field('If-Match', 'The ETag of what was seen: changed meanwhile, nothing is done.')] : []),
  ]
}

function parametersOf(place: 'path' | 'query', schema: TObject | undefined) {
  return Object.entries(schema?.properties ?? {}).map(([name, value]) => ({
    name,
    in: place,
    required: place === 'path' || (schema?.required ?? []).includes(name as never),
    schema: plain(value),
  }))
}

/** Without what TypeBox notes for itself; what has a title stands among the components, once. */
function plain(schema: unknown, top = true): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => {
      const { title } = Object(value) as { title?: unknown }
      const isNamed = typeof title === 'string' && !(top && key === '')
      return isNamed ? { $ref: `#/components/schemas/${title}` } : value
    }),
  )
}

/** Every schema with a title in the rows, by it. */
function namedSchemas(routes: readonly ApiRoute[]): Record<string, unknown> {
  const named = new Map<string, unknown>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { title } = value as { title?: unknown }
    if (typeof title === 'string') named.set(title, plain(value))
    for (const inner of Object.values(value)) collect(inner)
  }
  for (const { response, body } of routes) for (const schema of [response, body]) collect(schema)
  return Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1)))
}
