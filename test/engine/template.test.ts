// Filling in a document: the same result in whatever pieces it comes.

import { isSigned, prepareDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { OutlineReader } from '../../packages/xmldsig/src/signing/outline.ts'
import { type Fill, TemplateFilling } from '../../packages/xmldsig/src/signing/template.ts'

const now = new Date('2026-11-23T12:00:00.999Z')
const time = '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>'
const wrap = (children: string, root = 'CriticalDocument id="a"') =>
  `<${root}>${children}<Payload>\u00e4<b c="d"/>\u{1f600}</Payload></CriticalDocument>\n`
const parties = '\n  <SenderID>s</SenderID>\n  <ReceiverID>r</ReceiverID>'
const prepare = (text: string, fill: Partial<Fill> = {}) =>
  prepareDocument(Buffer.from(text), { now, ...fill }).toString()

/**
 * Pieces of 1 to `longest` bytes, the same each time; each is overwritten when it has been taken.
 */
function* cut(bytes: Buffer, longest: number): Generator<Buffer> {
  let state = longest
  for (let at = 0; at < bytes.length; ) {
    state = (state * 1103515245 + 12345) % 2147483648
    const to = Math.min(bytes.length, at + 1 + (state % longest))
    const piece = Buffer.from(bytes.subarray(at, to))
    yield piece
    piece.fill(0x21)
    at = to
  }
}

function prepareInPieces(text: string, longest: number, fill: Fill): string {
  const reader = new OutlineReader(fill)
  for (const piece of cut(Buffer.from(text), longest)) reader.write(piece)
  const filled: Buffer[] = []
  const filling = new TemplateFilling(reader.end(), fill, octets => filled.push(Buffer.from(octets)))
  for (const piece of cut(Buffer.from(text), longest + 1)) filling.write(piece)
  filling.end()
  return Buffer.concat(filled).toString()
}

const cases: Record<string, readonly [template: string, filled: string]> = {
  'the placeholder': [
    wrap(`${parties}<TimestampForSignature> YYYY-MM-DDTHH:MM:SSZ\n</TimestampForSignature>`),
    wrap(parties + time),
  ],
  'an empty timestamp': [wrap(`${parties}<TimestampForSignature/>`), wrap(parties + time)],
  'a timestamp that only a comment stands in': [
    wrap(`${parties}<TimestampForSignature><!-- later --></TimestampForSignature>`),
    wrap(parties + time),
  ],
  'an absent timestamp, indented as ReceiverID is': [wrap(`${parties}\n  `), wrap(`${parties}\n  ${time}\n  `)],
  'an absent timestamp, behind a comment': [
    wrap(`<SenderID>s</SenderID><!-- x --> <ReceiverID>r</ReceiverID><?y?>`),
    wrap(`<SenderID>s</SenderID> <ReceiverID>r</ReceiverID> ${time}`),
  ],
  'an absent timestamp, behind a comment on a line of its own': [
    wrap('<SenderID>s</SenderID>   <!-- x --> <ReceiverID>r</ReceiverID>'),
    wrap(`<SenderID>s</SenderID>    <ReceiverID>r</ReceiverID> ${time}`),
  ],
  'an absent timestamp, where nothing stands between': [
    wrap('<SenderID>s</SenderID><ReceiverID>r</ReceiverID>'),
    wrap(`<SenderID>s</SenderID><ReceiverID>r</ReceiverID>${time}`),
  ],
  'an empty timestamp behind text': [
    wrap(`${parties}x<TimestampForSignature></TimestampForSignature>`),
    wrap(`${parties}x${time}`),
  ],
  'no timestamp that holds text before a comment': [
    wrap(`${parties}<TimestampForSignature>x<!-- y --></TimestampForSignature>`),
    wrap(`${parties}<TimestampForSignature>x</TimestampForSignature>`),
  ],
  'no timestamp where SenderID and ReceiverID do not stand': [
    wrap('<ReceiverID>r</ReceiverID><SenderID/>'),
    wrap('<ReceiverID>r</ReceiverID><SenderID/>'),
  ],
  'no timestamp that holds a time': [
    wrap(`${parties}<TimestampForSignature>x</TimestampForSignature>`),
    wrap(`${parties}<TimestampForSignature>x</TimestampForSignature>`),
  ],
  'no timestamp that holds an element': [
    wrap(`${parties}<TimestampForSignature><x/></TimestampForSignature>`),
    wrap(`${parties}<TimestampForSignature><x/></TimestampForSignature>`),
  ],
  'a placeholder written with references and CDATA': [
    wrap(`${parties}<TimestampForSignature>&#89;YYY-<![CDATA[MM-DDTHH:MM]]>:SSZ\r</TimestampForSignature>`),
    wrap(parties + time),
  ],
  'an absent timestamp, without the text before ReceiverID': [
    wrap('<SenderID>s</SenderID> x <ReceiverID>r</ReceiverID>'),
    wrap(`<SenderID>s</SenderID> x <ReceiverID>r</ReceiverID>${time}`),
  ],
  'an absent timestamp, without more white space before ReceiverID than an indent has': [
    wrap(`<SenderID>s</SenderID>${' '.repeat(513)}<ReceiverID>r</ReceiverID>`),
    wrap(`<SenderID>s</SenderID>${' '.repeat(513)}<ReceiverID>r</ReceiverID>${time}`),
  ],
  'no timestamp longer than any placeholder': [
    wrap(`${parties}<TimestampForSignature>${' '.repeat(600)}x</TimestampForSignature>`),
    wrap(`${parties}<TimestampForSignature>${' '.repeat(600)}x</TimestampForSignature>`),
  ],
}

for (const [title, [template, filled]] of Object.entries(cases)) {
  t.test(`fills in ${title}`, async t => {
    const fill = { now, stripComments: true }
    t.equal(prepare(template, fill), filled)
    for (const longest of [1, 2, 3, 7, 40, 1000])
      t.equal(prepareInPieces(template, longest, fill), filled, `in pieces of up to ${longest} bytes`)
    if (template.includes('<!--')) t.throws(() => prepare(template), { code: 'xml-comment' })
    else
      for (const longest of [1, 7, 1000])
        t.equal(prepareInPieces(template, longest, { now }), filled, `unstripped, up to ${longest} bytes`)
  })
}

t.test('sets the id, or adds one', async t => {
  const fill = { now, id: 'doc-1' }
  const roots = {
    'CriticalDocument id="a"': 'CriticalDocument id="doc-1"',
    'CriticalDocument ID="a"': 'CriticalDocument id="doc-1" ID="a"',
    CriticalDocument: 'CriticalDocument id="doc-1"',
    "CriticalDocument xml:lang='en'  id = ''": "CriticalDocument xml:lang='en'  id = 'doc-1'",
  }
  for (const [root, filled] of Object.entries(roots)) {
    const template = wrap(parties + time, root)
    t.equal(prepare(template, fill), wrap(parties + time, filled))
    t.equal(prepareInPieces(template, 3, fill), prepare(template, fill))
  }
  t.throws(() => prepare(wrap(''), { id: 'a b' }), { code: 'envelope-malformed', detail: /"a b"/ })
})

t.test('leaves a signed document as it is', async t => {
  const signed = wrap(`${parties}<TimestampForSignature/><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`)
  t.equal(prepare(signed, { id: 'b' }), signed)
  t.ok(isSigned(Buffer.from(signed)))
  t.notOk(isSigned(Buffer.from(wrap(parties))))
  t.notOk(
    isSigned(Buffer.from(wrap('<Payload><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></Payload>'))),
    'further down is none',
  )
})

t.test('leaves out comments and processing instructions wherever they stand, and nothing else', async t => {
  const fill = { now, stripComments: true }
  const rows: Record<string, readonly [template: string, filled: string]> = {
    'around the document element': ['<?a?>\n<!--b--><a/><!----><?c d?>\n', '\n<a/>\n'],
    'at the very end': ['<a/><!--b--><?c?>', '<a/>'],
    'at the very end, a comment': ['<a/>\n<!--b-->', '<a/>\n'],
    'in text, with what could end them': ['<a>b<!-- - > -> <!-c>-->d<?e ?f>? > ?>g</a>', '<a>bdg</a>'],
    'on lines of their own': ['<a>\n<!--\n\n-->\n<?b\n\n?></a>', '<a>\n\n</a>'],
    'beside CDATA that looks like them': [
      '<a><![CDATA[<!-- b --><?c?>]]><!-- d --></a>',
      '<a><![CDATA[<!-- b --><?c?>]]></a>',
    ],
    'with names of other letters': ['<a><?\u00e4\u00f6.1 ?><?b:c?></a>', '<a></a>'],
  }
  for (const [what, [template, filled]] of Object.entries(rows)) {
    t.equal(prepare(template, fill), filled, what)
    for (const longest of [1, 2, 3, 7])
      t.equal(prepareInPieces(template, longest, fill), filled, `${what}, in pieces of up to ${longest} bytes`)
  }
})

t.test('refuses comments and processing instructions that are not well-formed', async t => {
  const refusals: Record<string, readonly [code: string, detail: string]> = {
    '<a>\n<!-- b -- c --></a>': ['xml-malformed', 'a comment has "--" in it (byte 11, line 2, column 8)'],
    '<a><!--\n-->\n<?b\r?>\n<!-- -- --></a>': ['xml-malformed', 'a comment has "--" in it (byte 24, line 5, column 6)'],
    '<a><!-- b ---></a>': ['xml-malformed', 'a comment has "--" in it (byte 10, line 1, column 11)'],
    '<a><!-- b -></a>': [
      'xml-malformed',
      'the document ends before its document element does (byte 16, line 1, column 17)',
    ],
    '<a><? b?></a>': ['xml-malformed', 'expected a name (byte 5, line 1, column 6)'],
    '<a><?b></a>': ['xml-malformed', 'the document ends before its document element does (byte 11, line 1, column 12)'],
    '<a><?xml?></a>': [
      'xml-malformed',
      'an XML declaration stands elsewhere than at the very start (byte 3, line 1, column 4)',
    ],
    '<a><?b:?></a>': ['xml-namespace', 'a name ends with a colon (byte 6, line 1, column 7)'],
    [`<a><?${'b'.repeat(1025)} ?></a>`]: ['xml-limit', 'a name is longer than 1024 bytes (byte 5, line 1, column 6)'],
  }
  for (const [template, [code, detail]] of Object.entries(refusals)) {
    t.throws(() => prepare(template, { stripComments: true }), { code, detail })
    for (const longest of [1, 3])
      t.throws(() => prepareInPieces(template, longest, { now, stripComments: true }), { code, detail })
  }
})

t.test('refuses what is no document, in either pass', async t => {
  t.throws(() => prepare('<a>'), { code: 'xml-malformed' })
  const outline = new OutlineReader()
  outline.write(Buffer.from('<a/>'))
  const filling = new TemplateFilling(outline.end(), { now, stripComments: true }, () => {})
  filling.write(Buffer.from('<a>'))
  t.throws(() => filling.end(), { code: 'xml-malformed' })
})
