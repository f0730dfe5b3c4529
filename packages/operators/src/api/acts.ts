// What may be done to a thing now: an answer names each act, also one that is not possible, and
// says why.
import { mayDo, type Permission } from '../access/roles.ts'
import { type ApiRequest, operatorOf } from './route.ts'
import { exactly, orNull, Type } from './schema.ts'

export const Acts = Type.Array(
  exactly(
    {
      name: Type.String(),
      isAllowed: Type.Boolean(),
      why: orNull(Type.String({ description: 'Why it is not.' })),
    },
    'Act',
  ),
)

/** `obstacles`: by the name of the act, what stands against it; undefined for nothing. */
export function possibleActs(
  request: Pick<ApiRequest, 'operator'>,
  permission: Permission,
  obstacles: Readonly<Record<string, string | undefined>>,
) {
  const { role } = operatorOf(request)
  const denied = mayDo(role, permission) ? undefined : `the role ${role} may not`
  return Object.entries(obstacles).map(([name, obstacle]) => {
    const why = denied ?? obstacle ?? null
    return { name, isAllowed: why === null, why }
  })
}
