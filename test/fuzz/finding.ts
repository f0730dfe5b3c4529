// A finding: two programs that should agree on a document do not.

export class Finding extends Error {
  override readonly name = 'Finding'
  readonly document: Buffer

  constructor(what: string, document: Uint8Array) {
    super(what)
    this.document = Buffer.from(document)
  }
}

/** Octets for people: what is not ASCII escaped, the middle of long ones left out. */
export function show(octets: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(octets).toString('latin1')).replace(
    /[\x7f-\xff]/g,
    c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return text.length > 2000 ? `${text.slice(0, 1000)} … ${text.slice(-1000)}` : text
}
