// Partners and their rules as answers have them.
import type { CertificateRule, Partner } from '@seg/pki'
import { obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import type { ApiRequest } from '../api/route.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'

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

export const PartnerRow = exactly(
  {
    id: Type.String(),
    name: Text,
    contact: Text,
    state: Type.String(),
    certificates: Type.Array(Rule),
    documents: orNull(Type.Array(Type.String())),
    requiresHybrid: Type.Boolean(),
    acts: Acts,
  },
  'Partner',
)

export function partnerRow(partner: Partner, request: Pick<ApiRequest, 'operator'>) {
  const { id, name, contact, state, certificates, documents, requiresHybrid } = partner
  return {
    ...{ id, requiresHybrid },
    state: state as string,
    name: name ?? null,
    contact: contact ?? null,
    certificates: certificates.map(ruleRow),
    documents: documents === undefined ? null : [...documents],
    acts: possibleActs(request, 'partners.act', {
      suspend: state === 'suspended' ? obstacle('in-state', { state }) : undefined,
      resume: state === 'active' ? obstacle('in-state', { state }) : undefined,
      change: undefined,
      remove: undefined,
    }),
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
