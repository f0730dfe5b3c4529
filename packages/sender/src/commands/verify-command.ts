// `sender verify`: what a document signs under a given certificate, or why it does not.
import type { X509Certificate } from 'node:crypto'
import { type Command, Fault, openOutput, quote, readSection, resolveUserPath, writeOutputFile } from '@seg/core'
import { readCertificates } from '@seg/pki'
import { type DocumentType, documentsSection, type VerifiedDocument } from '@seg/xmldsig'
import { type DocumentFile, openDocumentFile } from '../document/document-file.ts'
import { readCanonicalOctets, verifyFile } from '../document/verify-file.ts'
import { openMeter, openProgress, terminal } from '../progress.ts'
import { measureVerification } from './measure.ts'

type Options = { readonly cert: string; readonly repeat?: number; readonly canonical?: string }
type Verified = { readonly document: VerifiedDocument; readonly nsPerOp: number | undefined }

export async function runVerify(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const [certificate] = await readCertificates(resolveUserPath(options.cert))
  const { value: types } = readSection(command.opts().config, documentsSection)
  const progress = openProgress(terminal, { isSilent: output.json })
  await using input = await openDocumentFile(resolveUserPath(file), openMeter(progress, file))
  const { document, nsPerOp } = await verify(input, certificate, types, options).finally(progress.clear)
  const timing = nsPerOp === undefined ? {} : { repeat: options.repeat, nsPerOp }
  output.report({ ok: true, ...listFacts(document), ...timing }, describe(document, nsPerOp))
}

async function verify(
  input: DocumentFile,
  certificate: X509Certificate,
  types: readonly DocumentType[],
  { canonical, repeat }: Options,
): Promise<Verified> {
  const found = await verifyFile(input, certificate, types)
  if (canonical !== undefined)
    await writeOutputFile(resolveUserPath(canonical), readCanonicalOctets(input, certificate, found, types))
  if (found.verdict instanceof Fault) throw explainMismatch(found.verdict, canonical)
  return { document: found.verdict, nsPerOp: repeat && (await measureVerification(input, certificate, repeat, types)) }
}

/** XMLDSig 3.2.1: which octets were digested is what the two parties must compare. */
function explainMismatch(fault: Fault, canonical: string | undefined): Fault {
  const next =
    canonical === undefined
      ? '--canonical OUT writes the octets that were digested here, to compare with those that the signer digested'
      : `the octets that were digested here are in ${resolveUserPath(canonical)}; ` +
        'compare them with those that the signer digested'
  return new Fault(fault.code, `${fault.detail};\n  ${next}`, { cause: fault })
}

function listFacts({ id, senderId, receiverId, timestamp, signature }: VerifiedDocument) {
  const { digestAlgorithm, digest, signatureAlgorithm, canonicalization, canonicalBytes } = signature
  return {
    id,
    senderId,
    receiverId,
    timestamp,
    digestAlgorithm,
    digest: digest.toString('base64'),
    signatureAlgorithm,
    canonicalization,
    canonicalBytes,
  }
}

function describe(document: VerifiedDocument, nsPerOp: number | undefined): string {
  const { signature } = document
  const lines = [
    'valid: the document is what the holder of this certificate signed',
    `  id          ${document.id}`,
    `  sender      ${quote(document.senderId)}`,
    `  receiver    ${quote(document.receiverId)}`,
    `  timestamp   ${document.timestamp}`,
    `  digest      ${signature.digestAlgorithm} ${signature.digest.toString('base64')} ` +
      `over ${signature.canonicalBytes} canonical bytes`,
    `  signature   ${signature.signatureAlgorithm}`,
    `  canonical   ${signature.canonicalization}`,
  ]
  if (nsPerOp !== undefined) lines.push(`  time        ${(nsPerOp / 1e6).toFixed(4)} ms for one verification`)
  return lines.join('\n')
}
