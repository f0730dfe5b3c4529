// Documents of configured types: any root element, fields at their places, and nothing else.
import { Problems, parseConfiguration } from '@seg/core'
import { type DocumentType, documentsSection, openSigner, openVerifier, verifyDocument } from '@seg/xmldsig'
import { signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { forge } from '../../packages/sender/src/attack/forging.ts'
import { OutlineReader } from '../../packages/xmldsig/src/signing/outline.ts'
import { TemplateFilling } from '../../packages/xmldsig/src/signing/template.ts'
import { issue, makeIssuer } from '../support/certificates.ts'
import { cuts } from '../support/engine.ts'

const signer = issue({}, makeIssuer('CA'))

function readTypes(yaml: string): readonly DocumentType[] {
  const problems = new Problems()
  const types = documentsSection.read(parseConfiguration('seg.yaml', yaml), problems)
  problems.throwIfAny('seg.yaml', yaml)
  return types
}

const types = readTypes(`
documents:
  Invoice:
    root: Invoice
    namespace: urn:example:invoice:1
    namespaces: { c: urn:example:common:1 }
    fields: { id: "@number", sender: Head/c:From, receiver: Head/c:To, timestamp: Head/Issued/At }
  Order:
    root: Order
    fields: { id: Number, sender: From, receiver: To, timestamp: "@at" }
    algorithms: { signature: [rsa-sha256, rsa-sha512], digest: [sha512] }
`)

const invoice =
  '<Invoice xmlns="urn:example:invoice:1" number="inv-1"><Head><From xmlns="urn:example:common:1">A &amp; ' +
  'Sons</From><Issued><At>2026-11-23T12:00:00Z</At></Issued><To xmlns="urn:example:common:1">B</To></Head>' +
  '<Lines><Line>1</Line><Line><Head>no field</Head></Line></Lines></Invoice>'
const order =
  '<Order at="2026-11-23T12:00:00Z"><From>A</From><Number>o-1</Number><To>B</To><Rest><To>C</To></Rest></Order>'
const read = (document: string | Uint8Array, some = types) =>
  verifyDocument(Buffer.from(document), signer.certificate, { types: some })
const readForged = (document: string) => read(forge(document, signer))

t.test('the fields are read where the type has them, in pieces of any size', async t => {
  const signed = Buffer.from(forge(invoice, signer))
  const facts = {
    type: 'Invoice',
    id: 'inv-1',
    senderId: 'A & Sons',
    receiverId: 'B',
    timestamp: '2026-11-23T12:00:00Z',
  }
  t.match(read(signed), { ...facts, signedAt: Date.UTC(2026, 10, 23, 12) })
  const readPieces = (pieces: readonly Uint8Array[]) => {
    const verifier = openVerifier(signer.certificate, { types })
    for (const piece of pieces) verifier.write(piece)
    return verifier.end()
  }
  const other = [...cuts(signed)].find(pieces => (readPieces(pieces) as { id?: string }).id !== 'inv-1')
  t.equal(other, undefined)
  t.match(readForged(invoice.replaceAll('urn:example:common:1"', 'urn:example:common:1" lang="en"')), facts)
})

t.test('CriticalDocument stays what it is beside other types, and is the only one without them', async t => {
  const critical =
    '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
    '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload>x</Payload></CriticalDocument>'
  t.match(readForged(critical), { type: 'CriticalDocument', id: 'a' })
  t.throws(() => readForged(critical.replace('id="a"', 'id="a" x="1"')), { code: 'envelope-malformed' })
  t.throws(() => verifyDocument(Buffer.from(forge(invoice, signer)), signer.certificate), {
    code: 'envelope-malformed',
    detail: /expected the document element CriticalDocument in no namespace, found "Invoice"/,
  })
})

t.test('what could be read in two ways, or stands elsewhere, is no field', async t => {
  const refused: Record<string, [from: string, to: string, detail: RegExp]> = {
    'a field twice': ['<To xmlns', '<To xmlns="urn:example:common:1">C</To><To xmlns', /expected one To in .*another/],
    'the parent of fields twice': ['<Lines>', '<Head></Head><Lines>', /expected one Head in .*another/],
    'a field missing': ['<Issued><At>2026-11-23T12:00:00Z</At></Issued>', '', /expected Head\/Issued\/At/],
    'a field in another namespace': [
      '<To xmlns="urn:example:common:1">',
      '<To xmlns="urn:other">',
      /expected Head\/To/,
    ],
    'an element in a field': ['>B<', '><b>B</b><', /expected text only in To/],
    'a field of a page': ['>B<', `>${'B'.repeat(600)}<`, /To in .* is longer than 512 bytes/],
    'no id': [' number="inv-1"', '', /expected an attribute number of the document element/],
    'an id that is a path': ['inv-1', '../inv', /expected an id of 1 to 128 letters/],
    'a gateway with a space at its end': ['>B<', '>B <', /without space at either end in ReceiverID/],
    'a root of no type': [
      'urn:example:invoice:1',
      'urn:example:invoice:2',
      /is one of .*"Invoice" in "urn:example:inv/,
    ],
  }
  for (const [what, [from, to, detail]] of Object.entries(refused)) {
    const changed = invoice.replace(from, to)
    t.not(changed, invoice, what)
    t.throws(() => readForged(changed), { code: 'envelope-malformed', detail }, what)
  }
  const twice = readForged.bind(undefined, order.replace('<Rest>', '<From>C</From><Rest>'))
  t.throws(twice, { code: 'envelope-malformed', detail: /expected one From in no namespace/ })
  t.throws(() => readForged(invoice.replace('12:00:00Z', '12:00:00')), { code: 'timestamp-malformed' })
})

t.test('a type takes only the algorithms that it demands', async t => {
  t.throws(() => readForged(order), {
    code: 'signature-algorithm',
    detail: /expected for a Order the SignatureMethod .*rsa-sha256 or .*found ".*ecdsa-sha256"|DigestMethod sha512/,
  })
  const free = readTypes(
    'documents: { Order: { root: Order, fields: { id: Number, sender: From, receiver: To, timestamp: "@at" } } }',
  )
  t.match(read(forge(order, signer), free), { type: 'Order', id: 'o-1', receiverId: 'B' })
  const strong = readTypes(
    'documents: { CriticalDocument: { algorithms: { digest: [sha256] } }, ' +
      'Order: { root: Order, algorithms: { signature: [ecdsa-sha256], digest: [sha256] }, ' +
      'fields: { id: Number, sender: From, receiver: To, timestamp: "@at" } } }',
  )
  t.match(read(forge(order, signer), strong), { type: 'Order' })
  const digestAlone = readTypes(
    'documents: { Order: { root: Order, algorithms: { digest: [sha512] }, ' +
      'fields: { id: Number, sender: From, receiver: To, timestamp: "@at" } } }',
  )
  t.throws(() => read(forge(order, signer), digestAlone), {
    code: 'signature-algorithm',
    detail: /the DigestMethod sha512, found "sha256"/,
  })
})

t.test('an attribute that the type does not name is none of its fields', async t => {
  const other = order.replace('Z"', 'Z" by="x"')
  const free = readTypes(
    'documents: { Order: { root: Order, fields: { id: Number, sender: From, receiver: To, timestamp: "@at" } } }',
  )
  t.match(read(forge(other, signer), free), { id: 'o-1', timestamp: '2026-11-23T12:00:00Z' })
})

t.test('signing fills in id and time at the places of the type', async t => {
  const fill = async (text: string, id?: string) => {
    const outline = new OutlineReader({ types })
    outline.write(Buffer.from(text))
    const pieces: Buffer[] = []
    const now = new Date('2026-11-28T10:00:00Z')
    const filling = new TemplateFilling(outline.end(), { now, ...(id === undefined ? {} : { id }) }, octets =>
      pieces.push(Buffer.from(octets)),
    )
    filling.write(Buffer.from(text))
    filling.end()
    return Buffer.concat(pieces).toString()
  }
  t.equal(
    await fill(invoice.replace('2026-11-23T12:00:00Z', 'YYYY-MM-DDTHH:MM:SSZ'), 'inv-2'),
    invoice.replace('2026-11-23T12:00:00Z', '2026-11-28T10:00:00Z').replace('inv-1', 'inv-2'),
  )
  t.equal(await fill(order, 'o-2'), order.replace('o-1', 'o-2'), 'a time that is there stays')
  t.equal(
    await fill(order.replace('2026-11-23T12:00:00Z', ''), 'o-2'),
    order.replace('o-1', 'o-2').replace('23T12', '28T10'),
  )
  await t.rejects(fill(order.replace('<Number>o-1</Number>', ''), 'o-2'), { code: 'envelope-malformed' })
  const open = order.replace('2026-11-23T12:00:00Z', 'YYYY-MM-DDTHH:MM:SSZ').replace('<Order ', '<Order by="x" ')
  t.equal(await fill(open), open.replace('YYYY-MM-DDTHH:MM:SSZ', '2026-11-28T10:00:00Z'), 'another attribute stays')
  const timeless = invoice.replace('<Issued><At>2026-11-23T12:00:00Z</At></Issued>', '')
  t.equal(await fill(timeless), timeless, 'a time that is missing is not added')
  const opened = openSigner(signer, types)
  opened.signer.write(Buffer.from(invoice))
  await opened.signer.end()
  t.match(opened.readEnvelope(), { type: 'Invoice', id: 'inv-1' })
  await t.rejects(signDocument(Buffer.from(invoice), signer), { code: 'envelope-malformed' })
})

t.test('the receiver is read from a document that is to be sent, where it has one of common length', async t => {
  const receiverOf = (text: string) => {
    const outline = new OutlineReader({ types })
    outline.write(Buffer.from(text))
    return outline.end().receiverId
  }
  t.equal(receiverOf(invoice), 'B')
  t.equal(receiverOf(order.replace('<To>B</To>', '<To>B &amp; C</To>')), 'B & C')
  t.equal(receiverOf(order.replace('<To>B</To>', '<To>&#66;</To>')), 'B')
  t.equal(receiverOf(order.replaceAll('To>', 'Nobody>')), undefined)
  t.equal(receiverOf(order.replace('<To>B</To>', '<To/>')), '')
  t.equal(receiverOf(order.replace('<To>B</To>', `<To>${'B'.repeat(600)}</To>`)), undefined)
  t.equal(receiverOf(order.replace('<To>B</To>', `<To>${'B&amp;'.repeat(600)}</To>`)), undefined)
})

t.test('records of types that mean nothing, or two things, are refused by line and column', async t => {
  const fields = 'fields: { id: I, sender: S, receiver: R, timestamp: T }'
  const seventy = Array.from({ length: 70 }, (_, i) => `A${i}: { root: A${i}, ${fields} }`)
  const wrong: Record<string, RegExp> = {
    'documents: [Invoice]': /:1:12: "documents": expected the names of types/,
    'documents: { CriticalDocument: { root: Other } }':
      /unknown key "root"; known keys: namespaces, index, xsd, algorithms, freshness/,
    'documents: { A: { root: A } }': /:1:17: "documents\.A": fields is missing/,
    'documents: { A: { root: a b, fields: { id: I, sender: S, receiver: R, timestamp: T } } }': /local name/,
    'documents: { A: { root: A, fields: { id: I, sender: I, receiver: R, timestamp: T } } }': /another place for each/,
    'documents: { A: { root: A, fields: { id: I, sender: I/S, receiver: R, timestamp: T } } }':
      /sender stands within id/,
    'documents: { A: { root: A, fields: { id: "//I", sender: S, receiver: R, timestamp: T } } }':
      /expected an attribute/,
    'documents: { A: { root: A, fields: { id: x:I, sender: S, receiver: R, timestamp: T } } }': /the prefix "x" is not/,
    'documents: { A: { root: CriticalDocument, fields: { id: I, sender: S, receiver: R, timestamp: T } } }':
      /its document element is that of "CriticalDocument" already/,
    'documents: { A: { root: A, freshness: off, fields: { id: I, sender: S, receiver: R, timestamp: T } } }':
      /a time such/,
    'documents: { CriticalDocument: { namespaces: [a] } }':
      /"documents.CriticalDocument.namespaces": expected prefixes/,
    'documents: { CriticalDocument: { index: [a] } }': /"documents.CriticalDocument.index": expected names and their/,
    'documents: { CriticalDocument: { index: { "A b": /a } } }':
      /"documents.CriticalDocument.index.A b": expected a name/,
    'documents: { CriticalDocument: { index: { a: " " } } }': /an XPath expression of at most 1,024 characters/,
    [`documents: { CriticalDocument: { index: { ${Array.from({ length: 40 }, (_, i) => `a${i}: /a`).join(', ')} } } }`]:
      /expected at most \d+ values/,
    'documents: { CriticalDocument: { xsd: [{}] } }': /expected a file/,
    [`documents: { CriticalDocument: { index: { a: "${'/'.repeat(1025)}" } } }`]: /an XPath expression of at most/,
    'documents: { CriticalDocument: { xsd: {} } }': /expected a file/,
    'documents: { CriticalDocument: { namespaces: { a: "no uri" } } }': /documents.CriticalDocument.namespaces.a/,
    'documents: { CriticalDocument: { freshness: 5 } }': /a time such as 30s/,
    'documents: { "A b": { root: A, fields: { id: I, sender: S, receiver: R, timestamp: T } } }': /a name of letters/,
    [`documents: { ${seventy.join(', ')} }`]: /documents: expected at most \d+ types/,
    'documents: { CriticalDocument: { algorithms: { digest: [sha1] } } }': /expected sha256 or sha384 or sha512, found/,
  }
  for (const [yaml, detail] of Object.entries(wrong))
    t.throws(() => readTypes(yaml), { code: 'configuration', detail }, yaml)
})

t.test('a record names one schema, or the main one and what it includes, and values to search by', async t => {
  const [one] = readTypes('documents: { CriticalDocument: { xsd: a.xsd, index: { case: /CriticalDocument/Payload } } }')
  t.same(one!.xsd, ['a.xsd'])
  t.equal(readTypes('documents: { CriticalDocument: { freshness: 10m } }')[0]!.freshness, 600_000)
  t.same(readTypes('{}'), [{ ...one, xsd: [], index: [] }])
  t.same(one!.index, [{ name: 'case', xpath: '/CriticalDocument/Payload' }])
  t.same(readTypes('documents: { CriticalDocument: { xsd: [a.xsd, b.xsd] } }')[0]!.xsd, ['a.xsd', 'b.xsd'])
})
