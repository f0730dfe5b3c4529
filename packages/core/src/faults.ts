// The fault registry: each code with its HTTP status, the sentence a peer may read, and the exit
// code of a command that ends with it. docs/faults.md documents the same rows; a test holds the two
// together. Codes never change.
//
// Long because it is one table.

type FaultRow = {
  /** HTTP status (RFC 9110) of the refusal; 500 for faults that never answer a request. */
  readonly status: number
  /**
   * Exit code of a local command: 2 usage, 3 refused by the receiver, 4 not delivered yet, 5 local
   * fault, 6 receipt not verified.
   */
  readonly exit: 2 | 3 | 4 | 5 | 6
  /** The sentence that the peer gets: no detail of the input or of this system. */
  readonly sentence: string
  /**
   * What stops a delivery before the receiver has a say, so that it does not expire: something
   * about this document alone, or keys, certificates (out of date by a wrong clock) and settings.
   */
  readonly lacks?: 'document' | 'gateway'
  /** What was sent or shown may have been replaced: an operator must act. */
  readonly isAlarm?: true
  /** A partner can cause it as often as it likes, by load alone: no failure of the gateway. */
  readonly isLoad?: true
  /** What an answer with this code means for the document that it answers; `final` without. */
  readonly asAnswer?: Exclude<AnswerMeaning, 'final'>
}

/**
 * `later`: the request was good, the moment was not, and it would be the same with any document.
 * `later-alone`: the same, but another document may be taken now. `operator`: it says nothing of
 * the document, which waits until somebody has acted. `final`: the document is refused.
 */
export type AnswerMeaning = 'later' | 'later-alone' | 'operator' | 'final'

export const faults = {
  'media-type': {
    status: 415,
    exit: 5,
    sentence: 'The body must be sent as application/xml, in UTF-8, without a Content-Encoding such as gzip.',
  },
  'document-too-large': { status: 413, exit: 5, sentence: 'The document is larger than this gateway accepts.' },
  'xml-malformed': { status: 400, exit: 5, sentence: 'The document is not well-formed XML 1.0.' },
  'xml-encoding': { status: 400, exit: 5, sentence: 'The document is not UTF-8.' },
  'xml-doctype': {
    status: 400,
    exit: 5,
    sentence: 'The document has a document type declaration, which is not allowed.',
  },
  'xml-processing-instruction': {
    status: 400,
    exit: 5,
    sentence: 'The document has a processing instruction, which is not allowed.',
  },
  'xml-comment': { status: 400, exit: 5, sentence: 'The document has a comment, which is not allowed.' },
  'xml-name': {
    status: 400,
    exit: 5,
    sentence: 'An element or attribute has a name that begins with the letters xml, which are reserved.',
  },
  'xml-namespace': { status: 400, exit: 5, sentence: 'The document does not use XML namespaces correctly.' },
  'xml-limit': {
    status: 400,
    exit: 5,
    sentence: 'The document exceeds a limit on depth, names, attributes, namespaces or the signature.',
  },
  'signature-missing': { status: 422, exit: 5, sentence: 'The document has no XML signature.' },
  'signature-multiple': { status: 422, exit: 5, sentence: 'The document has more than one XML signature.' },
  'signature-misplaced': {
    status: 422,
    exit: 5,
    sentence: 'The XML signature is not a child of the document element.',
  },
  'signature-malformed': {
    status: 422,
    exit: 5,
    sentence: 'The XML signature does not have the form this gateway requires.',
  },
  'signature-algorithm': {
    status: 422,
    exit: 5,
    sentence: 'The XML signature uses an algorithm this gateway does not accept.',
  },
  'signature-reference': {
    status: 422,
    exit: 5,
    sentence: 'The XML signature does not refer to exactly the whole document.',
  },
  'signature-digest': { status: 422, exit: 5, sentence: 'The document is not what was signed: its digest differs.' },
  'signature-value': {
    status: 422,
    exit: 5,
    sentence:
      "The XML signature does not verify with the client certificate's key: " +
      'it was made with another key, or SignedInfo was changed after signing.',
  },
  'signature-key': {
    status: 422,
    exit: 5,
    sentence:
      "KeyInfo holds a certificate that is neither the connection's nor one that this gateway " +
      "lists for the sender's signatures (a chain, an intermediate or an earlier one), " +
      "the connection's certificate may not sign, or the key is too weak.",
  },
  'second-opinion': {
    status: 422,
    exit: 5,
    sentence: 'A second verifier does not find the XML signature valid.',
    isAlarm: true,
  },
  'envelope-malformed': {
    status: 422,
    exit: 5,
    sentence: 'The document is not a CriticalDocument of the required form.',
  },
  'timestamp-malformed': {
    status: 422,
    exit: 5,
    sentence: 'TimestampForSignature is not a UTC time of the required form.',
  },
  'timestamp-stale': { status: 422, exit: 5, sentence: "TimestampForSignature is too far from this gateway's clock." },
  'receiver-mismatch': { status: 422, exit: 5, sentence: 'The document is addressed to another receiver.' },
  'schema-invalid': {
    status: 422,
    exit: 5,
    sentence: 'The payload does not match the schema agreed with this gateway.',
  },
  'document-type': {
    status: 403,
    exit: 5,
    sentence: 'This gateway takes no documents of this type from this partner.',
  },
  'rollover-malformed': {
    status: 422,
    exit: 5,
    sentence: 'The document is no announcement of a certificate, or its times do not hold.',
  },
  'rollover-certificate': {
    status: 422,
    exit: 5,
    sentence: 'The announced certificate cannot take the place of the present one at this gateway.',
  },
  'schema-unavailable': {
    status: 503,
    exit: 5,
    sentence: 'The gateway cannot validate the document against its schema at the moment; try again later.',
    lacks: 'document',
    asAnswer: 'later',
  },
  'sender-mismatch': {
    status: 403,
    exit: 5,
    sentence: 'The document names another sender than the client certificate.',
  },
  'partner-unknown': {
    status: 403,
    exit: 5,
    sentence:
      'The client certificate is that of no partner of this gateway: ' +
      "it must name one gateway as its one CN, be in date and be issued by the gateway's CA.",
  },
  'partner-suspended': { status: 403, exit: 5, sentence: 'The partner is suspended at this gateway.' },
  'certificate-revoked': { status: 403, exit: 5, sentence: 'The certificate is revoked.', lacks: 'gateway' },
  'certificate-expired': {
    status: 403,
    exit: 5,
    sentence: 'A certificate is out of date: expired, or not valid yet.',
    lacks: 'gateway',
  },
  'certificate-untrusted': {
    status: 403,
    exit: 5,
    sentence: 'The certificate was issued by no authority that this gateway relies on.',
    lacks: 'gateway',
  },
  'certificate-invalid': {
    status: 403,
    exit: 5,
    sentence: 'A certificate is unreadable, out of date, of the wrong kind or not from the trusted CA.',
    lacks: 'gateway',
    asAnswer: 'operator',
  },
  'revocation-unknown': {
    status: 503,
    exit: 5,
    sentence: 'The gateway cannot find out at the moment whether the certificate is revoked; try again later.',
    asAnswer: 'later',
  },
  'certificate-purpose': {
    status: 403,
    exit: 5,
    sentence: 'The certificate is not made for this purpose.',
    lacks: 'gateway',
  },
  'key-agreement': {
    status: 403,
    exit: 5,
    sentence: 'This gateway requires the hybrid key agreement X25519MLKEM768 of this partner.',
    lacks: 'gateway',
  },
  'document-id-conflict': {
    status: 409,
    exit: 5,
    sentence: 'Another document with the same id was accepted from this sender before.',
    isAlarm: true,
  },
  'rate-limit': {
    status: 429,
    exit: 5,
    sentence: 'Too many requests with this certificate; try again later.',
    asAnswer: 'later',
  },
  overloaded: {
    status: 503,
    exit: 5,
    sentence: 'The gateway is busy; try again later.',
    isLoad: true,
    asAnswer: 'later',
  },
  'shutting-down': {
    status: 503,
    exit: 5,
    sentence: 'The gateway is stopping; try again in a moment.',
    isLoad: true,
    asAnswer: 'later',
  },
  'storage-unavailable': {
    status: 503,
    exit: 5,
    sentence: 'The gateway cannot store documents at the moment; try again later.',
    lacks: 'document',
    asAnswer: 'later',
  },
  'seal-unavailable': {
    status: 503,
    exit: 5,
    sentence: 'The gateway cannot seal receipts at the moment; try again later.',
    asAnswer: 'later',
  },
  'clock-behind': {
    status: 503,
    exit: 5,
    sentence: 'The gateway cannot date documents at the moment; try again later.',
    asAnswer: 'later',
  },
  'not-found': { status: 404, exit: 5, sentence: 'There is nothing here under that name.' },
  'method-not-allowed': {
    status: 405,
    exit: 5,
    sentence: 'What is here does not take this method; Allow names those it takes.',
  },
  'request-malformed': { status: 400, exit: 5, sentence: 'The HTTP request is not one this gateway understands.' },
  'request-fragmented': {
    status: 400,
    exit: 5,
    sentence: 'The body comes in too many small pieces; send it in larger ones.',
  },
  'request-timeout': { status: 408, exit: 5, sentence: 'The request did not arrive in time.', asAnswer: 'later-alone' },
  internal: {
    status: 500,
    exit: 5,
    sentence: 'The gateway could not do this because of a defect.',
    lacks: 'document',
    asAnswer: 'later-alone',
  },

  'login-required': {
    status: 401,
    exit: 5,
    sentence: 'Say who you are: with an API key, or the session of a login link.',
  },
  'login-refused': {
    status: 401,
    exit: 5,
    sentence: 'The login does not count: it was used, or its time is over.',
  },
  'login-limit': {
    status: 429,
    exit: 5,
    sentence: 'Too many logins were refused; try again in a minute.',
    asAnswer: 'later',
  },
  'not-permitted': {
    status: 403,
    exit: 5,
    sentence: 'Your role may not do this.',
  },
  'cross-site': {
    status: 403,
    exit: 5,
    sentence: 'A page of another site made this request.',
  },
  'parameter-invalid': {
    status: 400,
    exit: 5,
    sentence: 'A parameter or the body is not what the description of the API says.',
  },

  'act-impossible': {
    status: 409,
    exit: 5,
    sentence: 'In its present state this cannot be done to it.',
  },
  'count-changed': {
    status: 409,
    exit: 5,
    sentence: 'What matches now is not as much as was seen: nothing was done.',
  },
  'idempotency-key-reused': {
    status: 422,
    exit: 5,
    sentence: 'The Idempotency-Key stands for another request.',
  },
  'idempotency-pending': {
    status: 409,
    exit: 5,
    sentence: 'The request of this Idempotency-Key has no answer yet.',
  },
  'approval-decided': {
    status: 409,
    exit: 5,
    sentence: 'The act waits no more: another person decided, or its time is over.',
  },
  'task-ended': {
    status: 500,
    exit: 5,
    sentence: 'The task ended before its work was done.',
  },
  'version-changed': {
    status: 412,
    exit: 5,
    sentence: 'It was changed since it was seen: nothing was done.',
  },
  'version-required': {
    status: 428,
    exit: 5,
    sentence: 'The request must say which version it is about: If-Match, with the ETag.',
  },

  usage: { status: 500, exit: 2, sentence: 'The command was not used as its help says.' },
  configuration: {
    status: 500,
    exit: 5,
    sentence: 'A setting, key or certificate of this gateway is missing or wrong.',
    lacks: 'gateway',
  },
  'file-unreadable': { status: 500, exit: 5, sentence: 'A file could not be read or written.', lacks: 'document' },
  'file-exists': { status: 500, exit: 5, sentence: 'A file that would be overwritten exists already.' },
  'backup-invalid': {
    status: 500,
    exit: 5,
    sentence: 'A backup, or what it would be made of, is damaged or not whole.',
  },
  'csr-invalid': {
    status: 500,
    exit: 5,
    sentence: 'A certificate request is unreadable, or not signed with its own key.',
  },
  'p12-invalid': {
    status: 500,
    exit: 5,
    sentence: 'A PKCS #12 file cannot be read with this password, or has no key with its certificate.',
  },
  'crl-invalid': {
    status: 500,
    exit: 5,
    sentence: 'A certificate revocation list is unreadable, or not signed by a CA that may sign it.',
  },
  'ocsp-invalid': {
    status: 500,
    exit: 5,
    sentence: 'An answer about the status of a certificate is unreadable, out of date, or not signed by its CA.',
  },
  'revocation-unreachable': {
    status: 500,
    exit: 5,
    sentence: 'A revocation list, or the status of a certificate, cannot be fetched from its address.',
  },
  'crl-kind': {
    status: 500,
    exit: 5,
    sentence: 'A certificate revocation list is a delta, indirect or partial one, which is not taken.',
  },
  'crl-older': {
    status: 500,
    exit: 5,
    sentence: 'A certificate revocation list is older than the one that is there.',
  },
  'receiver-unknown': {
    status: 500,
    exit: 5,
    sentence: 'The document is for a receiver that is not registered here.',
    lacks: 'document',
  },
  'receiver-suspended': {
    status: 500,
    exit: 5,
    sentence: 'The receiver is suspended here: nothing is sent to it.',
    lacks: 'gateway',
  },
  'delivery-refused': { status: 500, exit: 3, sentence: 'The receiver refused the document.' },
  'delivery-pending': { status: 500, exit: 4, sentence: 'The document has not been delivered yet.' },
  'clocks-apart': {
    status: 500,
    exit: 4,
    sentence: 'The clocks of the two gateways are too far apart: the document waits until they agree.',
  },
  'delivery-expired': {
    status: 500,
    exit: 5,
    sentence: 'The document could not be delivered in its lifetime, and is not tried any more.',
  },
  'delivery-cancelled': { status: 500, exit: 5, sentence: 'The delivery was cancelled.' },
  'log-invalid': { status: 500, exit: 5, sentence: 'The transparency log, or a proof from it, does not verify.' },
  'log-rewritten': {
    status: 500,
    exit: 6,
    sentence: "The receiver's log does not continue what it showed before: its history was rewritten.",
    isAlarm: true,
  },
  'log-unproven': {
    status: 500,
    exit: 6,
    sentence: 'The receiver does not show that its log continues what it showed before.',
  },
  'log-split': {
    status: 500,
    exit: 6,
    sentence: 'The receiver showed different logs to different partners.',
    isAlarm: true,
  },
  'log-not-comparable': {
    status: 500,
    exit: 4,
    sentence: 'The checkpoints are of different sizes: comparing them needs the log itself.',
  },
  'log-incomplete': {
    status: 500,
    exit: 6,
    sentence: 'The log that would be restored may lack entries that partners have seen.',
  },
  'receipt-invalid': { status: 500, exit: 6, sentence: 'The receipt does not verify.' },
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof faults

/**
 * What an answer means. Without a code that says so, its status does (RFC 9110 15.5.9 and 15.6, RFC
 * 6585 4): that of a proxy, or of a fault that should answer no request.
 */
export function answerMeaning(code: FaultCode, status: number): AnswerMeaning {
  const { asAnswer } = faultRow(code)
  if (asAnswer !== undefined) return asAnswer
  if (status === 408 || status === 500) return 'later-alone'
  return status === 429 || status > 500 ? 'later' : 'final'
}

/**
 * Whether it is a failure of the gateway that reports it, not of what it was given (RFC 9110 15.6).
 */
export function isOwnFailure(code: FaultCode): boolean {
  return faults[code].status >= 500
}

/** The row of a code, with all columns. */
export function faultRow(code: FaultCode): FaultRow {
  return faults[code]
}

/** Whether `code` (say, from a peer's problem document) is one of this registry. */
export function isFaultCode(code: unknown): code is FaultCode {
  return typeof code === 'string' && Object.hasOwn(faults, code)
}
