// Documents made to cost more than their size: each shape at any size, up to the limit that bounds
// it, if there is one.
import { DSIG } from '../../packages/sender/src/attack/forging.ts'

export type HostileShape = {
  readonly name: string
  /**
   * Where a limit bounds it: the largest size, in what the limit counts. Without it the size is in
   * bytes, and any.
   */
  readonly largest: number | undefined
  readonly write: (size: number) => string
}

const many = (count: number, piece: (i: number) => string) => Array.from({ length: count }, (_, i) => piece(i)).join('')
const fill = (bytes: number, piece: string) => piece.repeat(Math.ceil(bytes / piece.length))
/** Each of 0 to `count` - 1 once, for a power of two, in an order far from sorted. */
const scattered = (i: number, count: number) => (i * 37) % count
/** Names of 1000 bytes that differ at their ends only. */
const longName = (i: number) => `${'n'.repeat(995)}${String(i).padStart(5, '0')}`
const declarations = (count: number) => many(count, i => ` xmlns:p${i}="urn:a"`)

const inPayload = (content: string) =>
  '<CriticalDocument id="d" xmlns:q="urn:q"><SenderID>a</SenderID><ReceiverID>b</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>' +
  `<Payload>${content}</Payload></CriticalDocument>`
const inRoot = (content: string) => inPayload('').replace('</CriticalDocument>', `${content}</CriticalDocument>`)
const inSignature = (content: string) => inRoot(`<Signature xmlns="${DSIG}">${content}</Signature>`)

const SIGNATURE_BYTES = 60_000

/**
 * Shapes that a limit bounds, with the largest size that it lets pass; the document element and
 * Payload take two of a depth of 64.
 */
const bounded: Record<string, [largest: number, write: (size: number) => string]> = {
  'nesting, with long names': [
    56,
    n => inPayload(many(n, i => `<${longName(i)}>`) + many(n, i => `</${longName(n - 1 - i)}>`)),
  ],
  attributes: [64, n => inPayload(`<a${many(n, i => ` a${scattered(i, n)}=""`)}/>`)],
  'attributes with long names': [64, n => inPayload(`<a${many(n, i => ` ${longName(scattered(i, n))}=""`)}/>`)],
  'attributes in namespaces with long names': [
    56,
    n =>
      inPayload(
        `<a${many(n, i => ` xmlns:p${i}="urn:${longName(scattered(i, 64))}"`)}${many(n, i => ` p${i}:a=""`)}/>`,
      ),
  ],
  namespaces: [56, n => inPayload(`<a${declarations(n)}>${many(n, i => `<p${i}:a/>`)}</a>`)],
  'namespaces, the outermost used most': [56, n => inPayload(`<a${declarations(n)}>${'<q:a/>'.repeat(n * 100)}</a>`)],
  'namespaces with long prefixes': [
    56,
    n => inPayload(`<a${many(n, i => ` xmlns:${longName(i)}="urn:a"`)}>${many(n, i => `<${longName(i)}:a/>`)}</a>`),
  ],
  'namespaces declared again at each depth, the outermost used most': [
    56,
    n => inPayload(`${`<a${declarations(60)}>`.repeat(n)}${'<q:a/>'.repeat(n * 100)}${'</a>'.repeat(n)}`),
  ],
  'one prefix declared again at each depth, used in the innermost': [
    56,
    n => inPayload(`${many(n, i => `<a xmlns:p="urn:${i}">`)}${'<p:a/>'.repeat(n * 100)}${'</a>'.repeat(n)}`),
  ],
  'a name': [1024, n => inPayload(`<${'n'.repeat(n)}></${'n'.repeat(n)}>`.repeat(16))],
  'the name of an attribute': [1024, n => inPayload(`<a ${'n'.repeat(n)}=""/>`.repeat(16))],
  'an attribute': [65_536, n => inPayload(`<a a="${fill(n, 'x')}"/>`)],
  'an attribute of quotes': [65_536, n => inPayload(`<a a='${fill(n, '"')}'/>`)],
  'an attribute of entity references': [65_536, n => inPayload(`<a a="${'&amp;'.repeat(n)}"/>`)],
  'an attribute of references with leading zeros': [
    8192,
    n => inPayload(`<a a="${`&#x${'0'.repeat(60)}41;`.repeat(n)}"/>`),
  ],
  'a namespace name': [65_536, n => inPayload(`<a xmlns="urn:${fill(n - 4, 'x')}"><b/></a>`)],
  'a namespace name of ports': [65_536, n => inPayload(`<a xmlns="http://${fill(n - 7, 'x:')}"><b/></a>`)],
  References: [SIGNATURE_BYTES, n => inSignature(`<SignedInfo>${fill(n, '<Reference/>')}</SignedInfo>`)],
  Transforms: [
    SIGNATURE_BYTES,
    n =>
      inSignature(
        `<SignedInfo><Reference><Transforms>${fill(n, '<Transform/>')}</Transforms></Reference></SignedInfo>`,
      ),
  ],
  'a SignatureValue': [
    SIGNATURE_BYTES,
    n => inSignature(`<SignedInfo/><SignatureValue>${fill(n, 'A')}</SignatureValue>`),
  ],
  'a SignatureValue of white space': [
    SIGNATURE_BYTES,
    n => inSignature(`<SignedInfo/><SignatureValue>${fill(n, ' ')}</SignatureValue>`),
  ],
  'text in a Signature': [SIGNATURE_BYTES, n => inSignature(fill(n, '&#x41;'))],
  'data in KeyInfo': [
    SIGNATURE_BYTES,
    n => inSignature(`<SignedInfo/><SignatureValue/><KeyInfo>${fill(n, '<X509Data><X509CRL/></X509Data>')}</KeyInfo>`),
  ],
}

/** Shapes of any size, within the limits or, where that ends soon, beyond them. */
const endless: Record<string, (bytes: number) => string> = {
  'nesting beyond the limit': n => inPayload(fill(n, '<a>')),
  'nesting to the limit again and again': n => inPayload(fill(n, '<a>'.repeat(60) + '</a>'.repeat(60))),
  'elements with as many attributes as may be': n =>
    inPayload(fill(n, `<a${many(64, i => ` a${scattered(i, 64)}=""`)}/>`)),
  'attributes beyond the limit': n => inPayload(`<a${many(n / 8, i => ` a${i}=""`)}/>`),
  'namespaces declared again for each element': n => inPayload(fill(n, `<a${declarations(60)}/>`)),
  'namespaces beyond the limit': n => inPayload(`<a${declarations(n / 16)}/>`),
  'a name beyond the limit': n => inPayload(`<${fill(n, 'n')}/>`),
  'names at the limit': n => inPayload(fill(n, `<${'n'.repeat(1024)}/>`)),
  'opening angle brackets': n => inPayload(fill(n, '<')),
  ampersands: n => inPayload(fill(n, '&')),
  'closing square brackets': n => inPayload(fill(n, ']')),
  'closing square brackets in CDATA': n => inPayload(`<![CDATA[${fill(n, ']')}]]>`),
  'closing angle brackets': n => inPayload(fill(n, '>')),
  'carriage returns': n => inPayload(fill(n, '\r')),
  'character data of U+FFFD': n => inPayload(fill(n, '\ufffd')),
  'an attribute beyond the limit': n => inPayload(`<a a="${fill(n, 'x')}"/>`),
  'an attribute without end': n => inPayload(`<a a="${fill(n, '&am')}`),
  'white space in a start tag': n => inPayload(`<a${fill(n, ' ')}/>`),
  'line ends in a start tag': n => inPayload(`<a${fill(n, '\r\n')}/>`),
  'white space in an end tag': n => inPayload(`<a></a${fill(n, '\n')}>`),
  'white space in the XML declaration': n => `<?xml version="1.0"${fill(n, ' ')}?><a/>`,
  'white space in front of the document': n => `${fill(n, '\n')}<a/>`,
  'an XML declaration without end': n => `<?xml version="1.0"${fill(n, '?')}`,
  'entity references': n => inPayload(fill(n, '&quot;')),
  'character references': n => inPayload(fill(n, '&#x41;')),
  'leading zeros in a reference': n => inPayload(`&#${fill(n, '0')}65;`),
  'comment openers': n => inPayload(fill(n, '<!--')),
  'CDATA openers': n => inPayload(fill(n, '<![CDATA[')),
  'empty CDATA sections': n => inPayload(fill(n, '<![CDATA[]]>')),
  'instruction openers': n => inPayload(fill(n, '<?')),
  'empty elements': n => inPayload(fill(n, '<a/>')),
  'plain elements': n => inPayload(fill(n, '<a>x</a>')),
  'children of the document element': n => inRoot(fill(n, '<a></a>')),
  'text in the document element': n => inRoot(fill(n, 'x&#x41;')),
  'text in SenderID': n => `<CriticalDocument id="d"><SenderID>${fill(n, 'x&#x41;')}`,
  'Signatures within Signatures': n => inSignature(fill(n, '<Signature>')),
  'a Signature beyond the limit': n => inSignature(fill(n, '<a/>')),
}

export const hostileShapes: readonly HostileShape[] = [
  ...Object.entries(bounded).map(([name, [largest, write]]) => ({ name: `${name}, to the limit`, largest, write })),
  ...Object.entries(endless).map(([name, write]) => ({ name, largest: undefined, write })),
]
