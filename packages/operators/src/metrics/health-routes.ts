// What monitoring asks: whether the gateway lives, whether it is ready, and its metrics.
import { authenticate, Denied } from '../access/authenticate.ts'
import { mayDo } from '../access/roles.ts'
import { RawAnswer, route } from '../api/route.ts'
import { exactly, Time, Type } from '../api/schema.ts'

const NOT_READY = 503

const Plain = Type.String({ description: 'Text.' })
const Health = exactly(
  {
    ready: Type.Boolean(),
    node: Type.String({ description: 'Which of the receivers with one ledger this is.' }),
    at: Time,
    checks: Type.Array(exactly({ check: Type.String(), ok: Type.Boolean(), found: Type.String() })),
  },
  'Health',
)

export const healthRoutes = [
  route({
    method: 'GET',
    path: '/livez',
    permission: 'public',
    summary: 'Whether the process answers, its main thread too.',
    response: Plain,
    type: 'text/plain',
    handle: async (_request, { ask }) => {
      await ask('identity')
      return new RawAnswer('text/plain', 'alive\n')
    },
  }),
  route({
    method: 'GET',
    path: '/readyz',
    permission: 'public',
    summary: 'Whether documents can be accepted: 200, or 503. With `verbose` each check, for who may read health.',
    query: exactly({ verbose: Type.Optional(Type.String({ maxLength: 10 })) }),
    response: Plain,
    type: 'text/plain',
    handle: async ({ query, headers }, { ask, access, now }) => {
      const isVerbose = query.verbose !== undefined
      if (isVerbose) {
        const operator = authenticate('GET', headers, access, now())
        if (!mayDo(operator.role, 'health.read')) throw new Denied(operator, 'health.read', false)
      }
      const { isReady, checks } = await ask('readiness')
      const lines = isVerbose ? checks.map(({ check, ok, found }) => `${ok ? 'ok ' : 'NOT'} ${check}: ${found}\n`) : []
      const text = `${lines.join('')}${isReady ? 'ready' : 'not ready'}\n`
      return new RawAnswer('text/plain', text, { status: isReady ? 200 : NOT_READY })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/health',
    permission: 'health.read',
    summary: 'Each check of readiness, and what it found.',
    response: Health,
    handle: async (_request, { ask }) => {
      const [{ node }, { isReady, at, checks }] = await Promise.all([ask('identity'), ask('readiness')])
      return { ready: isReady, node, at, checks: [...checks] }
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    permission: 'metrics.read',
    summary: "All metrics, in Prometheus's text, or OpenMetrics where Accept names it.",
    response: Plain,
    type: 'text/plain',
    handle: async ({ headers }, { ask }) => {
      const isOpen = `${headers.accept ?? ''}`.includes('application/openmetrics-text')
      const { contentType, text } = await ask('metrics', isOpen)
      return new RawAnswer(contentType, text)
    },
  }),
]
