// Our own keys: requests for the next certificates of this gateway, and keys that were made
// elsewhere.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  findRenewalRequest,
  importPkcs12,
  installRenewal,
  judgePkcs12,
  judgeRenewal,
  makeRenewalRequest,
  type RenewedUse,
  renewedUses,
  withdrawRenewalRequest,
} from '@seg/pki'
import { obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, route } from '../api/route.ts'
import { Digest, DryRun, exactly, orNull, Time, Type, Why, wordOf } from '../api/schema.ts'
import { certificateDigestOf, givenForm, givenOctets } from './given-certificates.ts'

const path = '/api/v1/renewals'
const Use = exactly({ use: wordOf(...renewedUses) })
const Certificate = Type.String({
  ...givenForm,
  description: 'PEM; or DER or PKCS #7 in base64. With its chain, in any order.',
})
const Request = exactly({
  pem: Type.String({ description: 'PKCS #10.' }),
  key: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the public key.' }),
  madeAt: Time,
})
const Row = exactly({ use: Type.String(), request: orNull(Request), acts: Acts }, 'Renewal')
const Check = exactly({
  name: Type.String(),
  isPassed: Type.Boolean(),
  detail: Type.String(),
  values: Type.Object(
    {},
    { additionalProperties: true, description: 'Of one that passed: those in `detail`, as texts.' },
  ),
  code: orNull(Type.String({ description: 'Of the fault that a check has found.' })),
})
const Judged = {
  isGood: Type.Boolean(),
  fingerprint: orNull(Digest),
  validTo: orNull(Time),
  checks: Type.Array(Check),
}
const Pkcs12 = Type.String({ ...givenForm, pattern: '^[A-Za-z0-9+/=]+$', description: 'The file, in base64.' })
const Query = exactly({ why: Why })

export const renewalRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path,
    permission: 'certificates.read',
    summary: 'Our own certificates that can be renewed here, each with the request that waits for its certificate.',
    response: exactly({ data: Type.Array(Row) }),
    handle: async (request, parts) => ({
      data: await Promise.all(renewedUses.map(use => rowOf(use, request, parts))),
    }),
  }),
  route({
    method: 'POST',
    path: `${path}/:use`,
    permission: 'certificates.act',
    act: 'key.request-made',
    summary: 'Makes a key and a request for the next certificate; both wait until it is there.',
    params: Use,
    body: exactly({ why: Why }),
    response: Row,
    handle: async (request, parts) => {
      const { use } = request.params
      const planned = plan('request-made', use, request.body.why, parts)
      await actAs(request, parts, planned, () => makeRenewalRequest(parts.certs, use))
      return rowOf(use, request, parts)
    },
  }),
  route({
    method: 'DELETE',
    path: `${path}/:use`,
    permission: 'certificates.act',
    act: 'key.request-withdrawn',
    summary: 'Withdraws the request that waits; its key was never in use.',
    params: Use,
    query: Query,
    response: Row,
    handle: async (request, parts) => {
      const { use } = request.params
      const planned = plan('request-withdrawn', use, request.query.why, parts)
      await actAs(request, parts, planned, () => withdrawRenewalRequest(parts.certs, use))
      return rowOf(use, request, parts)
    },
  }),
  route({
    method: 'POST',
    path: `${path}/:use/check`,
    permission: 'certificates.read',
    onlyReads: true,
    summary: 'Whether a certificate answers the request that waits, check by check: nothing is kept.',
    params: Use,
    body: exactly({ certificate: Certificate }),
    response: exactly(Judged),
    handle: async ({ params: { use }, body }, { certs, now }) =>
      judgedFacts(await judgeRenewal(certs, use, givenOctets(body.certificate), now())),
  }),
  route({
    method: 'POST',
    path: `${path}/:use/import`,
    permission: 'certificates.act',
    act: 'key.key-imported',
    summary:
      'A key and its certificate out of a PKCS #12 file: when each check has passed, the key waits as that of a ' +
      'request does, and `install` takes the certificate. A dry run keeps nothing; the password is never kept.',
    params: Use,
    query: DryRun,
    body: exactly({ pkcs12: Pkcs12, password: Type.String({ maxLength: 1000 }), why: Why }),
    response: exactly({
      ...Judged,
      certificate: orNull(Type.String({ description: 'PEM, with its chain.' })),
      isDryRun: Type.Boolean(),
    }),
    handle: async (request, parts) => {
      const { use } = request.params
      const { pkcs12, password, why } = request.body
      const isDryRun = request.query.dryRun === true
      const given = { octets: Buffer.from(pkcs12, 'base64'), password }
      const work = isDryRun ? judgePkcs12 : importPkcs12
      const run = () => work(parts.certs, use, given, parts.now())
      const judged = isDryRun ? await run() : await actAs(request, parts, plan('key-imported', use, why, parts), run)
      return { ...judgedFacts(judged), certificate: judged.pem ?? null, isDryRun }
    },
  }),
  route({
    method: 'POST',
    path: `${path}/:use/install`,
    permission: 'certificates.act',
    needsApproval: true,
    act: 'key.certificate-installed',
    summary:
      'Puts the certificate and its key in the place of those in use; a running gateway takes them within seconds.',
    params: Use,
    body: exactly({ certificate: Certificate, why: Why }),
    version: async ({ params: { use } }, { certs }) => (await findRenewalRequest(certs, use))?.key ?? null,
    response: exactly({ use: Type.String(), fingerprint: Digest, validTo: Time }),
    handle: async (request, parts) => {
      const { use } = request.params
      const { certificate: given, why } = request.body
      const work = () => installRenewal(parts.certs, use, givenOctets(given), parts.now())
      const certificate = await actAs(request, parts, plan('certificate-installed', use, why, parts), work)
      return { use, fingerprint: certificateDigestOf(certificate), validTo: certificate.validToDate.toISOString() }
    },
  }),
]

async function rowOf(use: RenewedUse, request: Pick<ApiRequest, 'operator'>, { certs }: ApiParts) {
  const found = existsSync(join(certs, `${use}.crt`)) ? await findRenewalRequest(certs, use) : undefined
  const none = existsSync(join(certs, `${use}.crt`)) ? undefined : obstacle('no-certificate', { use })
  const missing = found === undefined ? obstacle('no-request') : undefined
  const waiting = found === undefined ? undefined : obstacle('request-waits')
  return {
    use,
    request: found === undefined ? null : { ...found, madeAt: found.madeAt.toISOString() },
    acts: possibleActs(request, 'certificates.act', {
      request: none ?? waiting,
      import: none ?? waiting,
      withdraw: missing,
      install: missing,
    }),
  }
}

function judgedFacts({
  checks,
  certificate,
}: Pick<Awaited<ReturnType<typeof judgeRenewal>>, 'checks' | 'certificate'>) {
  return {
    isGood: checks.every(({ isPassed }) => isPassed),
    fingerprint: certificate === undefined ? null : certificateDigestOf(certificate),
    validTo: certificate?.validToDate.toISOString() ?? null,
    checks: checks.map(row => ({ ...row, values: row.values ?? {}, code: row.code ?? null })),
  }
}

/** The audit record has, before and after, the key that waits. */
function plan(action: string, use: RenewedUse, why: string, { certs }: ApiParts) {
  const look = async () => ({ waiting: (await findRenewalRequest(certs, use))?.key ?? null })
  return { action: `key.${action}`, category: 'key' as const, on: { kind: 'certificate', id: use }, why, look }
}
