// The envelope: what may stand in it, and what each refusal says.
import t from 'tap'
import { DSIG } from '../../packages/sender/src/attack/forging.ts'
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'
import { type Envelope, EnvelopeReader, readTimestamp } from '../../packages/xmldsig/src/verifying/envelope.ts'
import { cuts, EXCLUSIVE, methodOf, verdictOf } from '../support/engine.ts'

const time = '2026-11-23T12:00:00Z'
const sender = '<SenderID>A</SenderID>'
const receiver = '<ReceiverID>B</ReceiverID>'
const timestamp = `<TimestampForSignature>${time}</TimestampForSignature>`
const signature = `<Signature xmlns="${DSIG}"/>`
const root = '<CriticalDocument id="a">'
const document = `${root}${sender}${receiver}${timestamp}<Payload/></CriticalDocument>`

function readEnvelope(pieces: Iterable<Uint8Array>): Envelope {
  const envelope = new EnvelopeReader()
  const pass = new DocumentPass({ method: methodOf(EXCLUSIVE), digest: 'sha256' }, defaultLimits, envelope)
  for (const piece of pieces) pass.write(piece)
  pass.endUnsigned()
  return envelope.read()
}

const read = (text: string) => readEnvelope([Buffer.from(text)])
const facts = {
  type: 'CriticalDocument',
  id: 'a',
  senderId: 'A',
  receiverId: 'B',
  timestamp: time,
  signedAt: Date.UTC(2026, 10, 23, 12),
}

t.test('reads the fields from the canonical form, for any octets and pieces', async t => {
  const written: Record<string, string> = {
    plainly: document,
    'with the Signature first': document.replace(root, `${root}\n${signature} `),
    'with the Signature last': document.replace('</CriticalDocument>', `\n${signature}\n</CriticalDocument>`),
    'with white space between and in tags': document.replaceAll('><', '>\r\n\t <').replace('id="a">', "\nid = 'a' >"),
    'with references and CDATA': document
      .replace('>A<', '>&#x41;<')
      .replace('>B<', '><![CDATA[B]]><')
      .replace('12:00', '&#49;2:<![CDATA[0]]>0'),
    'with xml:lang and xml:space': document
      .replace('id="a"', 'id="&#97;" xml:lang="en" xml:space="default"')
      .replace('<SenderID>', '<SenderID xml:lang="de">'),
    'with a declaration of xml': document
      .replace('id="a"', 'xmlns:xml="http://www.w3.org/XML/1998/namespace" id="a" xml:lang="en"')
      .replace('<SenderID>', '<SenderID xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="de">'),
    'with any payload': document.replace(
      '<Payload/>',
      `<Payload a="b" xmlns:p="urn:p" p:c="">text<SenderID>C</SenderID><p:x>${'y'.repeat(600)}</p:x></Payload>`,
    ),
    'with namespaces that are not used': document.replace('id="a"', 'xmlns:p="urn:p" id="a"'),
    'with a default namespace undeclared': document.replace('<SenderID>', '<SenderID xmlns="">'),
  }
  for (const [what, text] of Object.entries(written)) {
    t.same(read(text), facts, what)
    const other = [...cuts(Buffer.from(text))].find(
      pieces => JSON.stringify(readEnvelope(pieces)) !== JSON.stringify(facts),
    )
    t.equal(other, undefined, `${what}, in pieces`)
  }
})

t.test('reads what C14N escapes as the characters that it stands for', async t => {
  const names = [
    'R & D',
    '<a>',
    '>',
    '&amp;',
    'M\u00fcnchen',
    '\u{1f600}',
    'a b',
    '\u{1f600}'.repeat(128),
    'x'.repeat(128),
  ]
  for (const name of names) {
    const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    t.equal(read(document.replace('>A<', `>${escaped}<`)).senderId, name, name)
    t.equal(read(document.replace('>B<', `><![CDATA[${name}]]><`)).receiverId, name, name)
  }
})

t.test('refuses what is no envelope', async t => {
  const id = 'expected an id of 1 to 128 letters, digits or ._:- (a letter or digit first), found'
  const printable = (element: string, found: string) =>
    `expected 1 to 128 printable characters without space at either end in ${element}, found ${found}`
  const between = 'expected white space only between the children of CriticalDocument'
  const rows: Record<string, [document: string, detail: string]> = {
    'another document element': [
      document.replaceAll('CriticalDocument', 'Document'),
      'expected the document element CriticalDocument in no namespace, found "Document" in ""',
    ],
    'a document element in a namespace': [
      document.replace('id=', 'xmlns="urn:a" id='),
      'expected the document element CriticalDocument in no namespace, found "CriticalDocument" in "urn:a"',
    ],
    'an attribute': [document.replace('id="a"', 'id="a" b=""'), 'unexpected attribute "b" on CriticalDocument'],
    'an id in a namespace': [
      document.replace('id="a"', 'xmlns:p="urn:p" id="a" p:id="b"'),
      'unexpected attribute "p:id" on CriticalDocument',
    ],
    'xml:id': [document.replace('id="a"', 'id="a" xml:id="b"'), 'unexpected attribute "xml:id" on CriticalDocument'],
    'no id': [document.replace(' id="a"', ''), 'expected an attribute id on CriticalDocument'],
    'an empty id': [document.replace('id="a"', 'id=""'), `${id} ""`],
    'an id that begins with a dot': [document.replace('id="a"', 'id=".a"'), `${id} ".a"`],
    'an id with a slash': [document.replace('id="a"', 'id="a/b"'), `${id} "a/b"`],
    'an id with a line end': [document.replace('id="a"', 'id="a&#10;"'), `${id} "a\\n"`],
    'no children': ['<CriticalDocument id="a"/>', 'expected SenderID, found the end of CriticalDocument'],
    'one child': [`${root}${sender}</CriticalDocument>`, 'expected ReceiverID, found the end of CriticalDocument'],
    'no payload': [document.replace('<Payload/>', ''), 'expected Payload, found the end of CriticalDocument'],
    'another order': [
      document.replace(sender + receiver, receiver + sender),
      'expected SenderID in CriticalDocument, found "ReceiverID"',
    ],
    'a child too many': [
      document.replace('<Payload/>', '<Payload/><Payload/>'),
      'expected nothing more in CriticalDocument, found "Payload"',
    ],
    'a child in a namespace': [
      document.replace('<SenderID>', '<SenderID xmlns="urn:a">'),
      'expected SenderID in no namespace, found namespace "urn:a"',
    ],
    'a child too many, in a namespace': [
      document.replace('<Payload/>', '<Payload/><p:a xmlns:p="urn:p"/>'),
      'expected nothing more in no namespace, found namespace "urn:p"',
    ],
    'an attribute on SenderID': [document.replace('<SenderID>', '<SenderID a="">'), 'unexpected attribute on SenderID'],
    'an attribute on the timestamp behind xml:lang': [
      document.replace('<TimestampForSignature>', '<TimestampForSignature xmlns:p="urn:p" xml:lang="" p:a="">'),
      'unexpected attribute on TimestampForSignature',
    ],
    'an element in SenderID': [document.replace('>A<', '>A<b/><'), 'expected text only in SenderID, found an element'],
    'an element in the timestamp': [
      document.replace(time, '<b></b>'),
      'expected text only in TimestampForSignature, found an element',
    ],
    'text before the children': [document.replace(root, `${root}x`), between],
    'text behind the children': [document.replace('</Cr', '!</Cr'), between],
    'a carriage return by reference between the children': [document.replace('<Payload/>', '&#13;<Payload/>'), between],
    'a no-break space between the children': [document.replace('<Payload/>', '\u00a0<Payload/>'), between],
    'a Signature behind the first child': [
      document.replace('<ReceiverID>', `${signature}<ReceiverID>`),
      'expected the Signature first or last in CriticalDocument',
    ],
    'a Signature before the payload': [
      document.replace('<Payload/>', `${signature}<Payload/>`),
      'expected the Signature first or last in CriticalDocument',
    ],
    'a SenderID of 513 bytes': [document.replace('>A<', `>${'A'.repeat(513)}<`), 'SenderID is longer than 512 bytes'],
    'a ReceiverID of 600 bytes in pieces': [
      document.replace('>B<', `>${'&#65;'.repeat(600)}<`),
      'ReceiverID is longer than 512 bytes',
    ],
    'an empty SenderID': [document.replace('>A<', '><'), printable('SenderID', '""')],
    'a SenderID with a space before': [document.replace('>A<', '> A<'), printable('SenderID', '" A"')],
    'a ReceiverID with a space behind': [document.replace('>B<', '>B <'), printable('ReceiverID', '"B "')],
    'a SenderID with a line end': [document.replace('>A<', '>A\nB<'), printable('SenderID', '"A\\nB"')],
    'a ReceiverID of 129 characters': [
      document.replace('>B<', `>${'b'.repeat(129)}<`),
      printable('ReceiverID', `"${'b'.repeat(120)}`),
    ],
    'two faults, of which the first is reported': [
      document.replace(' id="a"', '').replace('>A<', '>A<b/><'),
      'expected an attribute id on CriticalDocument',
    ],
  }
  for (const [what, [text, detail]] of Object.entries(rows))
    t.throws(() => read(text), { code: 'envelope-malformed', detail }, what)
})

t.test('a time is one that exists, in UTC, to the second or the millisecond', async t => {
  t.equal(readTimestamp('2026-11-23T12:00:00Z'), Date.UTC(2026, 10, 23, 12))
  t.equal(readTimestamp('2026-11-23T12:00:00.123Z'), Date.UTC(2026, 10, 23, 12, 0, 0, 123))
  t.equal(readTimestamp('2024-02-29T23:59:59Z'), Date.UTC(2024, 1, 29, 23, 59, 59))
  const bad = [
    '',
    'YYYY-MM-DDTHH:MM:SSZ',
    '2026-02-29T12:00:00Z',
    '2026-11-31T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T12:60:00Z',
    '2026-11-23T12:00:60Z',
    '2026-11-23T12:00:00',
    '2026-11-23T12:00:00+00:00',
    '2026-11-23T12:00:00.12Z',
    '2026-11-23T12:00:00.1234Z',
    '2026-11-23 12:00:00Z',
    '2026-11-23T12:00Z',
    ' 2026-11-23T12:00:00Z',
    '2026-11-23T12:00:00Z ',
    '2026-11-23t12:00:00z',
    '+002026-11-23T12:00:00Z',
  ]
  const detail = (text: string) => `expected YYYY-MM-DDTHH:MM:SSZ, a time that exists, found "${text}"`
  for (const text of bad)
    t.throws(() => readTimestamp(text), { code: 'timestamp-malformed', detail: detail(text) }, text)
  t.match(
    verdictOf(() => read(document.replace(time, bad[2]!)).id),
    `timestamp-malformed ${detail(bad[2]!)}`,
  )
})
