// Who may decide about an act that waits: another person than its author, with a role for that act.
import { Fault, quote } from '@seg/core'
import { stateOf } from '../access/access-commands.ts'
import type { AccessStore, Operator } from '../access/access-store.ts'
import { isSamePerson } from '../access/people.ts'
import { mayDo, type Permission } from '../access/roles.ts'
import { type ActObstacle, obstacle } from '../acts/obstacles.ts'
import { possibleAct } from '../acts/possible-acts.ts'
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
  needNone(findApproverObstacle(approver, author, permission, known))
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
export function checkRefuser(operator: Operator, permission: ApiRoute['permission']): void {
  needNone(findRefuserObstacle(operator, permission))
}

function needNone(found: ActObstacle | undefined): void {
  if (found !== undefined) throw new Fault('not-permitted', found.why)
}

/** What somebody may do with it now, and why not, as the checks above say. */
export function decisionActs(
  operator: Operator,
  { author, state }: Pick<HeldAct, 'author' | 'state'>,
  permission: ApiRoute['permission'],
  known: Known,
) {
  const settled = state === 'waiting' ? undefined : obstacle('in-state', { state })
  return [
    possibleAct('approve', settled ?? findApproverObstacle(operator, author, permission, known)),
    possibleAct('refuse', settled ?? findRefuserObstacle(operator, permission)),
  ]
}

function findApproverObstacle(
  approver: Operator,
  author: Operator,
  permission: ApiRoute['permission'],
  known: Known,
): ActObstacle | undefined {
  return (
    findRefuserObstacle(approver, permission) ??
    findSamePerson(approver, author, known) ??
    findAuthorObstacle(author, permission, known)
  )
}

function findRefuserObstacle({ role }: Operator, permission: ApiRoute['permission']): ActObstacle | undefined {
  const lacking = ['approvals.act', permission].find(needed => !mayDo(role, needed as Permission))
  return lacking === undefined ? undefined : obstacle('role-lacks', { permission: lacking, role })
}

/**
 * A person, and another one: neither a program, nor who made the author's key, nor who approved
 * that key and was given it; nor who did so with a key that led to it.
 */
function findSamePerson(approver: Operator, author: Operator, { access }: Known): ActObstacle | undefined {
  if (approver.method === 'api-key') return obstacle('not-a-person')
  const isSame = isAmong(approver.id, access.personsBehind(author)) || isSameProof(approver, author)
  return isSame ? obstacle('own-act', { person: approver.id }) : undefined
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
function findAuthorObstacle(
  author: Operator,
  permission: ApiRoute['permission'],
  { access, now }: Known,
): ActObstacle | undefined {
  const { method, credential, id, role } = author
  if (!mayDo(role, permission as Permission)) return obstacle('author-role-lacks', { permission, role })
  if (method !== 'api-key') return undefined
  const key = access.keys().find(one => one.id === credential)
  const state = key === undefined ? 'removed' : stateOf(key, now())
  return state === 'active' ? undefined : obstacle('author-key-ended', { person: id, state })
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
