// The next certificates that partners announced, and an operator's decisions on those that wait, as
// `receiver rollover` makes them.

import { obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import type { AnnouncedCertificate } from '../api/partner-file.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, route } from '../api/route.ts'
import { Digest, exactly, orNull, Time, Type, Why, wordOf } from '../api/schema.ts'
import { onInput } from './partner-routes.ts'

const path = '/api/v1/rollovers'
const Certificate = exactly({ fingerprint: Digest })
const Word = exactly({
  partner: Type.Optional(Type.String({ description: 'Who announced it: needed where several partners did.' })),
  why: Why,
})

const RolloverRow = exactly(
  {
    partner: Type.String(),
    document: Type.String({ description: 'Id of the document that announced it, which is in the ledger.' }),
    fingerprint: Digest,
    subject: Type.String(),
    uses: Type.Array(Type.String()),
    from: Time,
    until: Type.String({ format: 'date-time', description: 'Until when the former certificate counts, too.' }),
    at: Time,
    state: wordOf('waiting', 'taken', 'refused'),
    reason: orNull(Type.String({ description: 'Why it waits, or was refused.' })),
    acts: Acts,
  },
  'Rollover',
)

export const rolloverRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path,
    permission: 'partners.read',
    summary: 'Certificates that partners announced as their next, the latest first.',
    response: exactly({ data: Type.Array(RolloverRow) }),
    handle: async (request, { partners }) => ({
      data: (await partners.announced()).map(announced => rolloverRow(announced, request)),
    }),
  }),
  route({
    method: 'POST',
    path: `${path}/:fingerprint/accept`,
    permission: 'partners.act',
    needsApproval: true,
    act: 'partner.rollover-accepted',
    summary: 'An announced certificate that waits counts, as the record of its partner says.',
    params: Certificate,
    body: Word,
    // What a partner announces anew is something else than what was approved.
    version: ({ params: { fingerprint } }, parts) => waitingWith(fingerprint, parts),
    response: RolloverRow,
    handle: (request, parts) => decide('accepted', request, parts),
  }),
  route({
    method: 'POST',
    path: `${path}/:fingerprint/refuse`,
    permission: 'partners.act',
    act: 'partner.rollover-refused',
    summary: 'An announced certificate that waits does not count.',
    params: Certificate,
    body: Word,
    response: RolloverRow,
    handle: (request, parts) => decide('refused', request, parts),
  }),
]

async function waitingWith(fingerprint: string, { partners }: ApiParts) {
  const announced = await partners.announced()
  return announced.filter(one => one.fingerprint === fingerprint && one.state === 'waiting')
}

type Asked = ApiRequest<
  { readonly fingerprint: string },
  unknown,
  { readonly partner?: string | undefined; readonly why: string }
>

async function decide(decision: 'accepted' | 'refused', request: Asked, parts: ApiParts) {
  const { fingerprint } = request.params
  const which = { fingerprint, partner: request.body.partner }
  const planned = {
    ...{ action: `partner.rollover-${decision}`, category: 'partner' as const },
    ...{ on: { kind: 'certificate', id: fingerprint }, why: request.body.why },
    look: async () => (decision === 'accepted' ? (await parts.partners.text()).partners : null),
  }
  const work = () => onInput(() => parts.partners.decideAnnounced(which, decision, parts.now()))
  return rolloverRow(await actAs(request, parts, planned, work), request)
}

function rolloverRow({ uses, ...announced }: AnnouncedCertificate, request: Pick<ApiRequest, 'operator'>) {
  const settled = announced.state === 'waiting' ? undefined : obstacle('in-state', { state: announced.state })
  return {
    ...announced,
    uses: [...uses],
    acts: possibleActs(request, 'partners.act', { accept: settled, refuse: settled }),
  }
}
