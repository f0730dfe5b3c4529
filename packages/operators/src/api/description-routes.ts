// The description of the API, as the API gives it.
import { describeApi } from './openapi.ts'
import { type ApiRoute, route } from './route.ts'
import { Type } from './schema.ts'

export function descriptionRoute(routes: readonly ApiRoute[]): ApiRoute {
  const own: ApiRoute = route({
    method: 'GET',
    path: '/openapi.json',
    permission: 'me',
    summary: 'This description, OpenAPI 3.1.',
    response: Type.Object({}, { additionalProperties: true }),
    handle: (): Record<string, unknown> => describeApi([...routes, own]),
  })
  return own
}
