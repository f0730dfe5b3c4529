// `sender verify`: what a document signs under a given certificate, and how long finding out takes.
import { X509Certificate } from 'node:crypto'
import { type Command, Fault, openOutput, quote } from '@seg/core'
import { type VerifiedDocument, verifyDocument } from '@seg/xmldsig'
import { readInputFile } from './input-file.ts'

type Options = { readonly cert: string; readonly repeat?: number }

export async function runVerify(file: string, options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const [bytes, certificate] = [await readInputFile(file), await readCertificate(options.cert)]
  const document = verifyDocument(bytes, certificate)
  const timing = options.repeat === undefined ? {} : { repeat: options.repeat, nsPerOp: measure(bytes, certificate, options.repeat) }
  output.report({ ok: true, ...listFacts(document), ...timing }, describe(document, timing.nsPerOp))
}

export function parseRepeat(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Fault('usage', `--repeat takes a whole number from 1, not ${quote(text)}`)
  return Number(text)
}

/** Nanoseconds of one verification, on average over `repeat`; the caller's first one has loaded and compiled everything. */
function measure(bytes: Buffer, certificate: X509Certificate, repeat: number): number {
  const start = process.hrtime.bigint()
  for (let done = 0; done < repeat; done++) verifyDocument(bytes, certificate)
  return Math.round(Number(process.hrtime.bigint() - start) / repeat)
}

async function readCertificate(file: string): Promise<X509Certificate> {
  const pem = await readInputFile(file)
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new Fault('certificate-invalid', `${file} is not a certificate in PEM: ${(cause as Error).message}`, { cause })
  }
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
    `  digest      ${signature.digestAlgorithm} ${signature.digest.toString('base64')} over ${signature.canonicalBytes} canonical bytes`,
    `  signature   ${signature.signatureAlgorithm}`,
    `  canonical   ${signature.canonicalization}`,
  ]
  if (nsPerOp !== undefined) lines.push(`  time        ${(nsPerOp / 1e6).toFixed(4)} ms for one verification`)
  return lines.join('\n')
}
