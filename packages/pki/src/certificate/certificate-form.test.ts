// Every clause of RFC 5280 that the checker holds, one certificate for each; `openssl verify
// -x509_strict` is asked about the same ones.
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../testing/make-certs.ts'
import { extensions, leafExtensions, makeCa, makeEcKeys, makeOdd, signings } from '../testing/odd-certificate.ts'
import { names } from '../testing/path-certificates.ts'
import type { Trust } from '../trust.ts'
import { readAuthority } from './certificate-form.ts'
import { checkCertificate } from './check-certificate.ts'
import { der, sequence } from './der-writer.ts'

const { noCa, usage, purpose, other } = extensions
const [clientAuth, serverAuth, sealing] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.36']
const any = '2.5.29.37.0'

const ca = makeCa()
const rsa = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const rsaCa = makeCa({ name: 'RSA CA', keys: rsa(2048), signing: signings.rsaSha256 })
const edCa = makeCa({ name: 'Ed CA', keys: generateKeyPairSync('ed25519'), signing: signings.ed25519 })

const trustIn = (...certificates: X509Certificate[]): Trust => ({
  authorities: certificates.map(readAuthority),
  caPem: certificates.join(''),
})
const trust = trustIn(ca.certificate, rsaCa.certificate, edCa.certificate)

const leaf = (parts: Partial<Parameters<typeof makeOdd>[0]> = {}) =>
  makeOdd({ issuer: ca, extensions: leafExtensions('sender'), ...parts })

/** What OpenSSL says of a certificate; undefined without it. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
async function askOpenssl(
  t: Parameters<typeof makeFolder>[0],
  certificate: X509Certificate,
  issuers: X509Certificate[],
) {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'ca.pem'), issuers.join(''))
  await writeFile(join(folder, 'leaf.pem'), certificate.toString())
  const flags = ['-x509_strict', '-partial_chain', '-auth_level', '2', '-purpose', 'sslclient']
  const args = ['verify', ...flags, '-CAfile', join(folder, 'ca.pem'), join(folder, 'leaf.pem')]
  return spawnSync('openssl', args, { encoding: 'utf8' }).status === 0
}
if (!hasOpenssl) t.comment('SKIPPED: openssl is not installed, so no certificate is compared with its verdict')

const good = {
  'a usual one': leaf(),
  'keyUsage absent': leaf({ extensions: [noCa, purpose(clientAuth)] }),
  'keyUsage with more than signing': leaf({ extensions: [noCa, usage(0, 2), purpose(clientAuth)] }),
  'basicConstraints absent': leaf({ extensions: [usage(0), purpose(clientAuth)] }),
  'two purposes': leaf({ extensions: [noCa, usage(0), purpose(serverAuth, clientAuth)] }),
  'an unknown extension that is not critical': leaf({
    extensions: [...leafExtensions('sender'), other('1.2.3.4', false)],
  }),
  'an RSA key of 2048 bits': leaf({ keys: rsa(2048) }),
  'a key on P-521': leaf({ keys: makeEcKeys('P-521') }),
  'an Ed25519 key': leaf({ keys: generateKeyPairSync('ed25519') }),
  'signed with RSA': leaf({ issuer: rsaCa, signing: signings.rsaSha256 }),
  'signed with Ed25519': leaf({ issuer: edCa, signing: signings.ed25519 }),
  'an end in 2050': leaf({ notAfter: new Date('2050-01-01') }),
}

for (const [what, certificate] of Object.entries(good)) {
  t.test(`accepts ${what}, as OpenSSL does`, async t => {
    t.doesNotThrow(() => checkCertificate(certificate, 'sender', trust, new Date()))
    const issuers = trust.authorities.map(authority => authority.certificate)
    if (hasOpenssl) t.equal(await askOpenssl(t, certificate, issuers), true, 'openssl verify')
  })
}

type Refused = {
  readonly certificate: X509Certificate
  readonly detail: RegExp
  readonly code?: 'certificate-purpose'
  /** OpenSSL takes it: here the profile is stricter. */
  readonly isStricter?: true
}

const purposeCode = { code: 'certificate-purpose' } as const
/** Replaces octets that are there once. */
const swap = (from: string, to: string) => (tbs: Buffer) => {
  const text = tbs.toString('hex')
  if (text.split(from).length !== 2) throw new TypeError(`${from} is there ${text.split(from).length - 1} times`)
  return Buffer.from(text.replace(from, to), 'hex')
}
const fixed = { notBefore: new Date('2026-01-01'), notAfter: new Date('2036-01-01') }
const ascii = (text: string) => Buffer.from(text).toString('hex')

const bad: Readonly<Record<string, Refused>> = {
  'version 1 with extensions': {
    certificate: leaf({ change: swap('a003020102', 'a003020100') }),
    detail: /expected X\.509 version 3, found version 1/,
  },
  'a serial number that is negative': {
    certificate: leaf({ change: swap('02084100000000000001', '02088100000000000001') }),
    detail: /a serial number, a number from 0 on/,
    isStricter: true,
  },
  'a signature with SHA-1': {
    certificate: leaf({ signing: signings.ecdsaSha1 }),
    detail: /signature algorithm: expected .*SHA-256 or better, found ECDSA with SHA-1/,
  },
  'a signature with RSA and SHA-1': {
    certificate: leaf({ issuer: rsaCa, signing: signings.rsaSha1 }),
    detail: /found SHA-1 with RSA/,
  },
  'a signature with MD5': {
    certificate: leaf({ issuer: rsaCa, signing: signings.rsaMd5 }),
    detail: /found MD5 with RSA/,
  },
  'another algorithm beside the signature than inside': {
    certificate: leaf({ outer: { oid: '1.2.840.10045.4.3.3', parameters: 'none' } }),
    detail: /signature algorithm \(RFC 5280 4\.1\.1\.2\): expected 300a06082a8648ce3d040302, as what is signed says/,
  },
  'a critical extension that is unknown': {
    certificate: leaf({ extensions: [...leafExtensions('sender'), other('1.2.3.4', true)] }),
    detail: /extensions \(RFC 5280 4\.2\): expected no critical one that is unknown here, found 1\.2\.3\.4/,
  },
  'policy constraints, which are critical': {
    certificate: leaf({ extensions: [...leafExtensions('sender'), other('2.5.29.36', true)] }),
    detail: /unknown here, found 2\.5\.29\.36/,
    isStricter: true,
  },
  'the same extension twice': {
    certificate: leaf({ extensions: [...leafExtensions('sender'), usage(0)] }),
    detail: /DER.*expected the extension 2\.5\.29\.15 once/,
  },
  'keyUsage for encipherment only': {
    certificate: leaf({ extensions: [noCa, usage(2), purpose(clientAuth)] }),
    detail: /keyUsage.*expected digitalSignature .*found keyEncipherment/,
    ...purposeCode,
  },
  'keyUsage for nonRepudiation only': {
    certificate: leaf({ extensions: [noCa, usage(1), purpose(clientAuth)] }),
    detail: /keyUsage.*expected digitalSignature .*found nonRepudiation/,
    ...purposeCode,
  },
  'keyCertSign without being a CA': {
    certificate: leaf({ extensions: [noCa, usage(0, 5), purpose(clientAuth)] }),
    detail: /expected no keyCertSign/,
    ...purposeCode,
  },
  'a CA as a gateway': {
    certificate: leaf({ extensions: [extensions.ca(), usage(0, 5), purpose(clientAuth)] }),
    detail: /expected a gateway's certificate, found a CA's/,
    ...purposeCode,
    isStricter: true,
  },
  'no extended key usage': {
    certificate: leaf({ extensions: [noCa, usage(0)] }),
    detail: /extended key usage.*found none/,
    ...purposeCode,
    isStricter: true,
  },
  'any purpose alone': {
    certificate: leaf({ extensions: [noCa, usage(0), purpose(any)] }),
    detail: /extended key usage.*found 2\.5\.29\.37\.0/,
    ...purposeCode,
  },
  'the purpose of a server': {
    certificate: leaf({ extensions: [noCa, usage(0), purpose(serverAuth)] }),
    detail: /extended key usage/,
    ...purposeCode,
  },
  'an RSA key of 1024 bits': {
    certificate: leaf({ keys: rsa(1024) }),
    detail: /public key: expected RSA of 2048 bits.*found an RSA key of 1024 bits/,
  },
  'an RSA key with the exponent 3': {
    certificate: leaf({ keys: rsa(2048, 3) }),
    detail: /with the exponent 3/,
    isStricter: true,
  },
  'a key on a curve of Koblitz': {
    certificate: leaf({ keys: makeEcKeys('secp256k1') }),
    detail: /a key on the curve secp256k1/,
    isStricter: true,
  },
  'an Ed448 key': {
    certificate: leaf({ keys: generateKeyPairSync('ed448') }),
    detail: /a key of the type ed448/,
    isStricter: true,
  },
  'an end that is no date': {
    certificate: leaf({ ...fixed, change: swap(ascii('360101000000Z'), ascii('360231000000Z')) }),
    detail: /notAfter, a time of the calendar/,
  },
  'an end with another time zone': {
    certificate: leaf({ ...fixed, change: swap(ascii('360101000000Z'), ascii('3601010000-12')) }),
    detail: /expected notAfter as YYMMDDHHMMSSZ/,
  },
  'an end before its start': {
    certificate: leaf({ notBefore: new Date(Date.now() + 1000), notAfter: new Date(Date.now() - 1000) }),
    detail: /is valid from/,
  },
}

for (const [what, { certificate, detail, code = 'certificate-invalid', isStricter = false }] of Object.entries(bad)) {
  t.test(`refuses ${what}`, async t => {
    const check = () => checkCertificate(certificate, 'sender', trust, new Date())
    t.throws(check, { code, detail })
    t.throws(check, { code, detail }, 'the second time, too')
    if (!hasOpenssl) return
    const issuers = trust.authorities.map(authority => authority.certificate)
    t.equal(await askOpenssl(t, certificate, issuers), isStricter, 'openssl verify')
  })
}

const badCas: Readonly<Record<string, Refused>> = {
  'a leaf': { certificate: leaf(), detail: /expected the certificate of a CA, found that of no CA/, ...purposeCode },
  'no basicConstraints': {
    certificate: makeCa({ extensions: [usage(5)] }).certificate,
    detail: /that of no CA/,
    ...purposeCode,
  },
  'basicConstraints that are not critical': {
    certificate: makeCa({ extensions: [{ ...extensions.ca(), isCritical: false }, usage(5)] }).certificate,
    detail: /expected critical, found not critical/,
  },
  'no keyUsage': {
    certificate: makeCa({ extensions: [extensions.ca()] }).certificate,
    detail: /expected keyCertSign, found none/,
    ...purposeCode,
  },
  'keyUsage without keyCertSign': {
    certificate: makeCa({ extensions: [extensions.ca(), usage(0, 6)] }).certificate,
    detail: /expected keyCertSign, found digitalSignature, cRLSign/,
    ...purposeCode,
  },
  'a critical extension that is unknown': {
    certificate: makeCa({ extensions: [extensions.ca(), usage(5), other('1.2.3.4', true)] }).certificate,
    detail: /unknown here, found 1\.2\.3\.4/,
  },
  'name constraints that cannot be read': {
    certificate: makeCa({ extensions: [extensions.ca(), usage(5), other('2.5.29.30', true)] }).certificate,
    detail: /DER.*expected nameConstraints/,
  },
  'an RSA key of 1024 bits': {
    certificate: makeCa({ keys: rsa(1024), signing: signings.rsaSha256 }).certificate,
    detail: /an RSA key of 1024 bits/,
  },
  'a signature with SHA-1': {
    certificate: makeCa({ signing: signings.ecdsaSha1 }).certificate,
    detail: /ECDSA with SHA-1/,
  },
  'a signature by another key over its own name': {
    certificate: makeCa({ issuer: { name: 'CA', keys: makeEcKeys() } }).certificate,
    detail: /signature: expected one by its own key/,
  },
}

for (const [what, { certificate, detail, code = 'certificate-invalid' }] of Object.entries(badCas)) {
  t.test(`refuses a CA with ${what}`, async t => {
    t.throws(() => readAuthority(certificate), { code, detail })
  })
}

t.test('a CA limited to servers issues no clients, and its CA certificate says so', async t => {
  const limited = makeCa({ extensions: [extensions.ca(), usage(5), purpose(serverAuth)] })
  const client = leaf({ issuer: limited })
  t.throws(() => checkCertificate(client, 'sender', trustIn(limited.certificate), new Date()), {
    code: 'certificate-purpose',
    detail: /of its CA .*expected 1\.3\.6\.1\.5\.5\.7\.3\.2 .*found 1\.3\.6\.1\.5\.5\.7\.3\.1/,
  })
  if (hasOpenssl) t.equal(await askOpenssl(t, client, [limited.certificate]), false)
  const server = leaf({ issuer: limited, extensions: leafExtensions('receiver') })
  t.doesNotThrow(() => checkCertificate(server, 'receiver', trustIn(limited.certificate), new Date()))
})

t.test('a CA with name constraints issues for the names that it may give, and for no others', async t => {
  const value = sequence(der(0xa0, sequence(names.directory([['CN', 'A']]))))
  const limited = makeCa({ extensions: [extensions.ca(), usage(5), other('2.5.29.30', true, value)] })
  const check = (subject: string) => () =>
    checkCertificate(leaf({ issuer: limited, subject }), 'sender', trustIn(limited.certificate), new Date())
  t.doesNotThrow(check('A'))
  t.throws(check('B'), { code: 'certificate-invalid', detail: /nameConstraints of "CN=CA" .*found CN=B/ })
  if (hasOpenssl) {
    t.equal(await askOpenssl(t, leaf({ issuer: limited, subject: 'A' }), [limited.certificate]), true)
    t.equal(await askOpenssl(t, leaf({ issuer: limited, subject: 'B' }), [limited.certificate]), false)
  }
  const limitedLeaf = leaf({ extensions: [...leafExtensions('sender'), other('2.5.29.30', true, value)] })
  t.throws(() => checkCertificate(limitedLeaf, 'sender', trust, new Date()), {
    code: 'certificate-invalid',
    detail: /as it is no CA/,
  })
})

t.test('RSASSA-PSS is refused where its parameters are left out, which means SHA-1', async t => {
  const signing = { algorithm: { oid: '1.2.840.113549.1.1.10', parameters: 'none' }, hash: 'sha256' } as const
  const { certificate } = makeCa({ keys: rsa(2048), signing })
  t.throws(() => readAuthority(certificate), { code: 'certificate-invalid', detail: /RSASSA-PSS with SHA-1/ })
})

const pss = [
  { hash: 'sha256', options: ['rsa_pss_saltlen:32'], refused: undefined },
  { hash: 'sha512', options: ['rsa_pss_saltlen:64'], refused: undefined },
  { hash: 'sha1', options: ['rsa_pss_saltlen:20'], refused: /RSASSA-PSS with SHA-1/ },
  { hash: 'sha256', options: ['rsa_pss_saltlen:32', 'rsa_mgf1_md:sha1'], refused: /RSASSA-PSS with MGF1 of SHA-1/ },
  { hash: 'sha256', options: ['rsa_pss_saltlen:0'], refused: /a salt of 0 octets/ },
] as const

for (const { hash, options, refused } of pss) {
  t.test(`RSASSA-PSS of ${hash} with ${options.join(' and ')} is ${refused ? 'refused' : 'taken'}`, async t => {
    if (!hasOpenssl) return t.comment('SKIPPED: openssl is not installed')
    const sigopts = ['rsa_padding_mode:pss', ...options].flatMap(option => ['-sigopt', option])
    const usage = ['-addext', 'keyUsage=critical,keyCertSign', '-addext', 'basicConstraints=critical,CA:TRUE']
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=PSS']
    const made = spawnSync('openssl', [...args, `-${hash}`, ...sigopts, ...usage], { encoding: 'utf8' })
    t.match(made, { status: 0 })
    const check = () => readAuthority(new X509Certificate(made.stdout))
    if (refused === undefined) t.doesNotThrow(check)
    else t.throws(check, { code: 'certificate-invalid', detail: refused })
  })
}

t.test('a seal may sign for nonRepudiation; a client may not', async t => {
  const seal = leaf({ extensions: [noCa, usage(1), purpose(sealing)] })
  t.doesNotThrow(() => checkCertificate(seal, 'seal', trust, new Date()))
  const encipherment = leaf({ extensions: [noCa, usage(2), purpose(sealing)] })
  t.throws(() => checkCertificate(encipherment, 'seal', trust, new Date()), {
    code: 'certificate-purpose',
    detail: /keyUsage.*digitalSignature or nonRepudiation.*found keyEncipherment/,
  })
})
