// The certificates in KeyInfo of a document, for a verifier that has no certificate of the signer.
// They are a claim: the caller must check them.
import { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { defaultLimits } from '../limits.ts'
import { DocumentPass } from '../verifying/document-pass.ts'
import { readSignatureElement } from './signature-element.ts'
import { ownAlgorithms } from './signed-info.ts'

/**
 * One pass over a document of any size: `write` each piece, then `end`. Both throw the Faults
 * `xml-…` and `signature-…` for a document outside the profile.
 */
export class KeyInfoReader {
  readonly #pass = new DocumentPass(ownAlgorithms, defaultLimits)

  write(chunk: Uint8Array): void {
    this.#pass.write(chunk)
  }

  end(): X509Certificate[] {
    const { certificates } = readSignatureElement(this.#pass.end().signature, defaultLimits)
    try {
      return certificates.map(text => new X509Certificate(Buffer.from(text, 'base64')))
    } catch (cause) {
      throw new Fault('signature-malformed', 'a certificate in KeyInfo cannot be read', { cause })
    }
  }
}
