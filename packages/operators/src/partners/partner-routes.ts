// Partners and authorities: read, added, changed and removed as `receiver partners` does it.
import { Fault, quote, type RecordValue } from '@seg/core'
import type { Partner } from '@seg/pki'
import { actAs } from '../api/api-act.ts'
import { checkEntityTag } from '../api/entity-tag.ts'
import type { TrustEdit, TrustText } from '../api/partner-file.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, route } from '../api/route.ts'
import { DryRun, exactly, orNull, type Static, Type, Why } from '../api/schema.ts'
import { PartnerRow, partnerRow } from './partner-rows.ts'

const path = '/api/v1/partners'
const Id = exactly({ id: Type.String({ minLength: 1, maxLength: 384 }) })
const Name = exactly({ name: Type.String({ minLength: 1, maxLength: 100 }) })
const Text = Type.Unsafe<RecordValue>(
  Type.Object({}, { additionalProperties: true, description: 'As in seg.yaml (docs/partners.md).' }),
)
const Pem = Type.String({ minLength: 1, maxLength: 60_000, description: 'Certificates in PEM.' })
/** Of an act without a body. */
const Removing = exactly({ dryRun: DryRun.properties.dryRun, why: Why })
const Changed = exactly({ before: orNull(Text), after: orNull(Text), isDryRun: Type.Boolean() })
const Trust = exactly({ trust: Type.Unknown(), partners: Type.Array(Text) }, 'Trust')

export const partnerRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path,
    permission: 'partners.read',
    summary: 'All records of partners; with the mode ca each gateway with a certificate of the CA is one, too.',
    response: exactly({ mode: Type.String(), authorities: Type.Array(Type.String()), data: Type.Array(PartnerRow) }),
    handle: async (request, { partners }) => {
      const { mode, authorities, partners: records } = await partners.read()
      return {
        mode,
        authorities: authorities.map(({ name }) => name),
        data: records.map(partner => partnerRow(partner, request)),
      }
    },
  }),
  route({
    method: 'GET',
    path: `${path}/:id`,
    permission: 'partners.read',
    summary: 'One partner, and its record as seg.yaml has it.',
    params: Id,
    version: versionOf,
    response: exactly({ ...PartnerRow.properties, record: Text }),
    handle: async (request, parts) => {
      const { id } = request.params
      const partner = await partnerOf(id, parts)
      return { ...partnerRow(partner, request), record: recordOf(await parts.partners.text(), id) ?? {} }
    },
  }),
  route({
    method: 'POST',
    path,
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.changed',
    summary: 'Adds a partner, by its record as seg.yaml has it.',
    query: DryRun,
    body: exactly({ record: Text, why: Why }),
    response: Changed,
    handle: async (request, parts) => {
      const { record } = request.body
      const { id } = record
      if (typeof id !== 'string' || id === '') throw new Fault('parameter-invalid', 'expected the id of the partner')
      return change(request, parts, partnerAct('changed', id), { kind: 'partner', id, record, isNew: true })
    },
  }),
  route({
    method: 'PUT',
    path: `${path}/:id`,
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.changed',
    summary: 'Replaces the record of a partner.',
    params: Id,
    version: versionOf,
    needsVersion: true,
    query: DryRun,
    body: exactly({ record: Text, why: Why }),
    response: Changed,
    handle: (request, parts) => {
      const { id } = request.params
      const { record } = request.body
      return change(request, parts, partnerAct('changed', id), { kind: 'partner', id, record, isNew: false })
    },
  }),
  route({
    method: 'DELETE',
    path: `${path}/:id`,
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.removed',
    summary: 'Removes the record of a partner.',
    params: Id,
    version: versionOf,
    query: Removing,
    response: Changed,
    handle: (request, parts) => {
      const { id } = request.params
      return change(request, parts, partnerAct('removed', id), { kind: 'partner', id, record: undefined, isNew: false })
    },
  }),
  stateRoute('suspend', 'suspended', 'Refuses a partner from now on, on open connections, too.'),
  stateRoute('resume', 'active', 'Ends a suspension.'),
  route({
    method: 'GET',
    path: '/api/v1/trust',
    permission: 'partners.read',
    summary: 'All authorities and partners as seg.yaml has them, as `receiver partners export` writes them.',
    version: (_request, { partners }) => partners.text(),
    response: Trust,
    handle: (_request, { partners }) => partners.text() as Promise<Static<typeof Trust>>,
  }),
  route({
    method: 'PUT',
    path: '/api/v1/trust',
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.imported',
    summary: 'Replaces all authorities and partners, as `receiver partners import` does it.',
    version: (_request, { partners }) => partners.text(),
    needsVersion: true,
    query: DryRun,
    body: exactly({ ...Trust.properties, why: Why }),
    response: exactly({ before: Trust, after: Trust, isDryRun: Type.Boolean() }),
    handle: async (request, parts) => {
      const { trust, partners } = request.body
      const act = { action: 'partner.imported', kind: 'partners', id: 'all', pick: (text: TrustText) => text }
      return (await change(request, parts, act, { kind: 'all', trust, partners })) as never
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/authorities/:name',
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.authority-changed',
    summary: 'Relies on an authority, for partners that name it; with the first one only listed partners count.',
    params: Name,
    version: (_request, { partners }) => partners.text(),
    query: DryRun,
    body: exactly({
      anchorsPem: Pem,
      intermediatesPem: Type.Optional(Pem),
      more: Type.Optional(
        exactly({
          from: Type.Optional(Type.String()),
          until: Type.Optional(Type.String()),
          revocation: Type.Optional(
            exactly({
              need: Type.Optional(Type.String()),
              crl: Type.Optional(Type.Array(Type.String({ pattern: '^https?://' }))),
              refresh: Type.Optional(Type.String()),
              grace: Type.Optional(Type.String()),
            }),
          ),
        }),
      ),
      why: Why,
    }),
    response: Changed,
    handle: (request, parts) => {
      const { name } = request.params
      const { why: _why, more = {}, ...pem } = request.body
      return change(request, parts, authorityAct(name), { kind: 'authority', name, authority: { ...pem, more } })
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/authorities/:name',
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.authority-changed',
    summary: 'Relies on an authority no more.',
    params: Name,
    version: (_request, { partners }) => partners.text(),
    query: Removing,
    response: Changed,
    handle: (request, parts) => {
      const { name } = request.params
      return change(request, parts, authorityAct(name), { kind: 'authority', name, authority: undefined })
    },
  }),
]

function stateRoute(verb: string, state: 'active' | 'suspended', summary: string): ApiRoute {
  const action = state === 'suspended' ? 'suspended' : 'resumed'
  return route({
    method: 'POST',
    path: `${path}/:id/${verb}`,
    permission: 'partners.act',
    needsApproval: true,
    act: `partner.${action}`,
    summary,
    params: Id,
    version: versionOf,
    query: DryRun,
    body: exactly({ why: Why }),
    response: exactly({ id: Type.String(), state: Type.String(), isDryRun: Type.Boolean() }),
    handle: async (request, parts) => {
      const { id } = request.params
      const { isDryRun } = await change(request, parts, partnerAct(action, id), { kind: 'state', id, state })
      return { id, state, isDryRun }
    },
  })
}

type TrustAct = {
  readonly action: string
  readonly kind: string
  readonly id: string
  /** What the act is about, of all that is written. */
  readonly pick: (text: TrustText) => unknown
}

function partnerAct(action: string, id: string): TrustAct {
  return { action: `partner.${action}`, kind: 'partner', id, pick: text => recordOf(text, id) ?? null }
}

function authorityAct(name: string): TrustAct {
  const pick = ({ trust }: TrustText) => {
    const known = Object(Object(trust).authorities) as Readonly<Record<string, unknown>>
    return Object.hasOwn(known, name) ? known[name] : null
  }
  return { action: 'partner.authority-changed', kind: 'authority', id: name, pick }
}

type Asked = ApiRequest<unknown, { readonly dryRun?: boolean; readonly why?: string }, unknown>

/** If-Match is held against the file again while nobody else changes it. */
async function change(request: ApiRequest<unknown, object, unknown>, parts: ApiParts, act: TrustAct, edit: TrustEdit) {
  const { query, body, headers } = request as Asked
  const isDryRun = query.dryRun === true
  const { why = query.why } = Object(body) as { readonly why?: string }
  const seen = (text: TrustText) => (act.kind === 'partner' ? act.pick(text) : text)
  const check = (before: TrustText) => checkEntityTag(headers, seen(before))
  const work = () => onInput(() => parts.partners.change(edit, { isDryRun, check }))
  const { action, kind, id } = act
  const look = async () => act.pick(await parts.partners.text())
  const planned = { action, category: 'partner' as const, on: { kind, id }, why, look }
  const { before, after } = isDryRun ? await work() : await actAs(request, parts, planned, work)
  return { before: act.pick(before) as RecordValue | null, after: act.pick(after) as RecordValue | null, isDryRun }
}

/** What a file of ours would be refused for is a fault of what was sent. */
export async function onInput<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Fault) || !['configuration', 'usage', 'crl-invalid', 'crl-kind'].includes(cause.code))
      throw cause
    throw new Fault('parameter-invalid', cause.detail, { cause })
  }
}

async function versionOf({ params }: ApiRequest<{ readonly id: string }>, { partners }: ApiParts): Promise<unknown> {
  return recordOf(await partners.text(), params.id) ?? null
}

function recordOf({ partners }: TrustText, id: string): RecordValue | undefined {
  return partners.find(partner => partner.id === id)
}

async function partnerOf(id: string, { partners }: ApiParts): Promise<Partner> {
  const found = (await partners.read()).partners.find(partner => partner.id === id)
  if (found === undefined) throw new Fault('not-found', `no partner ${quote(id)} has a record`)
  return found
}
