// The chains that a validator of paths must tell apart: each with one thing that is special, or
// wrong.
import type { X509Certificate } from 'node:crypto'
import { der } from '../certificate/der-writer.ts'
import {
  extensions,
  type Issued,
  leafExtensions,
  makeCa,
  makeCertificate,
  makeKeys,
  makeLeaf,
  type NameParts,
  names,
  uses,
  type Wanted,
} from './path-certificates.ts'

const { basic, usage, purpose, alternative, constraints, other } = extensions

export type ChainCase = {
  readonly leaf: X509Certificate
  readonly presented?: readonly X509Certificate[]
  readonly anchors: readonly X509Certificate[]
  /** What OpenSSL is asked about: it takes the first certificate of a name, and tries no other. */
  readonly asked?: Pick<ChainCase, 'presented' | 'anchors'>
}

export type RefusedChain = ChainCase & {
  readonly code: 'certificate-invalid' | 'certificate-expired' | 'certificate-purpose' | 'certificate-untrusted'
  readonly found: RegExp
  /** Why OpenSSL takes it, and we do not. */
  readonly stricter?: string
}

const root = makeCa('Root')
const issuing = makeCa('Issuing', { issuer: root })
const second = makeCa('Second', { issuer: issuing })
const of = (...issued: readonly Issued[]) => issued.map(({ certificate }) => certificate)

/** A leaf below an intermediate CA below the root, with something special about either. */
function below(ca: Partial<Wanted>, leaf: Partial<Wanted> = {}, rootCa = root): ChainCase {
  const intermediate = makeCa('Intermediate', { issuer: rootCa, ...ca })
  return {
    leaf: makeLeaf(intermediate, leaf).certificate,
    presented: of(intermediate),
    anchors: of(rootCa),
  }
}

function ofRoot(leaf: Partial<Wanted>, rootCa = root): ChainCase {
  return { leaf: makeLeaf(rootCa, leaf).certificate, anchors: of(rootCa) }
}

const caExtensions = (...more: readonly Buffer[]) => [basic(true), usage(5, 6), ...more]
const constrained = (permitted: readonly Buffer[], excluded: readonly Buffer[], leaf: Partial<Wanted>) =>
  below({ extensions: caExtensions(constraints(permitted, excluded)) }, leaf)
const named = (...generalNames: readonly Buffer[]): Partial<Wanted> => ({
  extensions: leafExtensions(alternative(...generalNames)),
})
const withKeys = (keys: Issued['keys']) => {
  const ca = makeCa('Root', { keys })
  return { leaf: makeLeaf(ca, { keys }).certificate, anchors: of(ca) }
}

const ministry: NameParts = [
  ['C', 'FO'],
  ['O', 'Ministry'],
]
const rsaKeys = makeKeys.rsa()
const rsaRoot = makeCa('RSA root', { keys: rsaKeys })
const oldRoot = makeCa('Crossed')
const newRoot = makeCa('Crossed', {})
const crossed = makeCa('Crossed', { issuer: oldRoot, keys: newRoot.keys })
const rolled = makeCa('Root', { issuer: root, keyIds: 'both' })

export const accepted: Readonly<Record<string, ChainCase>> = {
  'a leaf of the root': ofRoot({}),
  'a leaf below one intermediate CA': below({}),
  'a leaf below two intermediate CAs': {
    leaf: makeLeaf(second).certificate,
    presented: of(issuing, second),
    anchors: of(root),
  },
  'the same in another order, with the root and strangers between': {
    leaf: makeLeaf(second).certificate,
    presented: of(makeCa('Stranger'), second, root, makeCa('Issuing'), issuing, second),
    anchors: of(root),
  },
  'keys of RSA': withKeys(rsaKeys),
  'keys on P-384': withKeys(makeKeys.p384()),
  'keys on P-521': withKeys(makeKeys.p521()),
  'keys of Ed25519': withKeys(makeKeys.ed25519()),
  'RSASSA-PSS with SHA-256': ofRoot({ algorithm: 'pssSha256' }, rsaRoot),
  'RSA with SHA-512': ofRoot({ algorithm: 'rsaSha512' }, rsaRoot),
  'no authority key identifier': ofRoot({ keyIds: 'subject' }),
  'no key identifier at all': below({ keyIds: 'none' }, { keyIds: 'none' }),
  'path length 0 above a leaf': below({ extensions: [basic(true, 0), usage(5, 6)] }),
  'path length 1 of the root above one intermediate CA': below(
    {},
    {},
    makeCa('Root of length 1', { extensions: [basic(true, 1), usage(5, 6)] }),
  ),
  "path length 0 of the root above its own new key's certificate": {
    ...(() => {
      const short = makeCa('Short', { extensions: [basic(true, 0), usage(5, 6)] })
      const next = makeCa('Short', { issuer: short, extensions: [basic(true, 0), usage(5, 6)] })
      return { leaf: makeLeaf(next).certificate, presented: of(next), anchors: of(short) }
    })(),
  },
  'a root that certified its new key': { leaf: makeLeaf(rolled).certificate, presented: of(rolled), anchors: of(root) },
  'an old root, through the cross-certificate of the new one': {
    leaf: makeLeaf(newRoot).certificate,
    presented: of(newRoot, crossed),
    anchors: of(oldRoot),
    asked: { presented: of(crossed), anchors: of(oldRoot) },
  },
  'the new root, beside the cross-certificate of it': {
    leaf: makeLeaf(newRoot).certificate,
    presented: of(crossed),
    anchors: of(newRoot),
  },
  'two CAs of one name': { leaf: makeLeaf(newRoot).certificate, anchors: of(oldRoot, newRoot) },
  'two CAs of one name, without key identifiers': {
    leaf: makeLeaf(newRoot, { keyIds: 'none' }).certificate,
    anchors: of(oldRoot, newRoot),
    asked: { anchors: of(newRoot) },
  },
  'an intermediate CA as anchor': { leaf: makeLeaf(second).certificate, presented: of(second), anchors: of(issuing) },
  'a CA that is limited to clients': below({ extensions: caExtensions(purpose(uses.client)) }),
  'extendedKeyUsage for clients and servers': ofRoot({
    extensions: [basic(false), usage(0), purpose(uses.server, uses.client)],
  }),
  'no keyUsage in a leaf': ofRoot({ extensions: [basic(false), purpose(uses.client)] }),
  'no basicConstraints in a leaf': ofRoot({ extensions: [usage(0), purpose(uses.client)] }),
  'an unknown extension that is not critical': ofRoot({ extensions: leafExtensions(other('1.2.3.4', false)) }),
  'critical policies': ofRoot({
    extensions: leafExtensions(
      other('2.5.29.32', true, Buffer.from('30083006060455042a03'.replace('55042a03', '2a030405'), 'hex')),
    ),
  }),
  'an issuer written in other characters and case than the subject of its CA': {
    ...(() => {
      const ca = makeCa('Root', { subject: [['CN', 'The  Root CA', 0x13]] })
      const other = { keys: ca.keys, subject: makeCa('', { subject: [['CN', 'the root ca', 0x0c]] }).subject }
      return { leaf: makeLeaf(other).certificate, anchors: of(ca) }
    })(),
  },
  'a subject within the permitted names': constrained([names.directory(ministry)], [], {
    subject: [...ministry, ['CN', 'MINISTRY 1_SEG01']],
  }),
  'a subject within the permitted names, in other characters and case': constrained([names.directory(ministry)], [], {
    subject: [
      ['C', 'FO'],
      ['O', ' MINISTRY ', 0x13],
      ['CN', 'gw'],
    ],
  }),
  'names of all kinds within the permitted ones': constrained(
    [
      names.dns('example.org'),
      names.uri('.example.org'),
      names.email('example.org'),
      names.address(10, 0, 0, 0, 255, 0, 0, 0),
    ],
    [names.dns('bad.example.org'), names.email('root@example.org')],
    named(
      names.dns('gw.EXAMPLE.org'),
      names.dns('example.org'),
      names.uri('https://gw.example.org:8443/x'),
      names.email('ops@example.org'),
      names.address(10, 1, 2, 3),
    ),
  ),
  'a name of a kind that is not constrained': constrained(
    [names.dns('example.org')],
    [],
    named(names.uri('urn:gov:gw:1')),
  ),
  'an address of version 6 within its range': constrained(
    [names.address(...[0x20, 1, 0xd, 0xb8], ...zeros(12), ...[255, 255, 255, 255], ...zeros(12))],
    [],
    named(names.address(...[0x20, 1, 0xd, 0xb8], ...zeros(11), 1)),
  ),
  'name constraints that are not critical': below(
    { extensions: caExtensions(constraints([names.dns('example.org')], [], false)) },
    named(names.dns('gw.example.org')),
  ),
  'dates to the last day of the UTCTime': ofRoot({ to: 8000 }, makeCa('Long', { to: 9000 })),
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}

const forged = makeCa('Root')
const leafAsCa = makeLeaf(root, { extensions: leafExtensions() })
const invalid = { code: 'certificate-invalid' } as const
const untrusted = { code: 'certificate-untrusted', found: /none from one issued by/ } as const
const expired = { code: 'certificate-expired', found: /^2/ } as const
const wrongUse = { code: 'certificate-purpose' } as const
const broken = (names: RegExp) => ({ ...invalid, found: names })

/** One octet of the signature another. */
function tampered({ certificate }: Issued): X509Certificate {
  const octets = Buffer.from(certificate.raw)
  octets[octets.length - 1]! ^= 1
  return new (certificate.constructor as typeof X509Certificate)(octets)
}

const weakRsa = makeKeys.rsa(1024)
const sha1MaskKeys = makeKeys.rsaWithSha1Mask()

export const refused: Readonly<Record<string, RefusedChain>> = {
  'a missing intermediate CA': { leaf: makeLeaf(issuing).certificate, anchors: of(root), ...untrusted },
  'one of two intermediate CAs missing': {
    leaf: makeLeaf(second).certificate,
    presented: of(second),
    anchors: of(root),
    ...untrusted,
  },
  'a forged root of the same name': { leaf: makeLeaf(forged).certificate, anchors: of(root), ...untrusted },
  'a forged root that is presented': {
    leaf: makeLeaf(forged).certificate,
    presented: of(forged),
    anchors: of(root),
    ...untrusted,
  },
  'a self-signed leaf': {
    leaf: makeCertificate({ extensions: leafExtensions() }).certificate,
    anchors: of(root),
    ...untrusted,
  },
  'no authority at all': {
    leaf: makeLeaf(root).certificate,
    anchors: [],
    code: 'certificate-untrusted',
    found: /none/,
  },
  'a wrong authority key identifier': { ...ofRoot({ keyIds: 'wrong' }), ...broken(/^[0-9a-f]{40}$/) },
  'a wrong authority key identifier of a CA': { ...below({ keyIds: 'wrong' }), ...broken(/^[0-9a-f]{40}$/) },
  'a signature that was tampered with': { leaf: tampered(makeLeaf(root)), anchors: of(root), ...untrusted },
  'a CA whose signature was tampered with': {
    leaf: makeLeaf(issuing).certificate,
    presented: [tampered(issuing)],
    anchors: of(root),
    ...untrusted,
  },
  'a subject outside the permitted names': {
    ...constrained([names.directory(ministry)], [], {
      subject: [
        ['C', 'FO'],
        ['O', 'Bank'],
        ['CN', 'gw'],
      ],
    }),
    ...broken(/O=Bank/),
  },
  'an excluded subject': {
    ...constrained([], [names.directory([['C', 'FO']])], { subject: [...ministry, ['CN', 'gw']] }),
    ...broken(/Ministry/),
  },
  'a CA whose own subject is outside the permitted names': {
    ...(() => {
      const limited = makeCa('Limited', {
        issuer: root,
        extensions: caExtensions(constraints([names.directory(ministry)])),
      })
      const sub = makeCa('Outside', { issuer: limited })
      return {
        leaf: makeLeaf(sub, { subject: [...ministry, ['CN', 'gw']] }).certificate,
        presented: of(limited, sub),
        anchors: of(root),
      }
    })(),
    ...broken(/CN=Outside/),
  },
  'a DNS name outside the permitted ones': {
    ...constrained([names.dns('example.org')], [], named(names.dns('gw.example.com'))),
    ...broken(/example\.com/),
  },
  'a DNS name that only ends in the letters of a permitted one': {
    ...constrained([names.dns('example.org')], [], named(names.dns('badexample.org'))),
    ...broken(/badexample/),
  },
  'an excluded DNS name': {
    ...constrained([], [names.dns('example.org')], named(names.dns('a.EXAMPLE.ORG'))),
    ...broken(/EXAMPLE/),
  },
  'a second DNS name that breaks the constraints': {
    ...constrained([names.dns('example.org')], [], named(names.dns('a.example.org'), names.dns('b.example.net'))),
    ...broken(/b\.example\.net/),
  },
  'a CN that is a host name outside the permitted DNS names': {
    ...constrained([names.dns('example.org')], [], { subject: [['CN', 'gw.example.com']] }),
    ...broken(/CN=gw\.example\.com/),
  },
  'a URI outside the permitted hosts': {
    ...constrained([names.uri('.example.org')], [], named(names.uri('https://example.org/'))),
    ...broken(/URI:https/),
  },
  'a URI whose user is a permitted host': {
    ...constrained([names.uri('example.org')], [], named(names.uri('https://example.org@evil.com/'))),
    ...broken(/evil/),
  },
  'a URI with a query right after a permitted host': {
    ...constrained([names.uri('.example.org')], [], named(names.uri('https://gw.example.org?'))),
    ...broken(/gw\.example\.org\?/),
  },
  'a URI with a user and a password before a permitted host': {
    ...constrained([names.uri('.example.org')], [], named(names.uri('https://a:b@gw.example.org/'))),
    ...broken(/a:b@gw/),
  },
  'a URI without a host, where hosts are constrained': {
    ...constrained([names.uri('.example.org')], [], named(names.uri('urn:gov:gw:1'))),
    ...broken(/urn:gov/),
  },
  'an e-mail address outside the permitted ones': {
    ...constrained([names.email('example.org')], [], named(names.email('a@sub.example.org'))),
    ...broken(/sub\.example/),
  },
  'an e-mail address in the subject outside the permitted ones': {
    ...constrained([names.email('example.org')], [], {
      subject: [
        ['CN', 'gw'],
        ['emailAddress', 'a@example.com', 0x16],
      ],
    }),
    ...broken(/a@example\.com/),
  },
  'an e-mail address in the subject in other characters than ASCII, where names are constrained': {
    ...constrained([names.dns('example.org')], [], {
      subject: [
        ['CN', 'gw'],
        ['emailAddress', 'a@example.org', 0x0c],
      ],
    }),
    ...broken(/expected emailAddress in the subject as IA5String/),
  },
  'a CN that is no text, where names are constrained': {
    ...constrained([names.dns('example.org')], [], { subject: [['CN', '\x05\x00', 0x30]] }),
    ...broken(/expected a common name that is text/),
  },
  'an excluded mailbox': {
    ...constrained([], [names.email('root@example.org')], named(names.email('root@EXAMPLE.org'))),
    ...broken(/root/),
  },
  'an address outside its range': {
    ...constrained([names.address(10, 0, 0, 0, 255, 0, 0, 0)], [], named(names.address(11, 0, 0, 1))),
    ...broken(/11\.0\.0\.1/),
  },
  'an address of version 6 where version 4 is permitted': {
    ...constrained([names.address(10, 0, 0, 0, 255, 0, 0, 0)], [], named(names.address(...zeros(15), 1))),
    ...broken(/IP Address/),
  },
  'an excluded address': {
    ...constrained([], [names.address(10, 0, 0, 0, 255, 0, 0, 0)], named(names.address(10, 9, 9, 9))),
    ...broken(/10\.9\.9\.9/),
  },
  'a constrained name of a kind that cannot be compared': {
    ...constrained([names.registered('1.2.3')], [], named(names.registered('1.2.3'))),
    ...broken(/./),
  },
  'name constraints of the anchor': {
    ...ofRoot(
      named(names.dns('gw.example.com')),
      makeCa('Limited root', { extensions: caExtensions(constraints([names.dns('example.org')])) }),
    ),
    ...broken(/example\.com/),
  },
  'name constraints two CAs above': {
    ...(() => {
      const limited = makeCa('Limited', {
        issuer: root,
        extensions: caExtensions(constraints([names.dns('example.org')])),
      })
      const sub = makeCa('Sub', { issuer: limited })
      return {
        leaf: makeLeaf(sub, named(names.dns('gw.example.com'))).certificate,
        presented: of(limited, sub),
        anchors: of(root),
      }
    })(),
    ...broken(/example\.com/),
  },
  'name constraints in a leaf': {
    ...ofRoot({ extensions: leafExtensions(constraints([names.dns('example.org')])) }),
    ...broken(/some/),
    stricter: 'OpenSSL does not ask whose extension it is',
  },
  'name constraints without a name': {
    ...below({ extensions: caExtensions(other('2.5.29.30', true, Buffer.from('3000', 'hex'))) }),
    ...broken(/expected a name in nameConstraints/),
    stricter: 'RFC 5280 4.2.1.10 wants a name',
  },
  'the path length of an intermediate CA': {
    ...(() => {
      const short = makeCa('Short', { issuer: root, extensions: [basic(true, 0), usage(5, 6)] })
      const sub = makeCa('Sub', { issuer: short })
      return { leaf: makeLeaf(sub).certificate, presented: of(short, sub), anchors: of(root) }
    })(),
    ...broken(/^1$/),
  },
  'the path length of the root': {
    ...below({}, {}, makeCa('Short root', { extensions: [basic(true, 0), usage(5, 6)] })),
    ...broken(/^1$/),
  },
  'an intermediate CA with CA:FALSE': {
    ...below({ extensions: [basic(false), usage(5, 6)] }),
    ...broken(/no CA/),
  },
  'an intermediate CA without basicConstraints': { ...below({ extensions: [usage(5, 6)] }), ...broken(/none/) },
  'an intermediate CA without keyCertSign': {
    ...below({ extensions: [basic(true), usage(0, 6)] }),
    ...broken(/cRLSign/),
  },
  'an intermediate CA without keyUsage': { ...below({ extensions: [basic(true)] }), ...broken(/none/) },
  'a leaf that issued one': {
    leaf: makeLeaf(leafAsCa).certificate,
    presented: of(leafAsCa),
    anchors: of(root),
    ...broken(/no CA/),
  },
  'an intermediate CA whose basicConstraints is not critical': {
    ...below({ extensions: [basic(true, undefined, false), usage(5, 6)] }),
    ...broken(/not critical/),
  },
  'an anchor that is no CA': {
    leaf: makeLeaf(leafAsCa).certificate,
    anchors: of(leafAsCa),
    ...broken(/no CA/),
  },
  'an expired intermediate CA': { ...below({ to: -2 }), ...expired },
  'an expired leaf': { ...ofRoot({ from: -3, to: -1 }), ...expired },
  'an expired root': { ...ofRoot({}, makeCa('Expired', { to: -1 })), ...expired },
  'a leaf that is not valid yet': { ...ofRoot({ from: 1, to: 2 }), ...expired },
  'an intermediate CA that is not valid yet': { ...below({ from: 1, to: 2 }), ...expired },
  'an RSA key of 1024 bits': { ...ofRoot({ keys: weakRsa }), ...broken(/1024/) },
  'an RSA key of 1024 bits of a CA': { ...below({ keys: weakRsa }), ...broken(/1024/) },
  'a key on secp256k1': {
    ...ofRoot({ keys: makeKeys.k256() }),
    ...broken(/secp256k1/),
    stricter: 'a curve outside the profile',
  },
  'a key of Ed448': {
    ...ofRoot({ keys: makeKeys.ed448() }),
    ...broken(/ed448/),
    stricter: 'a curve outside the profile',
  },
  'SHA-1 at the leaf': { ...ofRoot({ algorithm: 'ecdsaSha1' }), ...broken(/SHA-1/) },
  'SHA-1 at the intermediate CA': { ...below({ algorithm: 'ecdsaSha1' }), ...broken(/SHA-1/) },
  'SHA-1 with RSA': { ...ofRoot({ algorithm: 'rsaSha1' }, rsaRoot), ...broken(/SHA-1/) },
  'SHA-1 at the root': {
    ...ofRoot({}, makeCa('Old root', { algorithm: 'ecdsaSha1' })),
    ...broken(/SHA-1/),
    stricter: 'OpenSSL does not look at the signature of an anchor',
  },
  MD5: { ...ofRoot({ algorithm: 'rsaMd5' }, rsaRoot), ...broken(/MD5/) },
  'SHA-1 inside RSASSA-PSS': { ...ofRoot({ algorithm: 'pssSha1' }, rsaRoot), ...broken(/SHA-1/) },
  'SHA-1 inside the mask of RSASSA-PSS': {
    ...below({ keys: sha1MaskKeys }, { algorithm: 'pssMaskSha1' }),
    ...broken(/SHA-1/),
    stricter: 'OpenSSL looks at the hash alone',
  },
  'an unknown critical extension in the leaf': {
    ...ofRoot({ extensions: leafExtensions(other('1.2.3.4', true)) }),
    ...broken(/1\.2\.3\.4/),
  },
  'an unknown critical extension in a CA': {
    ...below({ extensions: caExtensions(other('1.2.3.4', true)) }),
    ...broken(/1\.2\.3\.4/),
  },
  'policyConstraints, critical': {
    ...below({ extensions: caExtensions(other('2.5.29.36', true, Buffer.from('3003800100', 'hex'))) }),
    ...broken(/2\.5\.29\.36/),
    stricter: 'policies are not processed',
  },
  'extendedKeyUsage with any only': {
    ...ofRoot({ extensions: [basic(false), usage(0), purpose(uses.any)] }),
    ...wrongUse,
    found: /2\.5\.29\.37\.0/,
  },
  'extendedKeyUsage for servers only': {
    ...ofRoot({ extensions: [basic(false), usage(0), purpose(uses.server)] }),
    ...wrongUse,
    found: /7\.3\.1/,
  },
  'no extendedKeyUsage': {
    ...ofRoot({ extensions: [basic(false), usage(0)] }),
    ...wrongUse,
    found: /none/,
    stricter: 'a certificate without a purpose is for none',
  },
  'a CA that is limited to servers': {
    ...below({ extensions: caExtensions(purpose(uses.server)) }),
    ...wrongUse,
    found: /7\.3\.1/,
  },
  'keyUsage for keyAgreement only': {
    ...ofRoot({ extensions: [basic(false), usage(4), purpose(uses.client)] }),
    ...wrongUse,
    found: /keyAgreement/,
    stricter: 'TLS 1.3 signs',
  },
  'a CA as a leaf': {
    leaf: makeCa('CA', { issuer: root, extensions: [basic(true), usage(0, 5), purpose(uses.client)] }).certificate,
    anchors: of(root),
    ...wrongUse,
    found: /a CA's/,
    stricter: 'a CA is no gateway',
  },
  'the root itself as a leaf': {
    leaf: root.certificate,
    anchors: of(root),
    ...wrongUse,
    found: /a CA's/,
  },
  'a subjectAltName that cannot be read': {
    ...ofRoot({ extensions: leafExtensions(alternative(der(0x89, Buffer.of(1)))) }),
    ...broken(/tag 89/),
  },
  'an address of five octets': {
    ...ofRoot(named(names.address(1, 2, 3, 4, 5))),
    ...broken(/found 5/),
    stricter: 'it names no host',
  },
}
