// What to do about each refusal, for the person at the sender. docs/faults.md says the same, held
// together by a test.
import type { FaultCode } from './faults.ts'

export const advice = {
  'media-type': 'Something between the gateways rewrites the request; no proxy may stand between them.',
  'document-too-large': 'Send less in one document, or agree on a higher limit with the receiver.',
  'xml-malformed': 'Correct the XML; an XML editor shows the place.',
  'xml-encoding': 'Save the file as UTF-8, and let its XML declaration say UTF-8 or nothing.',
  'xml-doctype': 'Remove the document type declaration, and write out the entities it declares.',
  'xml-processing-instruction':
    'Remove it (of this kind only the XML declaration may stand there), or sign with --strip-comments.',
  'xml-comment': 'Remove the comments, or sign with --strip-comments.',
  'xml-name': 'Rename it; of such names only xml:lang, xml:space and xml:id are allowed.',
  'xml-namespace': 'Declare each prefix, with an absolute URI.',
  'xml-limit': 'Make the document flatter or its names and values shorter; docs/faults.md names the limits.',
  'signature-missing': 'Sign the document: `sender sign`, or let `sender send` do it.',
  'signature-multiple': 'Remove the Signature that is there, and let the gateway make the only one.',
  'signature-misplaced':
    'Let `sender sign` make the Signature; it must be the first or last child of the document element.',
  'signature-malformed': 'Let `sender sign` make the Signature.',
  'signature-algorithm': 'Sign with SHA-256 and an RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519 key.',
  'signature-reference': 'Let `sender sign` make the Signature: one Reference, to the whole document.',
  'signature-digest': 'The document was changed after it was signed: send the original, or sign the changed one.',
  'signature-value':
    'Sign with the key of the certificate that the connection uses (certs/sender.key), ' +
    'and send the signed document as it is: no formatter may touch it.',
  'signature-key':
    "Leave out of KeyInfo all certificates but the one that signed: the connection's, " +
    'or one that the receiver lists for our signatures; use RSA keys of at least 2048 bits.',
  'second-opinion': 'Sign with Exclusive C14N, as `sender sign` does, and send less in one document.',
  'envelope-malformed': 'Compare the document with sample_document.xml: the same children, in the same order.',
  'timestamp-malformed':
    'Leave TimestampForSignature empty and the gateway fills it in, or write YYYY-MM-DDTHH:MM:SSZ.',
  'timestamp-stale': 'Sign shortly before sending, and check the clocks of both gateways.',
  'receiver-mismatch': "Check ReceiverID and the address: ReceiverID must be the id in the receiver's certificate.",
  'schema-invalid': 'Compare the payload with the schema agreed on with this receiver.',
  'document-type': 'Ask the operator of the receiver which types of documents it takes from this gateway.',
  'rollover-malformed': 'Announce it with `sender rollover announce`, which writes what is expected.',
  'rollover-certificate':
    'Compare its issuer, name, purpose and dates with the present one; ' +
    'else ask the operator of the receiver to add it.',
  'schema-unavailable':
    'Try again; if it stays so, ask the receiver whether its schema can be applied to the document.',
  'sender-mismatch': 'SenderID must be the id in our certificate; `pki inspect` shows it.',
  'partner-unknown': 'Ask the operator of the receiver to list this gateway as a partner.',
  'partner-suspended': 'Ask the operator of the receiver.',
  'certificate-revoked': 'The owner of the certificate needs a new one from the CA.',
  'certificate-expired': 'Renew it; if its dates are right, check the clocks of both gateways.',
  'certificate-untrusted': 'List its CA as an authority, or send the intermediate CA certificates with it.',
  'certificate-invalid': 'Look at the certificate with `pki inspect`: dates, issuer, purpose, names.',
  'revocation-unknown':
    'Wait; the operator of the receiver must get a current revocation list of the CA, ' +
    'or the answer of its OCSP responder.',
  'certificate-purpose': 'Use a certificate that was issued for this purpose; `pki inspect` shows which.',
  'key-agreement':
    'Connect with TLS that supports X25519MLKEM768, such as OpenSSL 3.5; the sender of this product does.',
  'document-id-conflict': 'Give the document an id of its own: --id ID, or --id auto.',
  'rate-limit': 'Wait, and send less often.',
  overloaded: 'Wait; the gateway tries again by itself until --timeout.',
  'shutting-down': 'Wait; the gateway tries again by itself until --timeout.',
  'storage-unavailable':
    'Wait; when it lasts, its operator must look at the disk and the permissions of its data folder.',
  'seal-unavailable': 'Wait, and tell the operator of the receiver: its seal certificate is out of date.',
  'clock-behind': 'Wait, and report it to the operator of the receiver: its clock was set back.',
  'not-found': 'Check the name, and whose document it is.',
  'method-not-allowed': 'Use the method that the contract names for this path.',
  'request-malformed': 'Something between the gateways rewrites the request; no proxy may stand between them.',
  'request-fragmented': 'Send the body in chunks and TLS records of a kilobyte or more.',
  'request-timeout': 'Send again; the line may be slow.',
  internal: 'Report it as a defect, with the detail or what the log says.',
  'login-required': 'Make a login link with `receiver console login`, or an API key with `receiver console keys add`.',
  'login-refused': 'Make another login link with `receiver console login`; each counts once, for five minutes.',
  'login-limit': 'Wait a minute, and find out who tries; `receiver audit list` has the attempts.',
  'not-permitted': 'Ask an administrator, or log in with a role that may: docs/api.md says which.',
  'cross-site': 'Open the console itself; a program uses an API key instead of a cookie.',
  'parameter-invalid': 'Compare the request with /openapi.json; the answer names each part.',
  'act-impossible': 'See what it is now, and what may be done to it: `acts` of the answer, or the detail, says why.',
  'count-changed': 'Count again with the same filter, look at what is new, and repeat the act with that number.',
  'idempotency-key-reused': 'Use a new key for each act, and the same key only to repeat the same request.',
  'idempotency-pending':
    'Wait and repeat it; if the listener ended meanwhile, `receiver audit list` says what was done.',
  'approval-decided': 'Read it again; if it has lapsed or was refused, ask for the act anew.',
  'task-ended': 'Ask for it again; if it ended by itself, the detail and the log say why.',
  'version-changed': 'Read it again, look at what was changed, and repeat the act with its new ETag.',
  'version-required': 'Read it first, and repeat the request with its ETag in If-Match.',
  usage: 'See --help.',
  configuration: 'Correct what the detail names.',
  'file-unreadable': 'Check the path, its permissions and the space on the disk.',
  'file-exists': 'Choose another name or folder; nothing was changed.',
  'backup-invalid':
    'Use an earlier backup, and keep the damaged one; ' +
    'of a data folder, put the file that the detail names back from one.',
  'csr-invalid': 'Make it again: `pnpm --filter pki csr`, or `openssl req -new`.',
  'p12-invalid': 'Check the password; `openssl pkcs12 -in FILE -info -noout` shows what is in the file.',
  'crl-invalid': 'Get the list from the CA again; `openssl crl -in FILE -noout -text` shows its content.',
  'ocsp-invalid':
    'Ask with `openssl ocsp -issuer CA.pem -cert FILE -url URL -resp_text`, and have the CA repair its responder.',
  'revocation-unreachable':
    'See whether the address answers: `curl --verbose URL`; what was fetched before stays in use.',
  'crl-kind': 'Ask the CA for its whole list, of all certificates that it issued.',
  'crl-older': 'Get the latest list from the CA; the one that is there stays in use.',
  'receiver-unknown': 'Register it with `sender receivers add`, correct ReceiverID, or give --to.',
  'receiver-suspended': '`sender receivers resume` ends that; the document stays queued.',
  'delivery-refused': 'See the reason that stands beside it.',
  'delivery-pending':
    'Send again later, or let `sender deliver` run: the same bytes go out, and they are accepted at most once.',
  'clocks-apart':
    'Compare the two clocks that the detail names, and set the wrong one right; the document is tried again by itself.',
  'delivery-expired': '`sender outbox retry` queues it again.',
  'delivery-cancelled': '`sender outbox retry` queues it again.',
  'log-invalid': 'Keep both sides of what does not fit as evidence, and ask the operator of the log.',
  'log-rewritten':
    'Trust no receipt of this receiver until its operator explains, over another channel; keep the evidence.',
  'log-unproven':
    'Ask the operator of the receiver, over another channel, why its log is not shown; ' +
    'the receipt is kept as unproven.',
  'log-split':
    'Trust no receipt of this receiver until its operator explains, over another channel; keep both checkpoints.',
  'log-not-comparable': 'Give --to with the address of the receiver: the proof is fetched from its log.',
  'log-incomplete':
    'Give the latest checkpoint that anybody has with --checkpoint, and a backup that has its entries; ' +
    'where they are lost, declare it with --entries-lost and --why.',
  'receipt-invalid': 'Do not count the document as delivered; ask the operator of the receiver, over another channel.',
} as const satisfies Record<FaultCode, string>
