// Every algorithm the profile knows, by its identifier (XMLDSig 1.1, RFC 9231): one row each, and
// nothing that has no row is accepted.
import type { DigestName } from '../c14n/octets.ts'

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

export type SignatureRow = {
  readonly family: 'rsa' | 'rsa-pss' | 'ecdsa' | 'ed25519'
  /** null: the algorithm has its own. */
  readonly hash: DigestName | null
}

/** RSASSA-PSS whose digest stands in an RSAPSSParams element (RFC 9231 2.3.9). */
export const RSA_PSS_WITH_PARAMETERS = 'http://www.w3.org/2007/05/xmldsig-more#rsa-pss'
export const MGF1 = 'http://www.w3.org/2007/05/xmldsig-more#MGF1'

export const signatures: Readonly<Record<string, SignatureRow>> = {
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': { family: 'rsa', hash: 'sha256' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': { family: 'rsa', hash: 'sha384' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': { family: 'rsa', hash: 'sha512' },
  [RSA_PSS_WITH_PARAMETERS]: { family: 'rsa-pss', hash: 'sha256' },
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1': { family: 'rsa-pss', hash: 'sha256' },
  'http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1': { family: 'rsa-pss', hash: 'sha384' },
  'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1': { family: 'rsa-pss', hash: 'sha512' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256': { family: 'ecdsa', hash: 'sha256' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384': { family: 'ecdsa', hash: 'sha384' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512': { family: 'ecdsa', hash: 'sha512' },
  'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519': { family: 'ed25519', hash: null },
}

/**
 * The row of `identifier`, undefined when there is none; names that objects inherit are no rows.
 */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, identifier: string): Row | undefined {
  return Object.hasOwn(table, identifier) ? table[identifier] : undefined
}
