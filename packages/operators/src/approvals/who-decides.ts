// Who may decide about an act that waits: another person than its author, with a role for that act.
import { asFault, Fault, quote } from '@seg/core'
import { stateOf } from '../access/access-commands.ts'
import type { AccessStore, Operator } from '../access/access-store.ts'
import { isSamePerson } from '../access/people.ts'
import { mayDo, type Permission } from '../access/roles.ts'
import type { ApiParts } from '../api/parts.ts'
import type { ApiRoute } from '../api/route.ts'
import type { HeldAct } from './approval-store.ts'

type Known = { readonly access: Pick<AccessStore, 'keys' | 'personsBehind'>; readonly now: () => Date }

/** Throws the Fault `not-permitted`. */
export function checkApprover(
  approver: Operator,
  author: Operator,
  permission: ApiRoute['permission'],
  known: Known,
): void {
  checkRefuser(approver, permission)
  checkOther(approver, author, known)
  checkAuthor(author, permission, known)
}

/**
 * Nobody changes their own rights, also not by a key of theirs. Throws the Fault `not-permitted`.
 */
export function checkConcerned(
  operator: Operator,
  { concerns }: Pick<ApiRoute, 'concerns'>,
  params: unknown,
  { access }: Pick<Known, 'access'>,
): void {
  if (concerns === undefined) return
  const concerned = concerns(params as never)
  if (isAmong(concerned, access.personsBehind(operator)))
    throw new Fault('not-permitted', `expected another person than ${quote(concerned)}, whose rights it changes`)
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
  known: Known,
) {
  const act = (name: string, check: () => void) => {
    const why = state === 'waiting' ? obstacleOf(check) : `it is ${state}`
    return { name, isAllowed: why === null, why }
  }
  return [
    act('approve', () => checkApprover(operator, author, permission, known)),
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

/**
 * A person, and another one: neither a program, nor who made the author's key, nor who approved
 * that key and was given it; nor who did so with a key that led to it.
 */
function checkOther(approver: Operator, author: Operator, { access }: Known): void {
  if (approver.method === 'api-key')
    throw new Fault('not-permitted', 'expected a person who has logged in, found an API key')
  if (isAmong(approver.id, access.personsBehind(author)) || isSameProof(approver, author))
    throw new Fault('not-permitted', `expected another person than ${quote(approver.id)}, who asked for it`)
}

function isAmong(person: string, persons: readonly string[]): boolean {
  return persons.some(one => isSamePerson(one, person))
}

/** A certificate, or a person at a provider, whose name was changed between is the same person. */
function isSameProof(approver: Operator, { method, credential }: Operator): boolean {
  const isLasting = method === 'certificate' || method === 'openid'
  return isLasting && approver.method === method && approver.credential === credential
}

/** A key that has ended does nothing more; a session ends by itself. */
function checkAuthor(author: Operator, permission: ApiRoute['permission'], { access, now }: Known): void {
  const { method, credential, id, role } = author
  if (!mayDo(role, permission as Permission))
    throw new Fault('not-permitted', `expected an author whose role has ${permission}, found ${role}`)
  if (method !== 'api-key') return
  const key = access.keys().find(one => one.id === credential)
  const state = key === undefined ? 'removed' : stateOf(key, now())
  if (state !== 'active') throw new Fault('not-permitted', `the API key of ${quote(id)} is ${state} by now`)
}

/**
 * A person of seg.yaml who may no longer do it does nothing more. Throws the Fault `not-permitted`.
 */
export async function checkPerson({ method, id, role }: Operator, { people }: Pick<ApiParts, 'people'>): Promise<void> {
  if (method !== 'certificate') return
  const person = (await people.list()).find(one => one.id === id)
  if (person?.isActive !== true || person.role !== role)
    throw new Fault('not-permitted', `${quote(id)} was ${role} as it was asked for, and is not now`)
}
