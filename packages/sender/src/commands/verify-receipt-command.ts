// `sender verify-receipt`: what a receipt proves of a document, offline, from the two files and the
// public parts of certs/.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { amount, type Command, Fault, openOutput, quote, readSection, readSettings, resolveUserPath } from '@seg/core'
import { checkSignerAt, checkSigning, gatewayId, readCertificates } from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'
import { loadReceivers, trustFor } from '../credentials/sender-credentials.ts'
import { openDocumentFile } from '../document/document-file.ts'
import { readClaimedFile } from '../document/signed-document.ts'
import { readInputFile } from '../input-file.ts'
import { openMeter, openProgress, terminal } from '../progress.ts'
import { type ReceiptTrust, readAcceptance } from '../receipt/check-log-entry.ts'
import { type CheckedReceipt, checkReceipt } from '../receipt/check-receipt.ts'

type Options = { readonly document: string; readonly cert?: string }

export async function runVerifyReceipt(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs } = readSettings(command, ['certs'])
  const { value: types } = readSection(command.opts().config, documentsSection)
  const registered = await loadReceivers({ certs, config: command.opts().config })
  const receipt = await readInputFile(file)
  const progress = openProgress(terminal, { isSilent: output.json })
  const meter = openMeter(progress, options.document)
  const known = await readKnownSigner(options.cert, certs)
  const path = resolveUserPath(options.document)
  const { bytes, sha256, document, signer } = await readClaimedFile(path, known?.certificate, { types, meter }).finally(
    progress.clear,
  )
  if (document instanceof Fault) await explainOtherFile(path, document)
  // No receiver accepts a document that is not signed by its sender.
  if (document instanceof Fault)
    throw new Fault('receipt-invalid', `the document itself does not verify: ${document.message}`, { cause: document })
  const trust = trustFor(document.receiverId, registered)
  const checked = checkReceipt(receipt, { bytes, sha256, document, signer }, trust, new Date())
  checkSigner(signer, checked, registered.trust, known)
  output.report({ ok: true, ...listFacts(checked) }, describe(checked))
}

/** How every receipt begins. */
const RECEIPT = /^[^<]*(?:<\?xml[^>]*>\s*)?<Receipt[\s>]/

/**
 * What is no signed document says nothing of the receipt. Throws the Faults `usage` for a receipt
 * in the document's place, and `signature-missing` for a draft.
 */
async function explainOtherFile(path: string, fault: Fault): Promise<void> {
  await using file = await openDocumentFile(path)
  for await (const piece of file.pieces('reading')) {
    if (RECEIPT.test(Buffer.from(piece).toString('utf8')))
      throw new Fault(
        'usage',
        `expected the signed document after --document, found a receipt in ${path}: the receipt comes first`,
      )
    break
  }
  if (fault.code === 'signature-missing')
    throw new Fault(
      fault.code,
      `${path} is not signed; expected the bytes that were sent: \`sender outbox show ID\` names their file`,
      { cause: fault, command: 'pnpm --filter sender outbox list' },
    )
}

type KnownSigner = {
  readonly certificate: X509Certificate
  readonly source: '--cert' | 'signing.crt' | 'sender.crt'
}

/**
 * The certificate for documents that have none: `--cert`, else our own for signatures, where there
 * is one.
 */
async function readKnownSigner(file: string | undefined, certs: string): Promise<KnownSigner | undefined> {
  const own = (['signing.crt', 'sender.crt'] as const).find(name => existsSync(join(certs, name)))
  const source = file === undefined ? own : '--cert'
  if (source === undefined) return undefined
  const [certificate] = await readCertificates(file === undefined ? join(certs, source) : resolveUserPath(file))
  return { certificate, source }
}

/**
 * As the receiver had to see it when it accepted the document: a certificate for signatures of our
 * CA, and that of the sender named. One that is named here need not bear the sender's name.
 */
function checkSigner(
  certificate: X509Certificate,
  { acceptedAt, senderId }: CheckedReceipt,
  trust: ReceiptTrust,
  known: KnownSigner | undefined,
): void {
  const source = known?.certificate.raw.equals(certificate.raw) === true ? known.source : undefined
  try {
    // Who issued it was the receiver's to judge: its record of us names it.
    if (source === 'signing.crt') checkSigning(certificate, new Date(acceptedAt))
    else checkSignerAt(certificate, trust, new Date(acceptedAt))
    if (source === '--cert' || source === 'signing.crt' || gatewayId(certificate) === senderId) return
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('receipt-invalid', `the document's signer: ${cause.message}`, { cause })
  }
  throw new Fault(
    'receipt-invalid',
    `the document's signer is ${quote(gatewayId(certificate))}, ` +
      `the receipt says ${quote(senderId)}; --cert names another one`,
  )
}

function listFacts({
  receiverId,
  senderId,
  documentId,
  documentDigest,
  referenceDigest,
  acceptedAt,
  logEntry,
}: CheckedReceipt) {
  const { index, treeSize } = logEntry
  const digests = { sha256: documentDigest.toString('hex'), referenceDigest: referenceDigest.toString('base64') }
  const certificate = certificateOf(logEntry)
  return { receiverId, senderId, id: documentId, ...digests, certificate, acceptedAt, index, treeSize }
}

/** Its SHA-256 in hexadecimal, as openssl and `documents show` write it. */
function certificateOf(logEntry: CheckedReceipt['logEntry']): string | null {
  const { certificate: sha256 } = readAcceptance(logEntry)
  return sha256 && Buffer.from(sha256, 'base64').toString('hex')
}

function describe({ receiverId, senderId, documentId, documentDigest, acceptedAt, logEntry }: CheckedReceipt): string {
  return [
    'valid: the receiver accepted exactly this document',
    `  receiver    ${quote(receiverId)}`,
    `  sender      ${quote(senderId)}`,
    `  document    ${documentId}`,
    `  sha256      ${documentDigest.toString('hex')}`,
    `  certificate ${certificateOf(logEntry) ?? 'not named: a receipt of version 1'}`,
    `  accepted    ${acceptedAt}`,
    `  log         entry ${logEntry.index}, in the signed tree of ${amount(logEntry.treeSize, 'entry')}`,
  ].join('\n')
}
