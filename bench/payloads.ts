// What the documents hold: business records of many small elements, or one large text. The same at
// every run.

/** Makes about `bytes` bytes, in pieces small enough to be held. */
export type Payload = (bytes: number) => Generator<string>

export const payloads = { records: writeRecords, text: writeText } as const satisfies Record<string, Payload>

const PIECE = 64 * 1024

const buyers = [
  'Zweckverband Wasserversorgung Nördliche Börde',
  'Agence départementale des routes, Côte-d’Or',
  'Ministry of Works & Public Buildings',
]
const goods = [
  'Gate valve DN80, cast iron, with flanges',
  'Pressure sensor, 0 to 16 bar, stainless',
  'Maintenance of pumps, third quarter 2026',
]

/**
 * Invoices as accounting systems write them: indented, text of some 40 bytes, attributes in no
 * order, prefixes declared above their use.
 */
function* writeRecords(bytes: number): Generator<string> {
  yield '<i:Invoices xmlns:i="urn:example:invoice:2" xmlns:p="urn:example:party:2">\n'
  let left = bytes - 90
  let piece = ''
  for (let number = 1; left > 0; number++) {
    const invoice = writeInvoice(number)
    left -= Buffer.byteLength(invoice)
    piece += invoice
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
  }
  yield `${piece}</i:Invoices>`
}

function writeInvoice(number: number): string {
  const buyer = buyers[number % buyers.length]!.replace('&', '&amp;')
  return `  <i:Invoice number="${number}" currency="EUR">
    <p:Buyer vat="DE${100000000 + number}" kind="public"><p:Name>${buyer}</p:Name></p:Buyer>
    <i:Line unit="piece" quantity="${1 + (number % 24)}">
      <i:Text xml:lang="en">${goods[number % goods.length]}</i:Text>
      <i:Price>${(number * 7919) % 10000}.${10 + (number % 90)}</i:Price>
    </i:Line>
  </i:Invoice>
`
}

/** One element with one base64 text without line ends. */
function* writeText(bytes: number): Generator<string> {
  const octets = Buffer.alloc((PIECE * 3) / 4)
  for (let i = 0, state = 1; i < octets.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    octets[i] = state >>> 16
  }
  const piece = octets.toString('base64')
  yield '<Attachment type="application/pdf" name="annex.pdf">'
  for (let left = bytes - 65; left > 0; left -= piece.length) yield left < piece.length ? piece.slice(0, left) : piece
  yield '</Attachment>'
}
