// Our side of `bench sign`. Arguments: a folder as `pki gen` makes it, and what is to be timed: one
// of `jobs`. Answers as side.ts says; an empty Signature, which xmlsec1 needs, is left out before.
import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadIdentity } from '@seg/pki'
import { openPlacement, openSigner } from '@seg/xmldsig'

/** Octets of a SignedInfo, about. */
const SIGNED_INFO = Buffer.alloc(600, '<')
const jobs = { ours: signDocument, 'the key alone': useKey } as const

const signer = await loadIdentity(process.argv[2]!, 'sender')
const hash = signer.key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
const job = jobs[process.argv[3] as keyof typeof jobs]
process.stdout.write(`@seg/xmldsig on Node ${process.version}\n`)
for await (const line of createInterface(process.stdin)) {
  const space = line.indexOf(' ')
  const text = readFileSync(line.slice(space + 1), 'utf8')
  const document = Buffer.from(text.replace(/<Signature .*<\/Signature>/s, ''))
  const start = process.cpuUsage()
  for (let left = Number(line.slice(0, space)); left > 0; left--) await job(document)
  const { user, system } = process.cpuUsage(start)
  process.stdout.write(`${(user + system) * 1000}\n`)
}

async function signDocument(document: Buffer): Promise<Buffer> {
  const opened = openSigner(signer)
  opened.signer.write(document)
  const placed = await opened.signer.end()
  opened.readEnvelope()
  const pieces: Uint8Array[] = []
  openPlacement(placed, octets => pieces.push(octets))(document)
  return Buffer.concat(pieces)
}

/** The operation with the key alone: no signer can be faster. */
function useKey(): Buffer {
  return sign(hash, SIGNED_INFO, signer.key)
}
