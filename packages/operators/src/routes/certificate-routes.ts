// Certificates that the gateway uses or relies on, the next to end first.
import { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRoute, route } from '../api/route.ts'
import { Digest, exactly, orNull, Time, Type } from '../api/schema.ts'
import { certificateDigestOf } from '../keys/given-certificates.ts'

const DAY = 24 * 60 * 60 * 1000

const facts = {
  uses: Type.Array(Type.String()),
  subject: Type.String(),
  issuer: Type.String(),
  serialNumber: Type.String(),
  fingerprint: Digest,
  validFrom: Time,
  validTo: Time,
  daysLeft: Type.Integer(),
  state: Type.String({ description: 'valid, expired or not-yet-valid.' }),
}

const { uses: _uses, ...checkedOnly } = facts
const checkedFacts = { ...checkedOnly, isCa: Type.Boolean() }

export const certificateRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/certificates',
    permission: 'certificates.read',
    summary: 'Certificates in use, with what for: the next to end first.',
    response: exactly({ data: Type.Array(exactly(facts)) }),
    handle: async (_request, parts) => ({ data: (await readAll(parts)).map(({ pem: _pem, ...row }) => row) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/certificates/:fingerprint',
    permission: 'certificates.read',
    summary: 'One of them, with its PEM.',
    params: exactly({ fingerprint: Digest }),
    response: exactly({ ...facts, pem: Type.String() }),
    handle: async ({ params: { fingerprint } }, parts) => {
      const found = (await readAll(parts)).find(row => row.fingerprint === fingerprint)
      if (found === undefined) throw new Fault('not-found', `no certificate in use has the fingerprint ${fingerprint}`)
      return found
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/certificates/check',
    permission: 'certificates.read',
    onlyReads: true,
    summary: 'What a certificate is, which partner it would be, and each check: nothing is kept.',
    body: exactly({
      certificate: Type.String({
        minLength: 1,
        maxLength: 60_000,
        description: 'PEM; or DER or PKCS #7 in base64. With its chain, in any order.',
      }),
    }),
    response: exactly({
      form: Type.String({ description: 'PEM, DER or PKCS #7.' }),
      certificates: Type.Array(exactly(checkedFacts), { description: "The partner's own first." }),
      isGood: Type.Boolean(),
      partner: orNull(Type.String({ description: 'Who it would be recognized as now.' })),
      checks: Type.Array(
        exactly({
          name: Type.String(),
          isPassed: Type.Boolean(),
          detail: Type.String(),
          values: Type.Object(
            {},
            { additionalProperties: true, description: 'Of one that passed: those in `detail`, as texts.' },
          ),
          code: orNull(Type.String({ description: 'Of the fault that it found.' })),
          remedy: orNull(Type.String()),
        }),
      ),
      rule: orNull(
        Type.Object({}, { additionalProperties: true, description: 'A rule of seg.yaml that recognizes it.' }),
      ),
    }),
    handle: async ({ body: { certificate } }, { partners, now }) => {
      // Base64 has no dashes, PEM begins with them.
      const octets = Buffer.from(certificate, certificate.includes('-----') ? 'utf8' : 'base64')
      const { form, leaf, certificates, checks, partner, rule } = await partners.judge(octets, now())
      const others = certificates.filter(one => one !== leaf)
      return {
        form,
        certificates: [leaf, ...others].map(one => {
          const { uses: _uses, pem: _pem, ...row } = describeUse('', one, now())
          return { ...row, isCa: one.ca }
        }),
        isGood: checks.every(({ isPassed }) => isPassed),
        partner: partner ?? null,
        checks: checks.map(row => ({ ...row, code: row.code ?? null, remedy: row.remedy ?? null })),
        rule: (rule as Record<string, never> | undefined) ?? null,
      }
    },
  }),
]

/** One row for each certificate of any use. */
async function readAll({ ask, now }: ApiParts) {
  const rows = new Map<string, ReturnType<typeof describeUse>>()
  for (const { use, der } of await ask('certificates')) {
    const row = describeUse(use, new X509Certificate(der), now())
    const known = rows.get(row.fingerprint)
    rows.set(row.fingerprint, known === undefined ? row : { ...known, uses: [...new Set([...known.uses, use])] })
  }
  return [...rows.values()].sort((a, b) => (a.validTo < b.validTo ? -1 : 1))
}

function describeUse(use: string, certificate: X509Certificate, now: Date) {
  const { subject, issuer, serialNumber, validFromDate, validToDate } = certificate
  const state = now > validToDate ? 'expired' : now < validFromDate ? 'not-yet-valid' : 'valid'
  return {
    uses: [use],
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    serialNumber,
    fingerprint: certificateDigestOf(certificate),
    validFrom: validFromDate.toISOString(),
    validTo: validToDate.toISOString(),
    daysLeft: Math.floor((validToDate.getTime() - now.getTime()) / DAY),
    state,
    pem: certificate.toString(),
  }
}

/** Node writes each attribute in a line of its own, and has none of an empty name. */
function nameOf(name: string | undefined): string {
  return name?.replaceAll('\n', ', ') ?? ''
}
