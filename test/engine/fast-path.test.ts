// One truth: what the fast path takes, it takes as the tokenizer alone would, in every document and
// every cut of it.
import t from 'tap'
import { DSIG } from '../../packages/sender/src/attack/forging.ts'
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import { OutlineReader } from '../../packages/xmldsig/src/signing/outline.ts'
import { fastPath } from '../../packages/xmldsig/src/xml/fast/fast-content.ts'
import { canonicalize, cuts, EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf, verdictOf } from '../support/engine.ts'
import { hostileShapes } from '../support/hostile-shapes.ts'

fastPath.knownFrom = 0

const methods = [EXCLUSIVE, INCLUSIVE, INCLUSIVE_11].map(algorithm => methodOf(algorithm))
methods.push(methodOf(EXCLUSIVE, ['', 'p', 'q']))

/** Content of an element three levels down, where nobody watches: well-formed or not. */
const contents = [
  '<b>1</b>\n<b c="1" d="2">x &amp; y</b><b d="2" c="1"/>',
  '<b  c = \'1\'\td="&#x9;&quot;&lt;&amp;&gt;&#13;"\r\n/>',
  '<b c="a\r\nb\tc\nd\re" d=\'"\'>]]&gt;&apos;&quot;&#65;&#x20AC;&#xD;\r\n\r</b>',
  '<p:b xmlns:p="urn:p"><p:c xmlns:p="urn:p" p:d="1"/><p:c xmlns:p="urn:q"/></p:b><p:b xmlns:p="urn:p"/>',
  '<b xmlns="urn:b"><c xmlns=""><d xmlns="urn:b"/></c><c xmlns="urn:b"/></b>',
  '<q:b q:c="1" c="2" xml:lang="en" xmlns:q="urn:q" xmlns:p="urn:p" xml:space="default"><q:d/><p:e/></q:b>',
  '<b xmlns:q="urn:1" xmlns:p="urn:2" p:z="" q:a=""/><b xmlns:p="urn:1" xmlns:q="urn:1" p:a="" q:b=""/>',
  `<ds:Signature xmlns:ds="${DSIG}"/>`,
  `<ds:Object xmlns:ds="${DSIG}"><Signature xmlns="${DSIG}"/></ds:Object>`,
  `<Signature/><b xmlns="${DSIG}"><c/></b><Signature/>`,
  '<\u03b1\u03b2 \u03b3="\u0434">\u042f\uff0c\ufffd\u{1f600}</\u03b1\u03b2><\u00b7/>',
  '<a\u00d7/>',
  '<\u0430:b xmlns:\u0430="urn:a" \u0430:\u0431=""/>',
  '\ufffe',
  '<b c="\uffff"/>',
  '<b>x]]></b>',
  '<b>]]&amp;></b>',
  '<b>]]</b>>',
  '<b>]]\r\n></b>',
  '<b>x>y</b >',
  '<b></c>',
  '<b></bb>',
  '<bb></b>',
  '<b c="1" c="2"/>',
  '<b c="1" c="2">x</b>',
  '<b d="1" c="2">x</b>',
  '<b cc="1" c="2">x</b>',
  '<b d="1" c="1" d="2"/>',
  '<b p:c="1"/>',
  '<p:b/>',
  '<b:/>',
  '<:b/>',
  '<b:c:d/>',
  '<b xmlns:p=""/>',
  '<b xmlns:xml="http://www.w3.org/XML/1998/namespace"/>',
  '<b xmlns:xmlns="urn:x"/>',
  '<b xmlns="relative"/>',
  '<b xmlns:p="urn:a" xmlns:p="urn:b"/>',
  '<b xmlns:p="urn:a" xmlns:q="urn:a" p:c="" q:c=""/>',
  '<b xmlns="urn:&#65;"/>',
  '<b xmlbase="">',
  '<b XML:lang="">',
  '<xmlb/>',
  '<b xml:base=""/>',
  '<b c="<"/>',
  '<b c=1/>',
  '<b c/>',
  '<b c="1"d="2"/>',
  '<b c="&nope;"/>',
  '<b>&nope;</b>',
  '<b>&#0;</b>',
  '<b>&#xFFFE;</b>',
  '<b>&#;</b>',
  '<b>& </b>',
  '<b/ >',
  '<b c="\u0001"/>',
  '<b>\u0001</b>',
  '<!-- x -->',
  '<?x y?>',
  '<![CDATA[<&>\r\n]] ]]]>',
  '<b><![CDATA[]]>]]<![CDATA[>]]></b>',
  '<b><![CDATA[\ufffe]]></b>',
  '</x>',
  '<b',
]

const bothWays = (read: () => string) => {
  const fast = read()
  fastPath.isOn = false
  try {
    return [fast, read()]
  } finally {
    fastPath.isOn = true
  }
}

for (const content of contents) {
  t.test(`the same with the fast path and without: ${JSON.stringify(content)}`, async t => {
    const bytes = Buffer.from(`<r xmlns:o="urn:o">\n<s>a</s>\r\n<P><i>${content}</i>\n</P></r>`)
    for (const method of methods) {
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], method)))
      t.equal(fast, slow)
    }
    for (const pieces of cuts(bytes)) {
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize(pieces, methods[0]!)))
      if (fast !== slow) t.equal(fast, slow)
    }
  })
}

/** Pieces of character data, alone and in CDATA sections, that C14N mostly writes otherwise. */
const pieces = [
  '>',
  '\r',
  '\r\n',
  '\n',
  '\t',
  ']',
  ']]',
  ']>',
  '&gt;',
  '&#xE9;',
  '&#13;',
  '&#93;',
  '&amp;',
  '&',
  '<',
  'x',
].concat([
  '&#8364;',
  '&#x1F600;',
  'abcd',
  '\u00e9',
  '\uff0c\ufffd',
  '\u{1f600}',
  '\ufffe',
  '\u0001',
  '&no;',
  ' '.repeat(125),
  'y'.repeat(131),
])

t.test('character data that is written otherwise is the same with the fast path and without', async t => {
  for (const begins of ['>', '\r\n', '&#xE9;'])
    for (const one of pieces)
      for (const other of pieces) {
        const text = `${begins}${one}${other}`
        for (const content of [text, `<![CDATA[>${text}]]>`, `<![CDATA[>]]>${text}`]) {
          const bytes = Buffer.from(`<r><P><i>${content}</i>]]</P></r>`)
          const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
          if (fast !== slow) t.equal(fast, slow, content)
        }
      }
})

t.test('much character data that is written otherwise is the same in pieces of any size', async t => {
  const text = pieces.slice(0, 13).join('').replaceAll(']>', ']] ')
  const long = `${`${text}\u0416\uff0c`.repeat(80)}${'&#x41;'.repeat(600)}${'&gt;'.repeat(600)}${'>'.repeat(3000)}`
  const contents = [long, `<![CDATA[${long}]]>`, `<b>${long}</b>`.repeat(20), `<b><![CDATA[${long}]]></b>`.repeat(20)]
  for (const content of contents)
    for (const size of [1, 3, 64, 1000, 65_536, 1e6]) {
      const bytes = Buffer.from(`<r><P><i>${content}</i></P></r>`)
      const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize(cut, methods[0]!)))
      t.equal(fast, slow)
      t.notMatch(slow, /xml-/)
    }
})

t.test('a reference is the octets of its character, wherever it stands and is cut', async t => {
  const codes = [0x9, 0x20, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0x10000, 0x3ffff, 0x40000, 0x10ffff]
  const written = (code: number) => [
    `&#${code};`,
    `&#x${code.toString(16)};`,
    `&#x000${code.toString(16).toUpperCase()};`,
  ]
  for (const code of codes) {
    const character = String.fromCodePoint(code)
    const references = written(code).join('>')
    const bytes = Buffer.from(`<r><s><b>>${references}</b>${`<b c="\t${references}"/>`.repeat(4)}</s></r>`)
    const text = `<b>&gt;${Array(3).fill(character).join('&gt;')}</b>`
    const value = Array(3)
      .fill(code === 0x9 ? '&#x9;' : character)
      .join('>')
    const octets = Buffer.from(`<r><s>${text}${`<b c=" ${value}"></b>`.repeat(4)}</s></r>`)
    for (const pieces of [[bytes], ...cuts(bytes)]) {
      const found = canonicalize(pieces, methods[0]!)
      if (!found.equals(octets))
        t.equal(found.toString(), octets.toString(), `in pieces of ${pieces.map(p => p.length)}`)
    }
  }
  for (const code of [0, 1, 0x1f, 0xd800, 0xdbff, 0xdfff, 0xfffe, 0xffff, 0x110000, 0x7fffffff, 2 ** 32 + 0x41])
    for (const reference of written(code))
      for (const content of [`>${reference}`, `${'<b c="1"/>'.repeat(3)}<b c="${reference}"/>`])
        t.match(
          verdictOf(() => canonicalize([Buffer.from(`<r><s>${content}</s></r>`)], methods[0]!)),
          /^xml-malformed .*not an XML/,
        )
})

t.test('a reference of any length is one, in text and in a value', async t => {
  for (const zeros of [2040, 2048, 8192, 65_530, 140_000]) {
    const reference = `&#x${'0'.repeat(zeros)}41;`
    const bytes = Buffer.from(`<r><s>${'<b c="1">2</b>'.repeat(3)}<b c="&gt;${reference}">>${reference}</b></s></r>`)
    const octets = `<r><s>${'<b c="1">2</b>'.repeat(3)}<b c=">A">&gt;A</b></s></r>`
    for (const pieces of [[bytes], [bytes.subarray(0, 2000), bytes.subarray(2000)]])
      t.equal(canonicalize(pieces, methods[0]!).toString(), octets, `${zeros}`)
  }
})

t.test('what stands where a reference might is none without its ampersand', async t => {
  for (const text of ['>#65;', '\r#65;', '\r\n#65;', '>amp;', '\rlt;']) {
    const octets = text.replace('>', '&gt;').replace(/\r\n?/, '\n')
    for (const [open, close] of [
      ['<r>', '</r>'],
      ['<r><s>', '</s></r>'],
      ['<r><s><b>', '</b></s></r>'],
    ] as const)
      t.equal(canonicalize([Buffer.from(`${open}${text}${close}`)], methods[0]!).toString(), `${open}${octets}${close}`)
  }
})

/** Parts of a value, and how C14N writes each. */
const valueParts: readonly (readonly [written: string, canonical: string])[] = [
  ['"', '&quot;'],
  ['\t', ' '],
  ['\n', ' '],
  ['\r', ' '],
  ['\r\n', ' '],
  ['&#9;', '&#x9;'],
  ['&#13;&#10;', '&#xD;&#xA;'],
  ['&apos;&gt;', "'>"],
  ['&amp;&lt;&quot;', '&amp;&lt;&quot;'],
  ['\u0416\uff0c\u{1f600}', '\u0416\uff0c\u{1f600}'],
]

t.test('a value that C14N changes is copied to its end and no further, wherever it begins and ends', async t => {
  const plain = ['', 'a', 'ab', 'abc', 'abcd', 'abcde']
  const tags: string[] = []
  const written: string[] = []
  for (const [part, octets] of valueParts)
    for (const before of plain)
      for (const behind of plain) {
        tags.push(`<b e='\t${before}${part}${behind}' c='${before}${part}'>${tags.length}</b>`)
        written.push(`<b c="${before}${octets}" e=" ${before}${octets}${behind}">${written.length}</b>`)
      }
  const bytes = Buffer.from(`<r><s>${tags.join('')}</s></r>`)
  const octets = `<r><s>${written.join('')}</s></r>`
  for (const size of [1, 7, 64, 1000, 1e6]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
    t.equal(canonicalize(pieces, methods[0]!).toString(), octets, `pieces of ${size}`)
  }
  const few = Buffer.from(`<r><s>${tags.slice(0, 3).join('')}${tags[45]}${tags[150]}</s></r>`)
  const expected = `<r><s>${written.slice(0, 3).join('')}${written[45]}${written[150]}</s></r>`
  for (const pieces of cuts(few)) {
    const found = canonicalize(pieces, methods[0]!).toString()
    if (found !== expected) t.equal(found, expected, `in pieces of ${pieces.map(piece => piece.length)}`)
  }
})

/**
 * Tags that are known by their form from the third time on, each as it may stand elsewhere, too.
 */
const lines: readonly string[] = [
  '<b>1</b><b c="1">2</b><b c="1" d="2"/><b d="1" c="2"/><b  d=\'1\'\n c="2">3</b><b/>',
  '<p:b xmlns:p="urn:p">x<p:c/></p:b><p:b xmlns:p="urn:q">x<p:c/></p:b><o:b>x<o:c o:d=""/></o:b>',
  '<b xmlns="urn:b"><c>1</c><d xmlns=""><c>1</c></d></b><c>1</c><o:b xmlns="urn:b"><c>1</c><q/></o:b>',
  '<q:b xmlns:q="urn:q" xmlns:p="urn:p"><q:c p:e="" q:e=""/><p:c q:e="" e="1">x</p:c><c q:e=""/></q:b>',
  '<q:b xmlns:q="urn:p" xmlns:p="urn:q"><q:c p:e="" q:e=""/><p:c q:e="" e="1">x</p:c><c q:e=""/></q:b>',
  '<b xmlns:o="urn:o"><o:c/></b><b xmlns:o="urn:o" xmlns:a="urn:a"><a:c/><o:c a:d="">x</o:c></b>',
  '<b c="\u0416\'\uff0c\ufffd">\u0416\uff0c\ufffd]]\r\n</b><b c=\'"\'/><b c="&amp;&#9;"/><\u03b1 \u03b2="1"/>',
  '<b c=\'\uff0c"\ufffd\uf8ff\'/><b c="&#xD;&#xA;&#x9;&quot;&lt;&amp;"/>',
  '<b c="\u0416\uff0c\tabcdefg\u20ac&#x1F600;ab"/>',
  '<b c="a\tb"/><b c="a&gt;b"/><b c="">&amp;&lt;&gt;&#13;&quot;</b>\n<b c="x">a>b</b>\r<b c="x">a\r\nb</b>',
  '<b c="x" xml:lang="en" o:d="1"><![CDATA[a<b>&\r\n\r]]]]><![CDATA[>\uff0c\ufffd]]></b ><o:b\n>x</o:b\r\n>',
  '<b>1 &amp; 2 &lt;</b>',
  `<ds:Signature xmlns:ds="${DSIG}"/>`,
  `<Signature xmlns="${DSIG}"/>`,
  `<b xmlns:ds="${DSIG}"><ds:Object/><b>1</b></b>`,
  `<o:b xmlns="${DSIG}"><o:b>1</o:b></o:b><o:b xmlns="${DSIG}"><Object/></o:b>`,
  '<b c="1" d="2"></c>',
  '<b c="\uffff"/>',
  '<b c="1\u0001"/>',
  '<b>x]]></b>',
  '<b>\uffff</b>',
  '<b><![CDATA[x]]',
  '<b><![CDATA[\ufffe]]></b>',
  '<b><![CDATA[\u0002]]></b>',
  '<p:b>1</p:b>',
]

t.test('a tag is the same the tenth time as the first', async t => {
  const write = (text: string) => Buffer.from(`<r xmlns:o="urn:o"><s>\n${text}</s></r>`)
  for (const line of lines)
    for (const other of ['', ...lines])
      for (const method of methods) {
        const bytes = write(`${line.repeat(4)}\n${other}${line}\n<o:x xmlns="urn:x">${line}${other}</o:x>`)
        const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], method)))
        if (fast !== slow) t.equal(fast, slow, `${line} ${other} ${method.algorithm}`)
      }
})

/** What stands inside and behind a known tag, and may end the run of them. */
const texts = [
  'lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt',
  'tempor incididunt \u00fc \u0416 &amp; ut labore et dolore magna aliqua\n\n\u20ac \u{1f600}',
  ...['&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#13;', '&#xD;', '&#x41;', '&am', '&amp', '&gt', '&a;', '& '],
  ...['>', ']]>', ']]]]>', '\r\n', '\r', '\t', '\n\n', '\x01', '\x7f', '\uffff', '\uff0c', '\uf8ff'],
]

t.test('text between known tags is the same as between others', async t => {
  for (const text of texts)
    for (const before of ['', 'a', 'ab', 'abc', 'abcd', '\u0416', 'a'.repeat(33)])
      for (const tag of ['<b>', '<b c="d">', '<long.name-of_element c="1" d=\'2\'>']) {
        const close = `</${/[^<> ]+/.exec(tag)![0]}>`
        const element = `${tag}1${close}`
        const ends = [text, `${before}${text}`, `${before}${text}${text}z`].map(content => `${tag}${content}${close}`)
        for (const end of [...ends, `${tag}${before}${text}`, `${tag}${before}</x>`]) {
          const bytes = Buffer.from(`<r><s>${element.repeat(4)}${end}${element}\n${before}${text}${element}</s></r>`)
          const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
          if (fast !== slow) t.equal(fast, slow, bytes.toString())
        }
      }
})

t.test('a tag that differs from a known one in any octet is read for itself', async t => {
  const tags = [
    '<b>',
    '<b c="1">',
    '<p:b c="1" dd=\'2\' p:e="3"/>',
    '<long.name-of_element long.name-of_attribute="1">',
  ]
  for (const tag of tags) {
    const known = tag.endsWith('/>') ? tag : `${tag}1</${/[^<> ]+/.exec(tag)![0]}>`
    for (let at = 0; at < known.length; at++)
      for (const octet of ['x', '"', "'", ' ', '>', '/', '&', '\u0416', '\uffff', ''])
        for (const to of [at, at + 1]) {
          const other = known.slice(0, at) + octet + known.slice(to)
          const bytes = Buffer.from(`<r xmlns:p="urn:p"><s>${known.repeat(4)}${other}${known}</s></r>`)
          const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
          if (fast !== slow) t.equal(fast, slow, bytes.toString())
        }
  }
})

t.test('a prefix behind values that hold other prefixes of its namespace is its own', async t => {
  const values = ['', 'q', 'aq', 'aaq', 'aaaq', 'qqqqqqqq', ':q="', ' q:y=']
  for (const first of values)
    for (const second of values) {
      const tag = `<b p:x="${first.replace('"', '')}" p:y="${second.replace('"', '')}" p:z="1">2</b>`
      const octets = canonicalize(
        [Buffer.from(`<r xmlns:p="urn:1" xmlns:q="urn:1"><s>${tag.repeat(5)}</s></r>`)],
        methods[0]!,
      )
      t.equal(octets.toString(), `<r><s>${tag.replace('<b', '<b xmlns:p="urn:1"').repeat(5)}</s></r>`)
    }
})

t.test('declarations that are longer than a plan may hold are written all the same', async t => {
  const uris = ['p', 'q', 'o'].map(prefix => `urn:${prefix.repeat(250)}`)
  const declared = `xmlns:o="${uris[2]}" xmlns:p="${uris[0]}" xmlns:q="${uris[1]}"`
  const tag = '<p:b q:c="1">2</p:b>'
  const written = `<p:b xmlns:p="${uris[0]}" xmlns:q="${uris[1]}" q:c="1">2</p:b>`
  const octets = canonicalize([Buffer.from(`<r ${declared}><s>${tag.repeat(5)}</s></r>`)], methods[0]!)
  t.equal(octets.toString(), `<r><s>${written.repeat(5)}</s></r>`)
})

t.test('more namespaces in turn than can be known at once are written each in its place', async t => {
  const lines = Array.from({ length: 2200 }, (_, n) => `<b xmlns:p="urn:${n}"><p:c>${n}</p:c></b>`.repeat(12))
  const document = `<r><s>${lines.join('')}${lines[0]}</s></r>`
  const octets = document.replace(/<b xmlns:p="([^"]*)"><p:c>/g, '<b><p:c xmlns:p="$1">')
  t.ok(canonicalize([Buffer.from(document)], methods[0]!).equals(Buffer.from(octets)))
})

t.test('tags whose namespaces hardly come twice together mean the same as to the tokenizer', async t => {
  let state = 7
  const draw = (limit: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % limit
  }
  const prefixes = ['', 'p:', 'q:', ...'abcdefghi'].map(name => (name.length === 1 ? `${name}:` : name))
  const declared = prefixes.map(name => (name === '' ? ' xmlns="urn:d"' : ` xmlns:${name[0]}="urn:${name[0]}"`))
  const pick = (from: readonly string[]) => from[draw(from.length)]!
  const kinds = [
    () => '',
    () => ` ${pick(prefixes)}x="${draw(9)}"`,
    () => ` z="'" ${pick(prefixes)}y="${draw(9)}&#9;>"`,
    () => ` xmlns:p="urn:${draw(3)}"`,
    () => ` xmlns="urn:${draw(2)}" xmlns:q="urn:q"`,
    () => ' xmlns=""',
  ]
  const write = (depth: number): string => {
    const name = `${pick(prefixes)}e`
    const rest = pick(kinds.map(kind => kind()))
    if (depth === 0 || draw(5) === 0) return `<${name}${rest}/>`
    return `<${name}${rest}>${draw(9)}${write(depth - 1)}&gt;${write(depth - 1)}</${name}>`
  }
  for (let round = 0; round < 4; round++) {
    const lines = Array.from({ length: 400 }, () => `<l>${write(4)}</l>`)
    const bytes = Buffer.from(`<r${declared.slice(1).join('')}><s>${lines.join('\n')}</s></r>`)
    for (const method of methods) {
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], method)))
      t.notMatch(slow, /^xml-/)
      t.ok(fast === slow, `round ${round}, ${method.algorithm}`)
    }
  }
})

t.test('of forms that begin alike, more than can be known at once, each is read for itself', async t => {
  const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h']
  const tags = Array.from({ length: 2 ** names.length }, (_, n) => {
    const attributes = names.filter((_, i) => (n >> i) & 1).map(name => ` ${name}="${n}"`)
    return `<a i="${n}"${(n % 3 === 0 ? attributes.reverse() : attributes).join('')}${n % 2 ? '/>' : '>x</a>'}`
  })
  const many = `<a${Array.from({ length: 17 }, (_, i) => ` n${i + 10}="${i}"`).join('')}/>`
  const long = `<a b="${'x'.repeat(9000)}" a="${'y'.repeat(9000)}"/>`
  const text = [...tags, many, long].flatMap((tag, i, all) => [tag, tag, all[(i * 37) % all.length]]).join('\n')
  const bytes = Buffer.from(`<r><s>${text}${text}${many.repeat(9)}${long.repeat(9)}${tags[5]!.repeat(400)}</s></r>`)
  const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
  t.ok(fast === slow)
  t.notMatch(slow, /xml-/)
})

t.test('what one document has in scope, and written, is nothing to another', async t => {
  const roots = [
    '<r xmlns:p="urn:p" xmlns:q="urn:q"><s>',
    '<p:r xmlns:p="urn:p" xmlns:q="urn:q"><s>',
    '<r xmlns:q="urn:q" xmlns:p="urn:p"><s q:x="">',
    '<r xmlns:p="urn:q" xmlns:q="urn:p"><q:s>',
    '<r xmlns="urn:p" xmlns:p="urn:p" xmlns:q="urn:q"><s xmlns="">',
    `<r xmlns:p="${DSIG}" xmlns:q="urn:q"><s>`,
    '<r xmlns:q="urn:q"><s>',
  ]
  const line = '<p:b q:c="1" d="2">3</p:b><q:e p:c="1" xmlns:o="urn:o"><b/><o:b/></q:e><b xmlns="urn:d"><q:b/></b>\n'
  const long = methodOf(EXCLUSIVE, ['q', 'n'.repeat(300)])
  for (let round = 0; round < 2; round++)
    for (const method of [...methods, long])
      for (const namespaces of [2, 3, 64])
        for (const root of roots) {
          const [, outer, inner] = /^<([^ ]+).*><([^ >]+)/.exec(root)!
          const bytes = Buffer.from(`${root}${line.repeat(4)}</${inner}></${outer}>`)
          const limits = { ...defaultLimits, namespaces }
          const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], method, limits)))
          if (fast !== slow) t.equal(fast, slow, `${root} ${method.algorithm} ${namespaces}`)
        }
})

t.test('a document that is only looked through is looked through alike', async t => {
  const line = '<p:a xmlns:p="urn:p" b="1"><p:c/><d e="2">text &#233;></d></p:a>\n'
  const document = `<r id="a"><s>A</s>${'<TimestampForSignature/>'}<P>${line.repeat(9)}</P></r>`
  const others = [document.replace('</P>', '</Q>'), document.replace('text', 'text ]]>amp;')]
  for (const bytes of [document, ...others].map(text => Buffer.from(text))) {
    const [fast, slow] = bothWays(() =>
      verdictOf(() => {
        const reader = new OutlineReader()
        reader.write(bytes)
        return JSON.stringify(reader.end())
      }),
    )
    t.equal(fast, slow)
  }
})

t.test('known tags may be cut anywhere', async t => {
  for (const line of lines) {
    const bytes = Buffer.from(`<r xmlns:o="urn:o"><s>\n${line.repeat(3)}</s></r>`)
    for (const pieces of cuts(bytes)) {
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize(pieces, methods[0]!)))
      if (fast !== slow) t.equal(fast, slow, line)
    }
  }
})

t.test('values and runs that are longer than the window, or nearly', async t => {
  for (const size of [8000, 8192, 8193, 65000, 65537, 131_000, 131_073]) {
    const text = 'lorem '.repeat(size / 6)
    const line = `<b c="${text.slice(0, 65000)}">${text}</b>`
    const behindText = `<b d="1" c="2">${text.slice(0, 400)}</b>`.repeat(5)
    const documents = [`<b c="1">2</b>`.repeat(3) + line.repeat(3), `<b c="${text}"/>`, behindText]
    for (const document of documents) {
      const bytes = Buffer.from(`<r><s>${document}</s></r>`)
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
      t.ok(fast === slow, `${size}`)
    }
  }
})

t.test('text in the same piece as a tag longer than the window is taken at any alignment', async t => {
  const attributes = ['b', 'c', 'd'].map(name => ` ${name}="${'x'.repeat(65_000)}"`).join('')
  for (const shift of ['', '.', '..', '...', '\n..']) {
    const text = `${'lorem ipsum '.repeat(100)}\n${'dolor sit amet '.repeat(100)}`
    const document = `<r>${shift}<a${attributes}>${text}</a></r>`
    t.ok(canonicalize([Buffer.from(document)], methods[0]!).equals(Buffer.from(document)), `behind ${shift.length}`)
  }
})

t.test('an element that begins behind a tag longer than the window ends in a later one', async t => {
  const attributes = ['b', 'c', 'd'].map(name => ` ${name}="${'x'.repeat(65_000)}"`).join('')
  const known = '<k>1</k>'
  for (const content of ['', known, known.repeat(20_000)])
    for (const name of ['e', 'e'.repeat(9), 'k']) {
      const document = `<r><s>${known.repeat(9)}<a${attributes}><${name}>${content}</${name}>${known}</a></s></r>`
      t.ok(canonicalize([Buffer.from(document)], methods[0]!).equals(Buffer.from(document)))
    }
})

/** Elements whose ends undo declarations, in and around others. */
const nested = ['<p:b xmlns:p="urn:p" d="1" c="2">', '<b d="1" c="2">', '<b>', '<o:b>', '<p:b xmlns:p="urn:q">']

t.test('declarations end where their elements do, however the run of known tags is interrupted', async t => {
  const wrap = (tags: readonly string[], inner: string) =>
    tags.reduceRight((content, tag) => `${tag}x${content}\n<o:c/>y</${/^<([^ >]+)/.exec(tag)![1]}>`, inner)
  for (const first of nested)
    for (const second of nested)
      for (const third of nested)
        for (const inner of ['1', '>', '<b d="1" c="2"/>', '<![CDATA[<]]>', '<o:b ></o:b >']) {
          const text = wrap([first, second, third], inner)
          const bytes = Buffer.from(`<r xmlns:o="urn:o"><s>\n${text.repeat(4)}${inner}</s><q:c/></r>`)
          const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
          if (fast !== slow) t.equal(fast, slow, text)
          const whole = Buffer.from(`<r xmlns:o="urn:o"><o:s>${text.repeat(4)}</o:s><o:t/></r>`)
          const [octets, expected] = bothWays(() => verdictOf(() => canonicalize([whole], methods[0]!)))
          if (octets !== expected) t.equal(octets, expected, text)
        }
})

t.test('limits are met at the same place', async t => {
  const documents = [
    ...contents.map(content => `<r xmlns:o="urn:o"><s/><P>${content}</P></r>`),
    '<r><s><a><b><c><d>x</d></c></b></a></s></r>',
    '<r><s><abcd efghij="klmnop" xmlns:abcd="urn:a"/><a b="" c="" d="" e=""/></s></r>',
    '<r xmlns:a="urn:a"><s><t xmlns:b="urn:b"><u xmlns:c="urn:c" xmlns:d="urn:d" xmlns="urn:e"/></t></s></r>',
  ]
  const limited: Partial<Limits>[] = [1, 2, 3, 4, 5].flatMap(n => [
    { depth: n + 1 },
    { attributes: n },
    { namespaces: n },
    { nameBytes: n },
    { valueBytes: n },
  ])
  for (const document of documents)
    for (const limit of limited) {
      const limits = { ...defaultLimits, ...limit }
      const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([Buffer.from(document)], methods[0]!, limits)))
      if (fast !== slow) t.equal(fast, slow, `${document} ${JSON.stringify(limit)}`)
    }
})

t.test('hostile shapes are refused, or read, alike', async t => {
  for (const { name, largest, write } of hostileShapes) {
    const bytes = Buffer.from(write(Math.min(largest ?? 3000, 3000)))
    const [fast, slow] = bothWays(() => verdictOf(() => canonicalize([bytes], methods[0]!)))
    t.equal(fast, slow, name)
  }
})
