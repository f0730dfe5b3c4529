// From a certificate to one that is trusted, and what each on the way may be used for (RFC 5280
// 6.1).

import { expectProven, NotGiven, NotProven } from '../not-proven.ts'
import { areSameOctets, quoteFound } from '../octets.ts'
import { asn1, contentOf, oidOf, readAsn1, readOneAsn1 } from './asn1.ts'
import type { Certificate } from './x509.ts'

/** The certificate first, the trusted one last; only one when it is trusted itself. */
export type CertificatePath = readonly [Certificate, ...Certificate[]]

export type Use = { readonly title: string; readonly oids: readonly string[]; readonly mayBeUnlimited: boolean }
export const sealUse: Use = { title: 'documentSigning', oids: ['1.3.6.1.5.5.7.3.36'], mayBeUnlimited: false }
export const signerUse: Use = {
  title: 'clientAuth or documentSigning',
  oids: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.36'],
  mayBeUnlimited: true,
}

const LONGEST = 8
const SIGNATURES = 32
const DIGITAL_SIGNATURE = 0
const NON_REPUDIATION = 1
const KEY_CERT_SIGN = 5
const CRL_SIGN = 6
const extension = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  nameConstraints: '2.5.29.30',
} as const
/**
 * Those above and those that change nothing here: identifiers, subjectAltName, policies, points of
 * lists.
 */
const known = new Set<string>([
  ...Object.values(extension),
  ...['14', '17', '31', '32', '33', '35', '54'].map(number => `2.5.29.${number}`),
])

/**
 * The first path that counts at `at`; where none does, the first whose dates alone are wrong, which
 * `checkDates` names. Throws NotGiven without anything trusted.
 */
export async function findPath(
  leaf: Certificate,
  trusted: readonly Certificate[],
  between: readonly Certificate[],
  at: number,
): Promise<CertificatePath> {
  if (trusted.length === 0) throw new NotGiven('the certificate of the CA that you trust (ca.crt)')
  if (trusted.some(({ der }) => areSameOctets(der, leaf.der))) return [leaf]
  const { paths, troubles } = await findSignedPaths(leaf, trusted, between)
  const good = paths.filter(path => noteTrouble(troubles, () => checkIssuers(path)))
  const found = good.find(path => isInDate(path, at)) ?? good[0]
  if (found !== undefined) return found
  const why = troubles.length === 0 ? '' : `: ${troubles.join('; ')}`
  throw new NotProven(`expected one of the trusted CAs to have issued ${nameCertificate(leaf)}, found none${why}`)
}

/** Paths by names and signatures, and what was wrong with others. */
async function findSignedPaths(leaf: Certificate, trusted: readonly Certificate[], between: readonly Certificate[]) {
  const paths: CertificatePath[] = []
  const troubles: string[] = []
  let verified = 0
  const climb = async (path: CertificatePath): Promise<void> => {
    const last = path.at(-1)!
    const isIssuer = ({ subject }: Certificate) => areSameOctets(subject, last.issuer)
    for (const issuer of [...trusted, ...between].filter(isIssuer)) {
      if (path.includes(issuer) || path.length >= LONGEST) continue
      expectProven(++verified <= SIGNATURES, `RFC 5280 6.1: more than ${SIGNATURES} signatures to verify`)
      // A CA of the same name may have a key of another kind.
      const isSigned = await last.isIssuedBy(issuer).catch(error => {
        troubles.push(error instanceof NotProven ? error.message : String(error))
        return false
      })
      if (!isSigned) continue
      if (trusted.includes(issuer)) paths.push([...path, issuer])
      else await climb([...path, issuer])
    }
  }
  await climb([leaf])
  return { paths, troubles }
}

function noteTrouble(troubles: string[], check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (!(error instanceof NotProven)) throw error
    troubles.push(error.message)
    return false
  }
}

export function checkDates(path: CertificatePath, at: number): undefined {
  for (const one of path)
    expectProven(
      one.from <= at && at <= one.to,
      `${nameCertificate(one)} is valid from ${iso(one.from)} to ${iso(one.to)}; it was ${iso(at)}`,
      ['AcceptedAt'],
    )
}

/** What the certificate itself may be used for, and its CAs with it. */
export function checkUse([leaf, ...issuers]: CertificatePath, { title, oids, mayBeUnlimited }: Use): undefined {
  checkExtensions(leaf)
  const { isCa, pathLength } = readBasic(leaf)
  expectProven(!isCa && pathLength === undefined, `RFC 5280 4.2.1.9: ${nameCertificate(leaf)} is that of a CA`)
  expectProven(!leaf.extensions.has(extension.nameConstraints), 'RFC 5280 4.2.1.10: name constraints, but no CA')
  const usages = readUsages(leaf)
  expectProven(
    usages === undefined ||
      ((usages.has(DIGITAL_SIGNATURE) || usages.has(NON_REPUDIATION)) && !usages.has(KEY_CERT_SIGN)),
    'RFC 5280 4.2.1.3: expected the key usage digitalSignature or nonRepudiation',
  )
  const found = readPurposes(leaf)
  const fitting = oids.filter(oid => found?.includes(oid))
  expectProven(
    found === undefined ? mayBeUnlimited : fitting.length > 0,
    `RFC 5280 4.2.1.12: expected the purpose ${title}, found ${found?.join(', ') ?? 'none'}`,
  )
  for (const ca of issuers) {
    const limited = readPurposes(ca)
    const wanted = found === undefined ? oids : fitting
    expectProven(
      limited === undefined || wanted.some(oid => limited.includes(oid)),
      `RFC 5280 4.2.1.12: ${nameCertificate(ca)} is not for ${title}`,
    )
  }
}

/** RFC 5280 6.3.3 (f) */
export function mayRevoke(certificate: Certificate): boolean {
  return readUsages(certificate)?.has(CRL_SIGN) === true
}

export function isAuthority(certificate: Certificate): boolean {
  return readBasic(certificate).isCa
}

/** What the CAs on the path must say of themselves. */
function checkIssuers([, ...issuers]: CertificatePath): void {
  for (const [below, ca] of issuers.entries()) {
    checkExtensions(ca)
    const { isCa, isCritical, pathLength } = readBasic(ca)
    expectProven(isCa && isCritical, `RFC 5280 4.2.1.9: ${nameCertificate(ca)} is not the certificate of a CA`)
    expectProven(readUsages(ca)?.has(KEY_CERT_SIGN) === true, `RFC 5280 4.2.1.3: ${nameCertificate(ca)} may not issue`)
    const counted = issuers.slice(0, below).filter(one => !areSameOctets(one.subject, one.issuer)).length
    expectProven(pathLength === undefined || counted <= pathLength, 'RFC 5280 4.2.1.9: a path that is too long')
    expectProven(
      !ca.extensions.has(extension.nameConstraints),
      'RFC 5280 4.2.1.10: name constraints are not known here; `sender verify-receipt` enforces them',
    )
  }
}

function checkExtensions(certificate: Certificate): void {
  for (const [oid, { isCritical }] of certificate.extensions)
    expectProven(!isCritical || known.has(oid), `RFC 5280 4.2: the critical extension ${oid} is not known here`)
}

function readBasic({ extensions }: Certificate) {
  const found = extensions.get(extension.basicConstraints)
  if (found === undefined) return { isCa: false, isCritical: false, pathLength: undefined }
  const parts = readAsn1(readOneAsn1(found.value, asn1.sequence, 'basicConstraints').content)
  const isCa = parts[0]?.tag === asn1.boolean
  const length = parts[isCa ? 1 : 0]
  expectProven(
    (!isCa || parts[0]!.content[0] === 0xff) && parts.length === Number(isCa) + Number(length !== undefined),
    'RFC 5280 4.2.1.9: basicConstraints cannot be read',
  )
  const octets = length && contentOf(length, asn1.integer, 'path length')
  expectProven(octets === undefined || (octets.length === 1 && octets[0]! < 0x80), 'RFC 5280 4.2.1.9: path length')
  return { isCa, isCritical: found.isCritical, pathLength: octets?.[0] }
}

/** Numbers of the bits that are set; undefined without the extension. */
function readUsages({ extensions }: Certificate): Set<number> | undefined {
  const found = extensions.get(extension.keyUsage)
  if (found === undefined) return undefined
  const [, ...octets] = readOneAsn1(found.value, asn1.bits, 'keyUsage').content
  const bits = octets.flatMap((octet, at) =>
    Array.from({ length: 8 }, (_, bit) => (octet & (0x80 >> bit) ? at * 8 + bit : -1)),
  )
  return new Set(bits.filter(bit => bit >= 0))
}

function readPurposes({ extensions }: Certificate): string[] | undefined {
  const found = extensions.get(extension.extendedKeyUsage)
  if (found === undefined) return undefined
  return readAsn1(readOneAsn1(found.value, asn1.sequence, 'extendedKeyUsage').content).map(oid => oidOf(oid, 'purpose'))
}

function isInDate(path: CertificatePath, at: number): boolean {
  return path.every(({ from, to }) => from <= at && at <= to)
}

export function nameCertificate({ commonNames, fingerprint }: Certificate): string {
  return `${quoteFound(commonNames.join(', '))} (SHA-256 ${fingerprint})`
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
