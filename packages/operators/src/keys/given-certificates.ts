// Certificates as requests have them, and as answers name them.

export const givenForm = { minLength: 1, maxLength: 60_000 }

/** PEM as it is, other forms in base64: that has no dashes, and PEM begins with them. */
export function givenOctets(text: string): Buffer {
  return Buffer.from(text, text.includes('-----') ? 'utf8' : 'base64')
}

/** SHA-256 in hexadecimal. */
export function certificateDigestOf({ fingerprint256 }: { readonly fingerprint256: string }): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}
