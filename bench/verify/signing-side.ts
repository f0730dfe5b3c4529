// Our side of `bench sign`. Argument: a folder as `pki gen` makes it. Answers as side.ts says; an
// empty Signature, which xmlsec1 needs, is left out before it is timed.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadIdentity } from '@seg/pki'
import { openPlacement, openSigner } from '@seg/xmldsig'

const signer = await loadIdentity(process.argv[2]!, 'sender')
process.stdout.write(`@seg/xmldsig on Node ${process.version}\n`)
for await (const line of createInterface(process.stdin)) {
  const space = line.indexOf(' ')
  const text = readFileSync(line.slice(space + 1), 'utf8')
  const document = Buffer.from(text.replace(/<Signature .*<\/Signature>/s, ''))
  const start = process.cpuUsage()
  for (let left = Number(line.slice(0, space)); left > 0; left--) await sign(document)
  const { user, system } = process.cpuUsage(start)
  process.stdout.write(`${(user + system) * 1000}\n`)
}

async function sign(document: Buffer): Promise<Buffer> {
  const opened = openSigner(signer)
  opened.signer.write(document)
  const placed = await opened.signer.end()
  opened.readEnvelope()
  const pieces: Uint8Array[] = []
  openPlacement(placed, octets => pieces.push(octets))(document)
  return Buffer.concat(pieces)
}
