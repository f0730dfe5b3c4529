// Who may decide about an act that waits: another person than its author, with a role for that act.
import { asFault, Fault, quote } from '@seg/core'
import type { AccessStore, Operator } from '../access/access-store.ts'
import { mayDo, type Permission } from '../access/roles.ts'
import type { ApiRoute } from '../api/route.ts'
import type { HeldAct } from './approval-store.ts'

type Access = Pick<AccessStore, 'keys'>

/** Throws the Fault `not-permitted`. */
export function checkApprover(
  approver: Operator,
  author: Operator,
  permission: ApiRoute['permission'],
  access: Access,
): void {
  checkRefuser(approver, permission)
  checkOther(approver, author, access)
  checkAuthor(author, permission, access)
}

/** Its author may, too. Throws the Fault `not-permitted`. */
export function checkRefuser({ role }: Operator, permission: ApiRoute['permission']): void {
  for (const needed of ['approvals.act', permission])
    if (!mayDo(role, needed as Permission))
      throw new Fault('not-permitted', `expected a role with ${needed}, found ${role}`)
}

/** What somebody may do with it now, and why not, as the checks above say. */
export function decisionActs(
  operator: Operator,
  { author, state }: Pick<HeldAct, 'author' | 'state'>,
  permission: ApiRoute['permission'],
  access: Access,
) {
  const act = (name: string, check: () => void) => {
    const why = state === 'waiting' ? obstacleOf(check) : `it is ${state}`
    return { name, isAllowed: why === null, why }
  }
  return [
    act('approve', () => checkApprover(operator, author, permission, access)),
    act('refuse', () => checkRefuser(operator, permission)),
  ]
}

function obstacleOf(check: () => void): string | null {
  try {
    check()
    return null
  } catch (error) {
    return asFault(error).detail
  }
}

/** A person, and another one: neither a program nor the maker of the author's key. */
function checkOther(approver: Operator, author: Operator, access: Access): void {
  if (approver.method === 'api-key')
    throw new Fault('not-permitted', 'expected a person who has logged in, found an API key')
  const key = author.method === 'api-key' ? access.keys().find(({ id }) => id === author.credential) : undefined
  if (approver.id === author.id || approver.id === key?.madeBy)
    throw new Fault('not-permitted', `expected another person than ${quote(approver.id)}, who asked for it`)
}

/** A key that was revoked since does nothing more; a session ends by itself. */
function checkAuthor(author: Operator, permission: ApiRoute['permission'], access: Access): void {
  const { method, credential, id, role } = author
  if (!mayDo(role, permission as Permission))
    throw new Fault('not-permitted', `expected an author whose role has ${permission}, found ${role}`)
  const key = method === 'api-key' ? access.keys().find(one => one.id === credential) : undefined
  if (method === 'api-key' && key?.revokedAt !== undefined)
    throw new Fault('not-permitted', `the API key of ${quote(id)} was revoked since`)
}
