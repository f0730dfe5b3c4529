// A small document of our own making, signed in memory.
import { openPlacement, openSigner, type Signer } from '@seg/xmldsig'

export async function signBytes(octets: Buffer, key: Signer): Promise<Buffer> {
  const { signer } = openSigner(key)
  signer.write(octets)
  const pieces: Uint8Array[] = []
  openPlacement(await signer.end(), octets => pieces.push(Buffer.from(octets)))(octets)
  return Buffer.concat(pieces)
}
