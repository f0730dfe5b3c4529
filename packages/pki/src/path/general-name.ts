// The names of subjectAltName and name constraints (RFC 5280 4.2.1.6), read strictly.
import { type DerElement, DerError, DerReader, readObjectIdentifier, tags } from '../certificate/der.ts'
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts'

/** Those that are compared; every other kind is known by its tag alone. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'address'; readonly octets: Buffer }
  | { readonly kind: 'otherName' | 'registeredId' }

export type NameKind = GeneralName['kind']

/** Throws a DerError. */
export function readGeneralName(element: DerElement): GeneralName {
  const { tag, content } = element
  switch (tag) {
    case 0xa0:
      checkOtherName(content)
      return { kind: 'otherName' }
    case 0x81:
      return { kind: 'email', text: readAscii(content, 'an e-mail address') }
    case 0x82:
      return { kind: 'dns', text: readAscii(content, 'a DNS name') }
    case 0xa4:
      return { kind: 'directory', name: readDirectoryName(content) }
    case 0x86:
      return { kind: 'uri', text: readAscii(content, 'a URI') }
    case 0x87:
      return { kind: 'address', octets: content }
    case 0x88:
      checkRegisteredId(content)
      return { kind: 'registeredId' }
    default:
      // x400Address and ediPartyName: no certificate of a gateway has one, and OpenSSL reads what
      // stands in them.
      throw new DerError(`expected a name of a kind that is known, found the tag ${tag.toString(16)}`)
  }
}

/** At least one name, up to the end. */
export function readGeneralNames(reader: DerReader, what: string): GeneralName[] {
  const names: GeneralName[] = []
  do names.push(readGeneralName(reader.readAny(what)))
  while (!reader.isAtEnd)
  return names
}

/** An IA5String: characters of ASCII, none of them a control that ends a text in C. */
function readAscii(content: Buffer, what: string): string {
  const text = content.toString('latin1')
  if (!/^[\x01-\x7f]*$/.test(text)) throw new DerError(`expected ${what} of ASCII characters`)
  return text
}

function readDirectoryName(content: Buffer): DistinguishedName {
  const reader = new DerReader(content)
  const { raw } = reader.read(tags.sequence, 'a directory name')
  reader.end('a directory name')
  return readDistinguishedName(raw)
}

function checkRegisteredId(content: Buffer): void {
  if (content.length > 64) throw new DerError(`expected a registered id of 64 octets at most, found ${content.length}`)
  const element = Buffer.concat([Buffer.of(tags.objectIdentifier, content.length), content])
  readObjectIdentifier(new DerReader(element), 'a registered id')
}

/** OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }. */
function checkOtherName(content: Buffer): void {
  const reader = new DerReader(content)
  readObjectIdentifier(reader, 'the type of another name')
  const value = new DerReader(reader.read(0xa0, 'the value of another name').content)
  reader.end('another name')
  value.readAny('the value of another name')
  value.end('the value of another name')
}
