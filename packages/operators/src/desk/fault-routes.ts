// What each fault code means, and what to do: the rows of docs/faults.md.
import { advice, Fault, type FaultCode, faults, quote } from '@seg/core'
import { type ApiRoute, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'

const FaultRow = exactly(
  {
    code: Type.String(),
    status: Type.Integer({ description: 'Of the answer; 500 for one that no request gets.' }),
    sentence: Type.String({ description: 'What a partner is answered.' }),
    remedy: Type.String(),
  },
  'FaultRow',
)

export const faultRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/faults',
    permission: 'me',
    summary: 'All fault codes, with what they mean and what to do.',
    response: exactly({ data: Type.Array(FaultRow) }),
    handle: () => ({ data: Object.keys(faults).map(code => rowOf(code as FaultCode)) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/faults/:code',
    permission: 'me',
    summary: 'One of them.',
    params: exactly({ code: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }) }),
    response: FaultRow,
    handle: ({ params: { code } }) => {
      if (!isCode(code)) throw new Fault('not-found', `no fault has the code ${quote(code)}`)
      return rowOf(code)
    },
  }),
]

function isCode(code: string): code is FaultCode {
  return Object.hasOwn(faults, code)
}

function rowOf(code: FaultCode) {
  const { status, sentence } = faults[code]
  return { code, status, sentence, remedy: advice[code] }
}
