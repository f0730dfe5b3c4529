// The profile's limits: what bounds the memory and time that a document can cost (docs/profile.md).

export type Limits = {
  /** Bytes of the whole document. */
  readonly documentBytes: number
  /** Open elements at once; the document element is 1. */
  readonly depth: number
  /** Attributes of one element, namespace declarations not counted. */
  readonly attributes: number
  /** Prefixes in scope at once, the default namespace included. */
  readonly namespaces: number
  /** Bytes of an element's or attribute's name. */
  readonly nameBytes: number
  /** Bytes of an attribute's value as an application sees it: normalized, references resolved. */
  readonly valueBytes: number
  /** Bytes of the Signature element as written. */
  readonly signatureBytes: number
  /**
   * Bytes of one tag, reference or declaration as written: white space and leading zeros are
   * unbounded in XML 1.0.
   */
  readonly tokenBytes: number
}

export const defaultLimits: Limits = {
  documentBytes: 1024 ** 3,
  depth: 64,
  attributes: 64,
  namespaces: 64,
  nameBytes: 1024,
  valueBytes: 64 * 1024,
  signatureBytes: 64 * 1024,
  tokenBytes: 8 * 1024 * 1024,
}
