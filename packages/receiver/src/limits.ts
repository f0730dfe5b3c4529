// What one client can cost: the sizes, numbers and times that the exchange listener bounds. What
// bounds something else stands beside it (docs/receiver.md lists all). Times are in milliseconds.
import { defaultLimits as profileLimits } from '@seg/xmldsig/limits'

export type ReceiverLimits = {
  /** The largest document that is accepted. */
  readonly documentBytes: number
  /** The request line and all headers together. */
  readonly headerBytes: number
  readonly headers: number
  /** Open connections of partners; one more is closed at once. */
  readonly connections: number
  /** Documents being received, from the first byte to the answer; one more is refused. */
  readonly uploads: number
  /** Of these, documents too large to be held in memory. */
  readonly largeUploads: number
  /** Receipts and files of the log being sent, until the client has taken them. */
  readonly reads: number
  /** Of each of these, as many as one partner may have while others have some. */
  readonly connectionsOfOne: number
  /**
   * Connections of one partner whose handshake is done and that wait for their first turn; one more
   * is closed.
   */
  readonly newcomersOfOne: number
  readonly uploadsOfOne: number
  readonly readsOfOne: number
  readonly largeUploadsOfOne: number
  /** Of one partner; Infinity for no limit. */
  readonly documentsPerSecond: number
  /**
   * A request that is refused for being one too many is read to its end when no more than this is
   * left: a new connection would cost more.
   */
  readonly drainedBytes: number
  /**
   * Requests of one connection that wait for the answer to the one before them; one more ends the
   * connection.
   */
  readonly pipelinedRequests: number
  /**
   * Times that a client may renew the key of a connection (RFC 8446 4.6.3), beside one for each MiB
   * that it sends.
   */
  readonly keyUpdates: number
  /**
   * Pieces of a body that may be of any size, and the bytes that each one beyond them must have on
   * average.
   */
  readonly freePieces: number
  readonly pieceBytes: number
  /**
   * Connections that are not authenticated yet, beside those of partners; one more takes the place
   * of the oldest.
   */
  readonly strangers: number
  /** Of these, from one IPv4 address or 64 bits of IPv6. */
  readonly strangersOfOne: number
  /**
   * Handshakes from there, and of one partner, in a second, and how many of them may come at once;
   * others wait.
   */
  readonly handshakesPerSecond: number
  readonly handshakesAtOnce: number
  /** From the connection to the first byte, and from there to the end of the TLS handshake. */
  readonly handshakeTime: number
  /** From the end of the handshake, or of the last answer, to the end of the headers. */
  readonly headersTime: number
  /** Between two requests on one connection. */
  readonly keepAliveTime: number
  /** Every so often, this much more of a document must have come. */
  readonly progressTime: number
  readonly progressBytes: number
  /** The largest document that is shown to the second opinion, and how long it may take. */
  readonly opinionBytes: number
  readonly opinionTime: number
  /** The largest document that is validated against a schema, and how long that may take. */
  readonly schemaBytes: number
  readonly schemaTime: number
  /**
   * How long a client that was refused before its last byte may take to read the answer, and how
   * much of the rest is read and dropped meanwhile; a piece of it counts as 512 bytes more.
   */
  readonly lingerTime: number
  readonly discardedBytes: number
  /** How long a client may leave an answer unread. */
  readonly answerTime: number
  /**
   * When the receiver stops: how long requests that are not all here have, and documents that are.
   */
  readonly closingGrace: number
  readonly closingTime: number
}

export const defaultReceiverLimits: ReceiverLimits = {
  documentBytes: profileLimits.documentBytes,
  headerBytes: 8 * 1024,
  headers: 64,
  connections: 4096,
  uploads: 256,
  reads: 256,
  largeUploads: 32,
  connectionsOfOne: 3072,
  newcomersOfOne: 256,
  uploadsOfOne: 192,
  readsOfOne: 192,
  largeUploadsOfOne: 24,
  documentsPerSecond: Number.POSITIVE_INFINITY,
  drainedBytes: 64 * 1024,
  pipelinedRequests: 4,
  keyUpdates: 32,
  freePieces: 4096,
  pieceBytes: 16,
  strangers: 1024,
  strangersOfOne: 512,
  handshakesPerSecond: 200,
  handshakesAtOnce: 1024,
  handshakeTime: 10_000,
  headersTime: 10_000,
  keepAliveTime: 30_000,
  progressTime: 20_000,
  progressBytes: 128 * 1024,
  opinionBytes: 256 * 1024,
  opinionTime: 5_000,
  schemaBytes: 4 * 1024 * 1024,
  schemaTime: 5_000,
  lingerTime: 10_000,
  discardedBytes: 64 * 1024 ** 2,
  answerTime: 30_000,
  closingGrace: 1_500,
  closingTime: 8_000,
}
