import type { X509Certificate } from 'node:crypto'
import t from 'tap'
import { makeTrustAnchors } from '../path/authority.ts'
import { issuerIdOf, parsePathCertificate } from '../path/path-certificate.ts'
import {
  extensions,
  type Issued,
  leafExtensions,
  makeCa,
  makeLeaf,
  names,
  type Wanted,
} from '../testing/path-certificates.ts'
import { publicKeyDigest } from './match-partner.ts'
import type { CertificateRule, Partner } from './partner.ts'
import { recognize } from './recognize.ts'
import type { TrustPolicy } from './trust-policy.ts'

const gov = makeCa('Government CA')
const qtsp = makeCa('Trust service CA')
const issuing = makeCa('Issuing CA', { issuer: gov })

type Parts = Partial<Omit<CertificateRule, 'subject'>> & { readonly subject?: Readonly<Record<string, string>> }
const CN = '2.5.4.3'

function rule({ subject = {}, ...rest }: Parts): CertificateRule {
  return {
    uses: ['tls', 'sign'],
    authority: undefined,
    subject: new Map(Object.entries(subject)),
    sha256: undefined,
    spki: undefined,
    uri: undefined,
    from: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    line: 1,
    ...rest,
  }
}

function partner(id: string, ...certificates: CertificateRule[]): Partner {
  return {
    id,
    name: undefined,
    contact: undefined,
    state: 'active',
    certificates,

    limits: {},
    documents: undefined,
    requiresHybrid: false,
    line: 1,
  }
}

function policyOf(...partners: Partner[]): TrustPolicy {
  const authority = (name: string, ca: Issued) => ({
    name,
    anchors: [ca.certificate],
    intermediates: [],
    revocation: { need: 'none', grace: 0 } as const,
  })
  const times = partners.flatMap(({ certificates }) => certificates.flatMap(({ from, until }) => [from, until + 1]))
  return {
    mode: 'listed',
    anchors: makeTrustAnchors([authority('gov', gov), authority('qtsp', qtsp)]),
    revocation: new Map(),
    crls: [],
    partners,
    partnerOf: new Map(partners.map(one => [one.id, one])),
    changes: times.filter(Number.isFinite).sort((a, b) => a - b),
  }
}

function whoIs(
  leaf: X509Certificate,
  policy: TrustPolicy,
  { now = new Date(), use = 'tls' as 'tls' | 'sign', presented = [] as X509Certificate[] } = {},
) {
  const found = recognize({ leaf, presented }, use, policy, now)
  return found.kind === 'partner' ? `partner ${found.id}` : `${found.kind} ${found.fault.code}`
}

const leaf = (ca: Issued, cn: string, more: Partial<Wanted> = {}) =>
  makeLeaf(ca, { subject: [['CN', cn]], ...more }).certificate

t.test('an authority speaks only for partners that it is named for', async t => {
  const policy = policyOf(
    partner('A', rule({ authority: 'gov', subject: { [CN]: 'gw' } })),
    partner('B', rule({ authority: 'qtsp', subject: { [CN]: 'gw' } })),
  )
  t.equal(whoIs(leaf(gov, 'gw'), policy), 'partner A')
  t.equal(whoIs(leaf(qtsp, 'gw'), policy), 'partner B')
  t.equal(whoIs(leaf(qtsp, 'other'), policy), 'refused partner-unknown')
  t.equal(whoIs(leaf(makeCa('Government CA'), 'gw'), policy), 'stranger certificate-untrusted')
})

t.test('a chain through an intermediate CA that is presented is the authority, without it nobody', async t => {
  const policy = policyOf(partner('A', rule({ authority: 'gov', subject: { [CN]: 'gw' } })))
  const certificate = leaf(issuing, 'gw')
  t.equal(whoIs(certificate, policy, { presented: [issuing.certificate] }), 'partner A')
  t.equal(whoIs(certificate, policy), 'stranger certificate-untrusted')
})

t.test('each attribute that is named stands exactly once in the subject, and is the same to the character', async t => {
  const policy = policyOf(partner('A', rule({ authority: 'gov', subject: { [CN]: 'gw', '2.5.4.10': 'Ministry' } })))
  const subjects: readonly (readonly [Wanted['subject'], string])[] = [
    [
      [
        ['O', 'Ministry'],
        ['CN', 'gw'],
      ],
      'partner A',
    ],
    [
      [
        ['CN', 'gw'],
        ['O', 'Ministry'],
        ['OU', 'more'],
      ],
      'partner A',
    ],
    [[['CN', 'gw']], 'refused partner-unknown'],
    [
      [
        ['O', 'Ministry'],
        ['CN', 'gw'],
        ['CN', 'gw'],
      ],
      'refused partner-unknown',
    ],
    [
      [
        ['O', 'Ministry'],
        ['CN', 'gw'],
        ['CN', 'x'],
      ],
      'refused partner-unknown',
    ],
    [
      [
        ['O', 'ministry'],
        ['CN', 'gw'],
      ],
      'refused partner-unknown',
    ],
    [
      [
        ['O', 'Ministry'],
        ['CN', 'gw '],
      ],
      'refused partner-unknown',
    ],
    [[['O', 'Ministry, CN=gw']], 'refused partner-unknown'],
  ]
  for (const [subject, expected] of subjects)
    t.equal(whoIs(makeLeaf(gov, { subject: subject! }).certificate, policy), expected, JSON.stringify(subject))
})

t.test('a URI is the only one in the certificate', async t => {
  const policy = policyOf(partner('A', rule({ authority: 'gov', uri: 'urn:gw:1' })))
  const withNames = (...general: Buffer[]) =>
    leaf(gov, 'any', { extensions: leafExtensions(extensions.alternative(...general)) })
  t.equal(whoIs(withNames(names.uri('urn:gw:1'), names.dns('gw1.example')), policy), 'partner A')
  t.equal(whoIs(withNames(names.uri('urn:gw:2')), policy), 'refused partner-unknown')
  t.equal(whoIs(withNames(names.uri('urn:gw:1'), names.uri('urn:gw:2')), policy), 'refused partner-unknown')
  t.equal(whoIs(withNames(names.dns('urn:gw:1')), policy), 'refused partner-unknown')
})

t.test('a pin recognizes a certificate or a key, also a self-signed one, in its dates and for its use', async t => {
  const own = makeLeaf(makeCa('self'), { subject: [['CN', 'self']] })
  const later = makeLeaf(makeCa('other'), { keys: own.keys })
  const expired = makeLeaf(makeCa('self'), { from: -3, to: -2 })
  const server = makeLeaf(makeCa('self'), {
    extensions: [extensions.basic(false), extensions.usage(0), extensions.purpose('1.3.6.1.5.5.7.3.1')],
  })
  const pin = (certificate: X509Certificate) => policyOf(partner('A', rule({ sha256: certificate.fingerprint256 })))
  t.equal(whoIs(own.certificate, pin(own.certificate)), 'partner A')
  t.equal(whoIs(later.certificate, pin(own.certificate)), 'stranger certificate-untrusted')
  const byKey = policyOf(partner('A', rule({ spki: publicKeyDigest(own.certificate) })))
  t.equal(whoIs(later.certificate, byKey), 'partner A')
  t.equal(whoIs(expired.certificate, pin(expired.certificate)), 'refused certificate-expired')
  t.equal(whoIs(server.certificate, pin(server.certificate)), 'refused certificate-purpose')
  t.equal(whoIs(gov.certificate, pin(gov.certificate)), 'refused certificate-purpose')
})

t.test('a pin that names an authority is held to it', async t => {
  const good = leaf(gov, 'gw')
  const foreign = leaf(makeCa('Government CA'), 'gw')
  const pin = (certificate: X509Certificate) =>
    policyOf(partner('A', rule({ sha256: certificate.fingerprint256, authority: 'gov' })))
  t.equal(whoIs(good, pin(good)), 'partner A')
  t.equal(whoIs(foreign, pin(foreign)), 'stranger certificate-untrusted')
})

t.test('a revocation counts for a pin that names an authority, and not for one that needs no issuer', async t => {
  const good = leaf(gov, 'gw')
  const pinned = (rules: CertificateRule) => {
    const list = {
      ...{ number: 1n, thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + 1_000_000 },
      find: (serial: string) =>
        serial === good.serialNumber.toLowerCase() ? { at: Date.now() - 1000, reason: 1 } : undefined,
    }
    const revocation = new Map([[issuerIdOf(parsePathCertificate(gov.certificate)), list]])
    return { ...policyOf(partner('A', rules)), revocation }
  }
  for (const use of ['tls', 'sign'] as const) {
    const held = pinned(rule({ sha256: good.fingerprint256, authority: 'gov' }))
    t.equal(whoIs(good, held, { use }), 'refused certificate-revoked', use)
    const named = pinned(rule({ authority: 'gov', subject: { [CN]: 'gw' } }))
    t.equal(whoIs(good, named, { use }), 'refused certificate-revoked', use)
    for (const alone of [{ sha256: good.fingerprint256 }, { spki: publicKeyDigest(good) }])
      t.equal(whoIs(good, pinned(rule(alone)), { use }), 'partner A', use)
  }
})

t.test('a certificate that two partners claim is nobody\u2019s', async t => {
  const certificate = leaf(gov, 'gw')
  const policy = policyOf(
    partner('A', rule({ authority: 'gov', subject: { [CN]: 'gw' } })),
    partner('B', rule({ sha256: certificate.fingerprint256 })),
  )
  t.equal(whoIs(certificate, policy), 'refused partner-unknown')
})

t.test('a rule holds from its first moment to its last', async t => {
  const day = Date.now()
  const policy = policyOf(
    partner('A', rule({ authority: 'gov', subject: { [CN]: 'gw' }, from: day, until: day + 1000 })),
  )
  const certificate = leaf(gov, 'gw')
  const at = (time: number) => whoIs(certificate, policy, { now: new Date(time) })
  t.same([day - 1, day, day + 1000, day + 1001].map(at), [
    'refused partner-unknown',
    'partner A',
    'partner A',
    'refused partner-unknown',
  ])
  const found = recognize({ leaf: certificate, presented: [] }, 'tls', policy, new Date(day + 5))
  t.match(found, { to: day + 1000 }, 'and is not remembered beyond it')
})

t.test('certificates for connections and for signatures are apart', async t => {
  const policy = policyOf(
    partner(
      'A',
      rule({ uses: ['tls'], authority: 'gov', subject: { [CN]: 'server' } }),
      rule({ uses: ['sign'], authority: 'gov', subject: { [CN]: 'signer' } }),
    ),
  )
  t.equal(whoIs(leaf(gov, 'server'), policy), 'partner A')
  t.match(recognize({ leaf: leaf(gov, 'server'), presented: [] }, 'tls', policy, new Date()), { maySign: false })
  t.equal(whoIs(leaf(gov, 'signer'), policy), 'refused partner-unknown')
  t.equal(whoIs(leaf(gov, 'signer'), policy, { use: 'sign' }), 'partner A')
  t.equal(whoIs(leaf(gov, 'server'), policy, { use: 'sign' }), 'refused partner-unknown')
})

t.test('who is certified and fails otherwise is refused with its own code', async t => {
  const rules = [rule({ authority: 'gov', subject: { [CN]: 'gw' } })]
  const policy = policyOf(partner('A', ...rules))
  t.equal(whoIs(leaf(gov, 'gw', { from: -3, to: -2 }), policy), 'refused certificate-expired')
  t.equal(whoIs(leaf(gov, 'gw', { from: 2, to: 3 }), policy), 'refused certificate-expired')
  t.equal(whoIs(leaf(gov, 'gw', { algorithm: 'ecdsaSha1' as never }), policy), 'refused certificate-invalid')
  t.equal(
    whoIs(leaf(gov, 'gw'), policyOf({ ...partner('A', ...rules), state: 'suspended' })),
    'refused partner-suspended',
  )
})
