// Persons who may log in with a certificate: listed, and what each may do changed by another one.
import { Fault, quote } from '@seg/core'
import { actAs } from '../api/api-act.ts'
import { checkEntityTag } from '../api/entity-tag.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, route } from '../api/route.ts'
import { DryRun, exactly, orNull, type Static, Type, Why, wordOf } from '../api/schema.ts'
import { type PersonRights, rightsOf } from './people.ts'
import type { Person } from './people-section.ts'
import { isRole } from './roles.ts'

const path = '/api/v1/people'
const Id = exactly({ id: Type.String({ minLength: 1, maxLength: 384 }) })
const State = wordOf('active', 'disabled')

const PersonRow = exactly({
  id: Type.String(),
  name: orNull(Type.String()),
  role: Type.String(),
  state: State,
  certificates: Type.Integer({ description: 'Rules that recognize one of theirs.' }),
})

const Rights = exactly({ role: Type.String(), state: State })

export const peopleRoutes = [
  route({
    method: 'GET',
    path,
    permission: 'access.read',
    summary: 'Persons who may log in with a certificate, as seg.yaml names them.',
    response: exactly({ data: Type.Array(PersonRow) }),
    handle: async (_request, { people }) => ({ data: (await people.list()).map(personRow) }),
  }),
  route({
    method: 'GET',
    path: `${path}/:id`,
    permission: 'access.read',
    summary: 'One of them.',
    params: Id,
    version: versionOf,
    response: PersonRow,
    handle: async (request, parts) => personRow(await personOf(request.params.id, parts)),
  }),
  route({
    method: 'PATCH',
    path: `${path}/:id`,
    permission: 'access.act',
    needsApproval: true,
    concerns: ({ id }: { readonly id: string }) => id,
    act: 'authorization.person-changed',
    summary: 'Changes the role of another person in seg.yaml, or withdraws all rights with the state disabled.',
    params: Id,
    version: versionOf,
    needsVersion: true,
    query: DryRun,
    body: exactly({ role: Type.Optional(Type.String()), state: Type.Optional(State), why: Why }),
    response: exactly({ before: Rights, after: Rights, isDryRun: Type.Boolean() }),
    handle: async (request, parts) => {
      const { id } = request.params
      const { role, state, why } = request.body
      if (role !== undefined && !isRole(role))
        throw new Fault('parameter-invalid', `expected a role, found ${quote(role)}`)
      if (role === undefined && state === undefined)
        throw new Fault('parameter-invalid', 'expected a role or a state, found neither')
      const isDryRun = request.query.dryRun === true
      const to: Partial<PersonRights> = { ...(role !== undefined && { role }), ...(state !== undefined && { state }) }
      const check = (before: PersonRights) => checkEntityTag(request.headers, before)
      const change = () => parts.people.change(id, to, { isDryRun, check })
      if (isDryRun) return { ...(await change()), isDryRun }
      const changed = await actAs(request, parts, { ...personAct(id), why, look: () => lookAt(id, parts) }, change)
      return { ...changed, isDryRun }
    },
  }),
]

function personAct(id: string) {
  return { action: 'authorization.person-changed', category: 'authorization', on: { kind: 'person', id } } as const
}

async function lookAt(id: string, { people }: ApiParts): Promise<PersonRights | null> {
  const person = (await people.list()).find(one => one.id === id)
  return person === undefined ? null : rightsOf(person)
}

async function versionOf({ params: { id } }: ApiRequest<{ id: string }>, parts: ApiParts): Promise<PersonRights> {
  return rightsOf(await personOf(id, parts))
}

async function personOf(id: string, { people }: ApiParts): Promise<Person> {
  const person = (await people.list()).find(one => one.id === id)
  if (person === undefined) throw new Fault('not-found', `no person ${quote(id)} has a record`)
  return person
}

function personRow(person: Person): Static<typeof PersonRow> {
  const { id, name, certificates } = person
  return { id, name: name ?? null, ...rightsOf(person), certificates: certificates.length }
}
