// One search for everything that an operator may have: an id, a digest, an index, a request, a
// fingerprint.

import { route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'
import type { DeskFilter } from '../desk/desk-query.ts'
import type { DeskSearch } from '../desk/desk-search.ts'
import type { KeptFact } from '../desk/fact-columns.ts'
import { factRow, KeptFactRow } from './fact-lists.ts'

/** Rows of each kind of answer. */
const MOST = 20

type Recognized = { readonly as: string; readonly filter: DeskFilter }

export const searchRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/search',
    permission: 'documents.read',
    summary:
      'What is known of a document id, SHA-256 (hexadecimal or base64), log index, request id, fingerprint or partner.',
    query: exactly({ q: Type.String({ minLength: 1, maxLength: 256 }) }),
    response: exactly({
      results: Type.Array(exactly({ as: Type.String(), data: Type.Array(KeptFactRow) })),
    }),
    handle: ({ query: { q } }, { desk }) => {
      const search = desk()
      const found = readQuestion(q.trim()).map(({ as, filter }) => ({
        as,
        data: findFacts(search, filter).map(factRow),
      }))
      return { results: found.filter(({ data }) => data.length > 0) }
    },
  }),
]

/** Each form that the text has; in the end anything may be the id of a document or partner. */
export function readQuestion(text: string): Recognized[] {
  const digest = readDigest(text)
  const [, uuid] = /^(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(text) ?? []
  return [
    ...(digest === undefined ? [] : [{ as: 'sha256', filter: { sha256: digest } }]),
    ...(digest === undefined ? [] : [{ as: 'certificate', filter: { certificate: digest } }]),
    ...(uuid === undefined ? [] : [{ as: 'request', filter: { request: `urn:uuid:${uuid.toLowerCase()}` } }]),
    ...(/^\d{1,15}$/.test(text) ? [{ as: 'index', filter: { index: Number(text) } }] : []),
    { as: 'document', filter: { document: text } },
    { as: 'partner', filter: { partner: text } },
  ]
}

/** In hexadecimal, with or without colons, or base64. */
function readDigest(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hex)) return hex
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined
}

function findFacts(search: DeskSearch, filter: DeskFilter): readonly KeptFact[] {
  return search.page(filter, { limit: MOST }).facts
}
