// One truth: what the fast path takes, it takes as the tokenizer alone would, in every document and
// every cut of it.
import t from 'tap'
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import { fastPath } from '../../packages/xmldsig/src/xml/fast/fast-content.ts'
import { canonicalize, cuts, EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf, verdictOf } from '../support/engine.ts'
import { DSIG } from '../support/forge.ts'
import { hostileShapes } from '../support/hostile-shapes.ts'

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
