// Who is asking, and what that role may do.
import { type Role, roles } from '../access/roles.ts'
import { operatorOf, route } from '../api/route.ts'
import { exactly, orNull, Type } from '../api/schema.ts'

const Me = exactly({
  id: Type.String(),
  role: Type.String(),
  permissions: Type.Array(Type.String()),
  method: Type.String(),
  session: orNull(Type.String()),
  gateway: exactly({ id: Type.String(), node: Type.String(), version: Type.String(), startedAt: Type.String() }),
})

export const meRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/me',
    permission: 'me',
    summary: 'Who is asking, by which credential, and what that role may do.',
    response: Me,
    handle: async (request, { ask }) => {
      const { id, role, method, session } = operatorOf(request)
      return {
        id,
        role,
        permissions: permissionsOf(role),
        method,
        session: session ?? null,
        gateway: await ask('identity'),
      }
    },
  }),
]

function permissionsOf(role: Role): string[] {
  return [...roles[role]].sort()
}
