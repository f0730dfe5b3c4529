// Partners as the configuration has them, and their suspension.
import { Fault, quote } from '@seg/core'
import type { CertificateRule, Partner } from '@seg/pki'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, route } from '../api/route.ts'
import { exactly, orNull, Time, Type, Why } from '../api/schema.ts'

const Id = exactly({ id: Type.String({ minLength: 1, maxLength: 384 }) })
const Text = orNull(Type.String())

const Rule = exactly(
  {
    uses: Type.Array(Type.String()),
    authority: Text,
    sha256: Text,
    spki: Text,
    uri: Text,
    from: orNull(Time),
    until: orNull(Time),
  },
  'CertificateRule',
)

const PartnerRow = exactly(
  {
    id: Type.String(),
    name: Text,
    contact: Text,
    state: Type.String(),
    certificates: Type.Array(Rule),
    documents: orNull(Type.Array(Type.String())),
    requiresHybrid: Type.Boolean(),
  },
  'Partner',
)

export const partnerRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/partners',
    permission: 'partners.read',
    summary: 'All records of partners; with the mode ca each gateway with a certificate of the CA is one, too.',
    response: exactly({ mode: Type.String(), authorities: Type.Array(Type.String()), data: Type.Array(PartnerRow) }),
    handle: async (_request, { partners }) => {
      const { mode, authorities, partners: records } = await partners.read()
      return { mode, authorities: authorities.map(({ name }) => name), data: records.map(partnerRow) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/partners/:id',
    permission: 'partners.read',
    summary: 'The record of one partner.',
    params: Id,
    response: PartnerRow,
    handle: async ({ params: { id } }, parts) => partnerRow(await partnerOf(id, parts)),
  }),
  stateRoute('suspend', 'suspended', 'Refuses a partner from now on, on open connections, too.'),
  stateRoute('resume', 'active', 'Ends a suspension.'),
]

function stateRoute(verb: string, state: 'active' | 'suspended', summary: string): ApiRoute {
  return route({
    method: 'POST',
    path: `/api/v1/partners/:id/${verb}`,
    permission: 'partners.act',
    summary,
    params: Id,
    body: exactly({ why: Why }),
    response: exactly({ id: Type.String(), state: Type.String() }),
    handle: async (request, parts) => {
      const { id } = request.params
      const planned = {
        action: state === 'suspended' ? 'partner.suspended' : 'partner.resumed',
        category: 'partner',
        on: { kind: 'partner', id },
        why: request.body.why,
        look: async () => (await findPartner(id, parts))?.state ?? null,
      } as const
      await actAs(request as ApiRequest, parts, planned, () => parts.partners.setState(id, state))
      return { id, state }
    },
  })
}

async function findPartner(id: string, { partners }: ApiParts): Promise<Partner | undefined> {
  return (await partners.read()).partners.find(partner => partner.id === id)
}

async function partnerOf(id: string, parts: ApiParts): Promise<Partner> {
  const found = await findPartner(id, parts)
  if (found === undefined) throw new Fault('not-found', `no partner ${quote(id)} has a record`)
  return found
}

function partnerRow({ id, name, contact, state, certificates, documents, requiresHybrid }: Partner) {
  return {
    ...{ id, state, requiresHybrid },
    name: name ?? null,
    contact: contact ?? null,
    certificates: certificates.map(ruleRow),
    documents: documents === undefined ? null : [...documents],
  }
}

function ruleRow({ uses, authority, sha256, spki, uri, from, until }: CertificateRule) {
  return {
    uses: [...uses],
    authority: authority ?? null,
    sha256: sha256 === undefined ? null : sha256.replaceAll(':', '').toLowerCase(),
    spki: spki ?? null,
    uri: uri ?? null,
    from: Number.isFinite(from) ? new Date(from).toISOString() : null,
    until: Number.isFinite(until) ? new Date(until).toISOString() : null,
  }
}
