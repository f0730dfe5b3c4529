// How long one verification takes, start-up and compilation excluded.
import type { X509Certificate } from 'node:crypto'
import { type DocumentType, verifyDocument } from '@seg/xmldsig'
import type { DocumentFile } from '../document/document-file.ts'
import { verifyFile } from '../document/verify-file.ts'

/** Up to this a document is verified in memory, beyond it from disk, as it is sent and received. */
const IN_MEMORY = 16 * 1024 * 1024
/** Until then (milliseconds) the rounds are not counted: V8 compiles what it finds to be hot. */
const WARM_UP = 500

/** Nanoseconds, on average over `rounds`. Throws the Faults of verification. */
export async function measureVerification(
  file: DocumentFile,
  certificate: X509Certificate,
  rounds: number,
  types: readonly DocumentType[],
): Promise<number> {
  const verify =
    file.size > IN_MEMORY
      ? () => verifyFile(file, certificate, types)
      : await verifierInMemory(file, certificate, types)
  const warm = performance.now() + WARM_UP
  while (performance.now() < warm) await verify()
  const start = process.hrtime.bigint()
  for (let done = 0; done < rounds; done++) {
    const pending = verify()
    if (pending !== undefined) await pending
  }
  return Math.round(Number(process.hrtime.bigint() - start) / rounds)
}

async function verifierInMemory(
  file: DocumentFile,
  certificate: X509Certificate,
  types: readonly DocumentType[],
): Promise<() => undefined> {
  const pieces: Buffer[] = []
  for await (const piece of file.pieces('reading')) pieces.push(Buffer.from(piece))
  const octets = Buffer.concat(pieces)
  return () => {
    verifyDocument(octets, certificate, { types })
  }
}
