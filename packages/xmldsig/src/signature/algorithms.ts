// Every algorithm of the profile, by its identifier (XMLDSig 1.1, RFC 9231): one row each. An
// algorithm without a row is refused. A row has all that signing and verifying need, so that
// nothing else lists algorithms.
import { constants } from 'node:crypto'
import type { DigestName } from '../c14n/octets.ts'
import { ecdsaFromDer, ecdsaToDer } from './ecdsa-value.ts'
import type { SignatureKeyKind } from './key-kinds.ts'

export const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'

export type CanonicalizationRow = {
  /** Whether only namespaces in visible use are written (Exclusive C14N) or all in scope. */
  readonly isExclusive: boolean
  /**
   * Attributes of the xml namespace that a subtree inherits (C14N 1.0: 2.4; C14N 1.1 leaves out
   * xml:id).
   */
  readonly inherits: readonly string[]
}

export const canonicalizations: Readonly<Record<string, CanonicalizationRow>> = {
  [EXCLUSIVE_C14N]: { isExclusive: true, inherits: [] },
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': { isExclusive: false, inherits: ['id', 'lang', 'space'] },
  'http://www.w3.org/2006/12/xml-c14n11': { isExclusive: false, inherits: ['lang', 'space'] },
}

/** What a Reference without a canonicalization transform gets (XMLDSig 4.4.3.2). */
export const DEFAULT_CANONICALIZATION = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'

export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

export const digests: Readonly<Record<string, DigestName>> = {
  [SHA256]: 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
}

export const digestBytes: Readonly<Record<DigestName, number>> = { sha256: 32, sha384: 48, sha512: 64 }

export type SignatureRow = {
  readonly identifier: string
  /** Kinds of keys that make such signatures. */
  readonly kinds: readonly SignatureKeyKind[]
  /** null: the algorithm has its own. */
  readonly hash: DigestName | null
  /** RSASSA-PSS: what `node:crypto` takes beside the key, to sign and to verify. */
  readonly pss?: { readonly padding: number; readonly saltLength: number }
  /** A value as OpenSSL takes it, from its form in a SignatureValue; and back. */
  readonly toOpenSsl: (value: Buffer) => Buffer
  readonly fromOpenSsl: (value: Buffer, valueBytes: number) => Buffer
  /** The row of a digest that an RSAPSSParams element names; other rows take no such element. */
  readonly withDigest?: (hash: DigestName) => SignatureRow
}

export const MGF1 = 'http://www.w3.org/2007/05/xmldsig-more#MGF1'
/** The digest stands in an RSAPSSParams element (RFC 9231 2.3.9). */
const RSA_PSS_WITH_PARAMETERS = 'http://www.w3.org/2007/05/xmldsig-more#rsa-pss'

export const signatures: Readonly<Record<string, SignatureRow>> = Object.fromEntries(
  [
    rsa('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'),
    rsa('http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', 'sha384'),
    rsa('http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'),
    {
      ...rsaPss(RSA_PSS_WITH_PARAMETERS, 'sha256'),
      withDigest: (hash: DigestName) => rsaPss(RSA_PSS_WITH_PARAMETERS, hash),
    },
    rsaPss('http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1', 'sha256'),
    rsaPss('http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1', 'sha384'),
    rsaPss('http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1', 'sha512'),
    ecdsa('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256', 'sha256'),
    ecdsa('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384', 'sha384'),
    ecdsa('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512', 'sha512'),
    { ...plain('http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519', null), kinds: ['ed25519'] as const },
  ].map(row => [row.identifier, row]),
)

/** A SignatureValue that is OpenSSL's own. */
function plain(identifier: string, hash: DigestName | null): Omit<SignatureRow, 'kinds'> {
  return { identifier, hash, toOpenSsl: value => value, fromOpenSsl: value => value }
}

function rsa(identifier: string, hash: DigestName): SignatureRow {
  return { ...plain(identifier, hash), kinds: ['rsa'] }
}

/** RFC 9231 2.3.10: MGF1 with the same digest, and a salt of its length. */
function rsaPss(identifier: string, hash: DigestName): SignatureRow {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: digestBytes[hash] }
  return { ...plain(identifier, hash), kinds: ['rsa', 'rsa-pss'], pss }
}

/** XMLDSig 1.1 6.4.3: r and s side by side, where OpenSSL has DER. */
function ecdsa(identifier: string, hash: DigestName): SignatureRow {
  return { ...plain(identifier, hash), kinds: ['ec'], toOpenSsl: ecdsaToDer, fromOpenSsl: ecdsaFromDer }
}

/**
 * The row of `identifier`, undefined when there is none; names that objects inherit are no rows.
 */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, identifier: string): Row | undefined {
  return Object.hasOwn(table, identifier) ? table[identifier] : undefined
}
