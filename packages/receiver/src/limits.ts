// What one client can cost: every size, number and time that the receiver bounds (docs/receiver.md). Times are in milliseconds.

/** The largest document that is accepted. */
export const LARGEST_DOCUMENT = 1024 * 1024

export type Limits = {
  readonly documentBytes: number
  /** The request line and all headers together. */
  readonly headerBytes: number
  readonly headers: number
  /** Open connections, however far they got; one more is closed at once. */
  readonly connections: number
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeTime: number
  /** From the end of the handshake, or of the last answer, to the end of the headers. */
  readonly headersTime: number
  /** From the first byte of a request to its last. */
  readonly requestTime: number
  /** Between two requests on one connection. */
  readonly keepAliveTime: number
  /** Every so often, this much more of a document must have come. */
  readonly progressTime: number
  readonly progressBytes: number
  /** How long a client that was refused before its last byte may take to read the answer. */
  readonly lingerTime: number
  /** How long open requests may take to end when the receiver stops. */
  readonly closingTime: number
}

export const defaultLimits: Limits = {
  documentBytes: LARGEST_DOCUMENT,
  headerBytes: 8 * 1024,
  headers: 64,
  connections: 4096,
  handshakeTime: 10_000,
  headersTime: 10_000,
  requestTime: 60_000,
  keepAliveTime: 30_000,
  progressTime: 5_000,
  progressBytes: 4 * 1024,
  lingerTime: 2_000,
  closingTime: 8_000,
}
