// Chains put together at random, compared with `openssl verify`: what we accept it accepts, and
// what it accepts we refuse only where the profile is stricter (docs/pki.md).
import type { X509Certificate } from 'node:crypto'
import { makeTrustAnchors, type PathVerdict, validatePath } from '@seg/pki'
import fc from 'fast-check'
import t from 'tap'
import { askOpenssl, hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import {
  extensions,
  type Issued,
  makeCa,
  makeCertificate,
  makeKeys,
  type NameParts,
  names,
  uses,
} from '../../packages/pki/src/testing/path-certificates.ts'

const { basic, usage, purpose, alternative, constraints, other } = extensions

/** Mostly right, so that deep chains get somewhere. */
const mostly = <T>(usual: T, ...rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 14, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) })

const pool = [makeKeys.p256(), makeKeys.p384(), makeKeys.rsa(), makeKeys.ed25519(), makeKeys.p256(), makeKeys.p521()]
const weak = [makeKeys.rsa(1024), makeKeys.k256()]
const keys = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...pool) },
  { weight: 1, arbitrary: fc.constantFrom(...weak) },
)
const from = mostly(-1, 1)
const to = mostly(2, -0.5)
const keyIds = mostly<'both' | 'subject' | 'none' | 'wrong'>('both', 'subject', 'none', 'wrong')
const unknown = mostly<'none' | 'plain' | 'critical'>('none', 'plain', 'critical')
const hosts = ['example.org', 'gw.example.org', 'example.com', '.example.org', 'EXAMPLE.org', 'xexample.org']
const host = fc.constantFrom(...hosts)
const address = fc.constantFrom([10, 0, 0, 1], [10, 1, 0, 1], [192, 168, 0, 1])
const directories: readonly NameParts[] = [
  [['C', 'FO']],
  [['C', 'DK']],
  [
    ['C', 'FO'],
    ['O', 'Ministry'],
  ],
]
const directory = fc.constantFrom(...directories)

const base = fc.oneof(
  host.map(names.dns),
  host.map(names.email),
  host.map(names.uri),
  address.map(octets => names.address(...octets, 255, 255, 0, 0)),
  directory.map(names.directory),
)
const bases = fc.array(base, { maxLength: 3 })
const bounds = fc.option(fc.record({ permitted: bases, excluded: bases }), { freq: 4 }).map(found => {
  const isEmpty = found === null || found.permitted.length + found.excluded.length === 0
  return isEmpty ? [] : [constraints(found.permitted, found.excluded)]
})
const subjectName = fc.oneof(
  host.map(text => names.dns(text.replace(/^\./, 'a.'))),
  host.map(text => names.email(`ops@${text.replace(/^\./, 'a.')}`)),
  host.map(text => names.uri(`https://${text.replace(/^\./, 'a.')}:8443/x`)),
  address.map(octets => names.address(...octets)),
)
const subject = fc.tuple(directory, fc.constantFrom('gw', 'gw.example.org', 'gw.example.com', 'MINISTRY 1_SEG01'))

const ca = fc.record({
  keys,
  from,
  to,
  keyIds,
  unknown,
  bounds,
  directory,
  basic: mostly(basic(true), basic(true, 0), basic(true, 1), basic(true, 2), basic(false), basic(true, 1, false)),
  usage: mostly(usage(5, 6), usage(5), usage(6), usage(0, 5), usage(0)),
  purpose: mostly<Buffer[]>([], [purpose(uses.client)], [purpose(uses.server)], [purpose(uses.any)]),
  isSelfNamed: mostly(false, true),
  algorithm: mostly(false, true),
})
const leaf = fc.record({
  keys,
  from,
  to,
  keyIds,
  unknown,
  subject,
  names: fc.array(subjectName, { maxLength: 3 }),
  basic: mostly<Buffer[]>([basic(false)], [], [basic(true)]),
  usage: mostly<Buffer[]>([usage(0)], [], [usage(4)], [usage(0, 5)], [usage(1)], [usage(0, 2)]),
  purpose: mostly<Buffer[]>(
    [purpose(uses.client)],
    [],
    [purpose(uses.server)],
    [purpose(uses.any)],
    [purpose(uses.server, uses.client)],
  ),
})
const chain = fc.record({
  cas: fc.array(ca, { minLength: 1, maxLength: 4 }),
  leaf,
  anchor: fc.nat({ max: 1 }),
  order: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  missing: mostly(false, true),
})

const unknownExtension = { none: [], plain: [other('1.2.3.4', false)], critical: [other('1.2.3.4', true)] }

/** What a signature with SHA-1 is called, of the kinds of keys that can make one. */
function weakAlgorithm({ privateKey }: Issued['keys']) {
  const names = { rsa: 'rsaSha1', ec: 'ecdsaSha1' } as const
  return Object.entries(names).find(([type]) => type === privateKey.asymmetricKeyType)?.[1]
}

type Spec = typeof chain extends fc.Arbitrary<infer T> ? T : never

function build({ cas, leaf, anchor, order, missing }: Spec) {
  const issued: Issued[] = []
  for (const [level, { directory, isSelfNamed, algorithm, ...spec }] of cas.entries()) {
    const issuer = issued.at(-1)
    const common = isSelfNamed ? 'CA 0' : `CA ${level}`
    const sha1 = algorithm ? weakAlgorithm(issuer?.keys ?? spec.keys) : undefined
    const wanted = {
      subject: [...(isSelfNamed ? directories[0]! : directory), ['CN', common]] as NameParts,
      keys: spec.keys,
      from: spec.from,
      to: spec.to,
      keyIds: spec.keyIds,
      extensions: [spec.basic, spec.usage, ...spec.purpose, ...spec.bounds, ...unknownExtension[spec.unknown]],
      ...(sha1 !== undefined && { algorithm: sha1 }),
    }
    issued.push(makeCa(common, issuer === undefined ? wanted : { ...wanted, issuer }))
  }
  const [base, common] = leaf.subject
  const made = makeCertificate({
    issuer: issued.at(-1)!,
    subject: [...base, ['CN', common]],
    keys: leaf.keys,
    from: leaf.from,
    to: leaf.to,
    keyIds: leaf.keyIds,
    extensions: [
      ...leaf.basic,
      ...leaf.usage,
      ...leaf.purpose,
      ...(leaf.names.length > 0 ? [alternative(...leaf.names)] : []),
      ...unknownExtension[leaf.unknown],
    ],
  })
  const at = Math.min(anchor, issued.length - 1)
  const presented = issued
    .slice(at + 1)
    .filter((_, i) => !(missing && i === 0))
    .map(({ certificate }, i) => ({ certificate, key: order[i]! }))
    .sort((a, b) => a.key - b.key)
  return {
    leaf: made.certificate,
    presented: presented.map(({ certificate }) => certificate),
    anchors: [issued[at]!.certificate] as readonly X509Certificate[],
  }
}

/** Where our profile refuses more: the check, and what it finds. Each has a row in docs/pki.md. */
const stricter: readonly (readonly [check: RegExp, found: RegExp])[] = [
  [/^extendedKeyUsage \(/, /^none$/],
  [/^keyUsage \(/, /^keyAgreement$/],
  [/^basicConstraints \(/, /^a CA's$/],
  [/^public key/, /secp256k1/],
  [/^signature algorithm/, /SHA-1/],
]

function isStricter(verdict: PathVerdict): boolean {
  return !verdict.ok && stricter.some(([check, found]) => check.test(verdict.check) && found.test(verdict.found))
}

t.test(
  'chains put together at random get the verdict of OpenSSL, or a stricter one of the profile',
  { skip: hasOpenssl ? false : 'openssl is not installed' },
  async t => {
    const tally = { accepted: 0, refused: 0, stricter: 0 }
    const check = (spec: Spec) => {
      const made = build(spec)
      const authority = { name: 'gov', intermediates: [], revocation: { need: 'none', grace: 0 } } as const
      const anchors = makeTrustAnchors([{ ...authority, anchors: made.anchors }])
      const verdict = validatePath({ ...made, anchors, purpose: 'client', at: new Date() })
      const { ok, output } = askOpenssl(made)
      if (verdict.ok) tally.accepted++
      else tally.refused++
      if (ok && !verdict.ok && isStricter(verdict)) tally.stricter++
      else if (ok !== verdict.ok)
        throw new Error(
          `OpenSSL: ${output}\nwe: ${JSON.stringify(verdict, null, 1)}\n` +
            `${[made.leaf, ...made.presented, ...made.anchors].join('')}`,
        )
    }
    fc.assert(fc.property(chain, check), { numRuns: Number(process.env.CHAINS ?? 60) })
    t.comment(JSON.stringify(tally))
    t.ok(tally.accepted > 2 && tally.refused > 10, JSON.stringify(tally))
  },
)
