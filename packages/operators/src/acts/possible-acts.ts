// What may be done to a thing now: an answer names each act, also one that is not possible, and
// says why.
import { mayDo, type Permission } from '../access/roles.ts'
import { type ApiRequest, operatorOf } from '../api/route.ts'
import { exactly, orNull, Type } from '../api/schema.ts'
import { type ActObstacle, obstacle } from './obstacles.ts'

export const Acts = Type.Array(
  exactly(
    {
      name: Type.String(),
      isAllowed: Type.Boolean(),
      why: orNull(Type.String({ description: 'Why it is not.' })),
      code: orNull(Type.String({ description: 'Why it is not, for a program that says it in another language.' })),
      values: orNull(Type.Object({}, { additionalProperties: true, description: 'What `why` names, as texts.' })),
    },
    'Act',
  ),
)

/** `obstacles`: by the name of the act, what stands against it; undefined for nothing. */
export function possibleActs(
  request: Pick<ApiRequest, 'operator'>,
  permission: Permission,
  obstacles: Readonly<Record<string, ActObstacle | undefined>>,
) {
  const { role } = operatorOf(request)
  const denied = mayDo(role, permission) ? undefined : obstacle('role-denied', { role })
  return Object.entries(obstacles).map(([name, found]) => possibleAct(name, denied ?? found))
}

export function possibleAct(name: string, found: ActObstacle | undefined) {
  if (found === undefined) return { name, isAllowed: true, why: null, code: null, values: null }
  const { why, code, values } = found
  return { name, isAllowed: false, why, code, values }
}
