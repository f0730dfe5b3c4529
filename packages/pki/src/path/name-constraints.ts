// Name constraints of a CA (RFC 5280 4.2.1.10): which names those below it may have. What cannot be
// compared is refused.
import { isIP } from 'node:net'
import { DerError, DerReader, readWhole } from '../certificate/der.ts'
import { isWithinName } from './distinguished-name.ts'
import { type GeneralName, type NameKind, readGeneralName } from './general-name.ts'

export type NameConstraints = { readonly permitted: readonly GeneralName[]; readonly excluded: readonly GeneralName[] }

const [permittedTag, excludedTag] = [0xa0, 0xa1]

/** Throws a DerError. */
export function readNameConstraints(value: Buffer): NameConstraints {
  const content = readWhole(value, 'nameConstraints')
  const permitted = content.readOptional(permittedTag, 'the permitted names')
  const excluded = content.readOptional(excludedTag, 'the excluded names')
  content.end('nameConstraints')
  // RFC 5280 4.2.1.10: not an empty sequence.
  if (permitted === undefined && excluded === undefined) throw new DerError('expected a name in nameConstraints')
  return { permitted: readSubtrees(permitted?.content), excluded: readSubtrees(excluded?.content) }
}

/** GeneralSubtrees; minimum is 0, which DER does not write, and maximum is absent. */
function readSubtrees(content: Buffer | undefined): GeneralName[] {
  if (content === undefined) return []
  const subtrees = new DerReader(content)
  const bases: GeneralName[] = []
  do {
    const subtree = subtrees.enter('a subtree of nameConstraints')
    const base = readGeneralName(subtree.readAny('the base of a subtree'))
    if (base.kind === 'address' && base.octets.length !== 8 && base.octets.length !== 32)
      throw new DerError(`expected an address and its mask of 8 or 32 octets, found ${base.octets.length}`)
    subtree.end('a subtree without minimum and maximum')
    bases.push(base)
  } while (!subtrees.isAtEnd)
  return bases
}

/** More comparisons than this are an attack, not a certificate. */
const MOST_COMPARISONS = 1 << 16

/** Why the names break the constraints: what was expected; undefined when they keep them. */
export function findBrokenConstraint(names: readonly GeneralName[], constraints: NameConstraints): string | undefined {
  const { permitted, excluded } = constraints
  if (names.length * (permitted.length + excluded.length) > MOST_COMPARISONS)
    return `at most ${MOST_COMPARISONS} comparisons of names`
  for (const name of names) {
    const allowed = permitted.filter(base => base.kind === name.kind)
    const denied = excluded.filter(base => base.kind === name.kind)
    if (allowed.length + denied.length === 0) continue
    if (!isComparable(name)) return `no ${titles[name.kind]} that cannot be compared`
    if (allowed.length > 0 && !allowed.some(base => isWithin(name, base)))
      return `a ${titles[name.kind]} that the CA is permitted to name`
    if (denied.some(base => isWithin(name, base))) return `no ${titles[name.kind]} that is excluded for the CA`
  }
  return undefined
}

const titles: Readonly<Record<NameKind, string>> = {
  email: 'e-mail address',
  dns: 'DNS name',
  uri: 'URI',
  directory: 'subject',
  address: 'IP address',
  otherName: 'name of another kind',
  registeredId: 'registered id',
}

function isComparable(name: GeneralName): boolean {
  switch (name.kind) {
    case 'directory':
    case 'dns':
      return true
    case 'email':
      return /^[^@]+@[^@]+$/.test(name.text)
    case 'uri':
      return hostOf(name.text) !== undefined
    case 'address':
      return name.octets.length === 4 || name.octets.length === 16
    default:
      return false
  }
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === 'directory' && base.kind === 'directory') return isWithinName(name.name, base.name)
  if (name.kind === 'address' && base.kind === 'address') return isWithinRange(name.octets, base.octets)
  if (name.kind === 'dns' && base.kind === 'dns') return isWithinDomain(name.text, base.text)
  if (name.kind === 'email' && base.kind === 'email') return isWithinMailbox(name.text, base.text)
  if (name.kind === 'uri' && base.kind === 'uri') return isWithinHost(hostOf(name.text) ?? '', base.text)
  return false
}

/**
 * Names made by adding labels on the left; a base that begins with a dot names only those below it.
 */
function isWithinDomain(name: string, base: string): boolean {
  const [domain, suffix] = [name.toLowerCase(), base.toLowerCase()]
  if (suffix === '' || domain === suffix) return true
  return domain.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`)
}

/** A host, exactly; one that begins with a dot names every host below it. */
function isWithinHost(name: string, base: string): boolean {
  const [host, constraint] = [name.toLowerCase(), base.toLowerCase()]
  return constraint.startsWith('.') ? host.length > constraint.length && host.endsWith(constraint) : host === constraint
}

/** A mailbox, whose local part is compared to the letter; or a host. */
function isWithinMailbox(address: string, base: string): boolean {
  const [local = '', host = ''] = address.split('@')
  const at = base.indexOf('@')
  if (at < 0) return isWithinHost(host, base)
  const isLocal = at === 0 || base.slice(0, at) === local
  return isLocal && base.slice(at + 1).toLowerCase() === host.toLowerCase()
}

function isWithinRange(address: Buffer, range: Buffer): boolean {
  if (range.length !== address.length * 2) return false
  return address.every((octet, i) => (octet & range[address.length + i]!) === (range[i]! & range[address.length + i]!))
}

/**
 * The host of a URI; undefined where there is none, or an address (RFC 5280 4.2.1.10: such a URI is
 * refused). So is one with a user, or with a query or fragment right after the host: OpenSSL, and
 * others, find another host in them.
 */
function hostOf(uri: string): string | undefined {
  const host = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([A-Za-z0-9._-]+)(?::[0-9]*)?(?:\/|$)/.exec(uri)?.[1]
  return host === undefined || isIP(host) !== 0 ? undefined : host
}
