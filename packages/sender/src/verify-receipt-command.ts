// `sender verify-receipt`: what a receipt proves of a document, offline, from the two files and the public parts of certs/.
import { type Command, openOutput, quote, readSettings, resolveUserPath } from '@seg/core'
import { loadReceiptTrust } from './check-log-entry.ts'
import { type CheckedReceipt, checkStoredReceipt } from './check-receipt.ts'
import { digestFile, openDocumentFile } from './document-file.ts'
import { readInputFile } from './input-file.ts'
import { openMeter, openProgress, terminal } from './progress.ts'

type Options = { readonly document: string }

export async function runVerifyReceipt(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs } = readSettings(command, ['certs'])
  const trust = await loadReceiptTrust(certs)
  const receipt = await readInputFile(file)
  const progress = openProgress(terminal, { isSilent: output.json })
  await using document = await openDocumentFile(
    resolveUserPath(options.document),
    openMeter(progress, options.document),
  )
  const sha256 = await digestFile(document).finally(progress.clear)
  const checked = checkStoredReceipt(receipt, sha256, trust)
  output.report({ ok: true, ...listFacts(checked) }, describe(checked))
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
  return { receiverId, senderId, id: documentId, ...digests, acceptedAt, index, treeSize }
}

function describe({ receiverId, senderId, documentId, documentDigest, acceptedAt, logEntry }: CheckedReceipt): string {
  return [
    'valid: the receiver accepted exactly this document',
    `  receiver    ${quote(receiverId)}`,
    `  sender      ${quote(senderId)}`,
    `  document    ${documentId}`,
    `  sha256      ${documentDigest.toString('hex')}`,
    `  accepted    ${acceptedAt}`,
    `  log         entry ${logEntry.index}, in the signed tree of ${logEntry.treeSize} entries`,
  ].join('\n')
}
