// A document as a message of NATS: its subject, its headers, and how large it is.
import type { AcceptedDocument } from '@seg/ledger'
import { formatHeaders, type NatsHeaders } from './nats-connection.ts'

/**
 * One token for each sender: letters, digits, `-` and `_` stand for themselves, other octets of
 * UTF-8 are `%` and two digits. So no id is a wildcard, or has a dot that makes two tokens.
 */
export function subjectOf(prefix: string, { sender }: Pick<AcceptedDocument, 'sender'>): string {
  return `${prefix}.${tokenOf(sender)}`
}

/**
 * The stream takes a message once for each `Nats-Msg-Id` within its window. It has the digest of
 * the document, too: other octets are never the same message, of whichever gateway.
 */
export function headersOf(document: AcceptedDocument, stream: string, traceParent: string | undefined): NatsHeaders {
  const { sender, id, sha256, index, acceptedAt } = document
  return {
    'Nats-Msg-Id': `${tokenOf(sender)}/${tokenOf(id)}/${sha256}`,
    'Nats-Expected-Stream': stream,
    'content-type': 'application/xml',
    'seg-sender': encodeURIComponent(sender),
    'seg-document-id': encodeURIComponent(id),
    'seg-sha256': sha256,
    'seg-index': String(index),
    'seg-accepted-at': acceptedAt,
    ...(traceParent !== undefined && { traceparent: traceParent }),
  }
}

/** What the server compares with `max_payload`. */
export function messageBytes(headers: NatsHeaders, { bytes }: Pick<AcceptedDocument, 'bytes'>): number {
  return formatHeaders(headers).length + bytes
}

function tokenOf(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[.!~*'()]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
