// Canonical octets, written out by hand; libxml2 must write the same, and pieces of any size must
// not matter.
import t from 'tap'
import { canonicalize as canonicalizeWithLibxml2, withDocument } from '../fuzz/libxml2.ts'
import { canonicalize, cuts, EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'

type Case = {
  readonly document: string
  readonly octets: string
  readonly method?: string
  readonly prefixes?: readonly string[]
}

const long = (last: string) => `${'n'.repeat(40)}${last}`

const cases: Record<string, Case> = {
  'a document that is canonical': { document: '<a b="c">d</a>', octets: '<a b="c">d</a>' },
  'the XML declaration, a byte order mark and white space outside': {
    document: '\ufeff<?xml version="1.0" encoding="utf-8" standalone=\'yes\' ?>\r\n<a/>\n ',
    octets: '<a></a>',
  },
  'an XML declaration of the version only': { document: '<?xml version="1.0"?><a></a>', octets: '<a></a>' },
  'empty elements, white space in tags': {
    document: '<a ><b\t/><c  d = "e"\n/><f\n></f\r\n><g  h="i"/><j\tk="l"/><m n="o" /><p q= "r"/><s t ="u"></s ></a >',
    octets: '<a><b></b><c d="e"></c><f></f><g h="i"></g><j k="l"></j><m n="o"></m><p q="r"></p><s t="u"></s></a>',
  },
  'an end tag with white space below the children': {
    document: '<a><b><c><d></d\t></c \n></b></a>\n',
    octets: '<a><b><c><d></d></c></b></a>',
  },
  quotes: { document: `<a b='c' d='"' e="'" f='&quot;&apos;'/>`, octets: `<a b="c" d="&quot;" e="'" f="&quot;'"></a>` },
  'a value that holds what C14N escapes': {
    document: '<a b="&#9;&#xA;&#13;&lt;&amp;&gt;>"/>',
    octets: '<a b="&#x9;&#xA;&#xD;&lt;&amp;>>"></a>',
  },
  'white space in a value': { document: '<a b=" \tc\r\nd\re\nf  "/>', octets: '<a b="  c d e f  "></a>' },
  'a carriage return before a reference in a value': { document: '<a b="\r&#10;"/>', octets: '<a b=" &#xA;"></a>' },
  'line ends in text': { document: '<a>\rb\r\nc\n\r\r\n\r</a>', octets: '<a>\nb\nc\n\n\n\n</a>' },
  'text that C14N escapes': {
    document: '<a>&lt;&amp;&gt;>&#13;&#xd;&#xD;"\'\t&quot;&apos;&#34;</a>',
    octets: '<a>&lt;&amp;&gt;&gt;&#xD;&#xD;&#xD;"\'\t"\'"</a>',
  },
  'references that are nearly canonical': {
    document: '<a>&#x0D;&#x44;&#65;&#38;&#60;&#62;</a>',
    octets: '<a>&#xD;DA&amp;&lt;&gt;</a>',
  },
  'references to characters of every length in UTF-8': {
    document:
      '<a b="&#x41;&#xFC;&#x20AC;&#x1F600;">&#x7F;&#xFC;&#x20ac;&#128512;&#x10FFFF;&#xD7FF;&#xE000;&#xFFFD;</a>',
    octets: '<a b="A\u00fc\u20ac\u{1f600}">\x7f\u00fc\u20ac\u{1f600}\u{10ffff}\ud7ff\ue000\ufffd</a>',
  },
  'characters of every length in UTF-8': {
    document: '<a b="\x7f\u00fc\u20ac\u{1f600}\ufffd\ufeff">\x7f\u00fc\u07ff\u0800\u20ac\ufffd\u{10000}\u{10ffff}</a>',
    octets: '<a b="\x7f\u00fc\u20ac\u{1f600}\ufffd\ufeff">\x7f\u00fc\u07ff\u0800\u20ac\ufffd\u{10000}\u{10ffff}</a>',
  },
  CDATA: {
    document: '<a><![CDATA[<b>&amp;]]]]><![CDATA[>\r\n\r]]]><![CDATA[]]>\n<![CDATA[\ufffd\t\u00fc]]></a>',
    octets: '<a>&lt;b&gt;&amp;amp;]]&gt;\n\n]\n\ufffd\t\u00fc</a>',
  },
  'brackets that end no CDATA': {
    document: '<a>]]<b>></b>]>]]&gt;]&#93;></a>',
    octets: '<a>]]<b>&gt;</b>]&gt;]]&gt;]]&gt;</a>',
  },
  'long text': {
    document: `<a>${'x'.repeat(301)}\u00fc&#97;${'y'.repeat(300)}</a>`,
    octets: `<a>${'x'.repeat(301)}\u00fca${'y'.repeat(300)}</a>`,
  },
  'names longer than the stack of names begins with': {
    document:
      `<${long('a')}><${'b'.repeat(300)}><${'c'.repeat(300)}>` +
      `<d ></d></${'c'.repeat(300)}></${'b'.repeat(300)} ></${long('a')}>`,
    octets:
      `<${long('a')}><${'b'.repeat(300)}><${'c'.repeat(300)}>` +
      `<d></d></${'c'.repeat(300)}></${'b'.repeat(300)}></${long('a')}>`,
  },
  'names of other letters': {
    document:
      '<\u00e4:a1.-_ xmlns:\u00e4="urn:a" \u0391\u0300="" \u{10000}\u{effff}="" \u3001\u00b7=""></\u00e4:a1.-_>',
    octets: '<\u00e4:a1.-_ xmlns:\u00e4="urn:a" \u0391\u0300="" \u3001\u00b7="" \u{10000}\u{effff}=""></\u00e4:a1.-_>',
  },
  'attributes by namespace, then name': {
    document: '<a xmlns:b="urn:2" xmlns:c="urn:1" b:a="" z="" b:A="" c:z="" y="" xml:lang="de"/>',
    octets: '<a xmlns:b="urn:2" xmlns:c="urn:1" y="" z="" xml:lang="de" c:z="" b:A="" b:a=""></a>',
  },
  'attributes by code point, not by UTF-16 unit': {
    document: '<a \u{10000}="" \uf900="" a="" Z="" aa=""/>',
    octets: '<a Z="" a="" aa="" \uf900="" \u{10000}=""></a>',
  },
  "attributes where one's name begins another's": {
    document: '<a ba="" b-="" b="" b1="" b.=""><c b1="" b=""/><c b="" b1=""/></a>',
    octets: '<a b="" b-="" b.="" b1="" ba=""><c b="" b1=""></c><c b="" b1=""></c></a>',
  },
  'more attributes than are sorted by insertion': {
    document: '<a k="" j="" i="" h="" g="" f="" e="" d="" c="" b=""/>',
    octets: '<a b="" c="" d="" e="" f="" g="" h="" i="" j="" k=""></a>',
  },
  'attributes of long names': {
    document: `<a ${long('2')}="" ${long('10')}="" ${long('')}="" ${long('1')}=""/>`,
    octets: `<a ${long('')}="" ${long('1')}="" ${long('10')}="" ${long('2')}=""></a>`,
  },
  'attributes, some of which are not as C14N writes them': {
    document: `<a c="1"  b='2' d="&#51;"><e b="1" a="2" c='3'/></a>`,
    octets: '<a b="2" c="1" d="3"><e a="2" b="1" c="3"></e></a>',
  },
  'an attribute in apostrophes in a tag too long to be gathered': {
    document: `<a c='${'x'.repeat(12_000)}' b="y"/>`,
    octets: `<a b="y" c="${'x'.repeat(12_000)}"></a>`,
  },
  'namespaces by prefix, before attributes': {
    document: '<a:a z="" xmlns:c="urn:1" xmlns:a="urn:3" b:y="" xmlns:b="urn:2" c:x="" xmlns="urn:4"/>',
    octets: '<a:a xmlns:a="urn:3" xmlns:b="urn:2" xmlns:c="urn:1" z="" c:x="" b:y=""></a:a>',
  },
  'a declaration behind an attribute': {
    document: '<p:a b="" xmlns:p="urn:p"><p:c d="" xmlns:q="urn:q" q:e=""/></p:a>',
    octets: '<p:a xmlns:p="urn:p" b=""><p:c xmlns:q="urn:q" d="" q:e=""></p:c></p:a>',
  },
  'namespaces by code point of the prefix': {
    document: '<a xmlns:\u{10000}="urn:1" xmlns:\uf900="urn:2" \u{10000}:a="" \uf900:a=""/>',
    octets: '<a xmlns:\uf900="urn:2" xmlns:\u{10000}="urn:1" \u{10000}:a="" \uf900:a=""></a>',
  },
  'a namespace where it is in visible use': {
    document: '<a xmlns:p="urn:p" xmlns:q="urn:q"><p:b><p:c/></p:b><p:d q:e=""/></a>',
    octets: '<a><p:b xmlns:p="urn:p"><p:c></p:c></p:b><p:d xmlns:p="urn:p" xmlns:q="urn:q" q:e=""></p:d></a>',
  },
  'a namespace where only an attribute uses it': {
    document: '<a xmlns:p="urn:p"><b p:c="" d=""/><b d="" p:c=""/></a>',
    octets: '<a><b xmlns:p="urn:p" d="" p:c=""></b><b xmlns:p="urn:p" d="" p:c=""></b></a>',
  },
  'a declaration that is not the one in visible use': {
    document: '<a xmlns:p="urn:p"><p:b xmlns:q="urn:q"/><p:c xmlns:q="urn:q"><q:d/></p:c></a>',
    octets: '<a><p:b xmlns:p="urn:p"></p:b><p:c xmlns:p="urn:p"><q:d xmlns:q="urn:q"></q:d></p:c></a>',
  },
  'a prefix declared again, the same or other': {
    document:
      '<p:a xmlns:p="urn:p"><p:b xmlns:p="urn:p"/><p:c xmlns:p="urn:q"><p:d xmlns:p="urn:p"/></p:c><p:e/></p:a>',
    octets: '<p:a xmlns:p="urn:p"><p:b></p:b><p:c xmlns:p="urn:q"><p:d xmlns:p="urn:p"></p:d></p:c><p:e></p:e></p:a>',
  },
  'a declaration between that nothing uses': {
    document: '<p:a xmlns:p="urn:p"><b xmlns:p="urn:q"><c xmlns:p="urn:p"><p:d/></c></b></p:a>',
    octets: '<p:a xmlns:p="urn:p"><b><c><p:d></p:d></c></b></p:a>',
  },
  'the default namespace, and its undeclaring': {
    document: '<a xmlns="urn:a"><b xmlns=""><c xmlns=""/><d xmlns="urn:a"/></b><e/></a>',
    octets: '<a xmlns="urn:a"><b xmlns=""><c></c><d xmlns="urn:a"></d></b><e></e></a>',
  },
  'a default namespace undeclared where there is none': {
    document: '<a xmlns=""><b xmlns=""/></a>',
    octets: '<a><b></b></a>',
  },
  'a default namespace that only a child uses': {
    document: '<p:a xmlns="urn:d" xmlns:p="urn:p"><b/><p:c><b/></p:c></p:a>',
    octets: '<p:a xmlns:p="urn:p"><b xmlns="urn:d"></b><p:c><b xmlns="urn:d"></b></p:c></p:a>',
  },
  'a default namespace that was not written is not undeclared': {
    document: '<p:a xmlns="urn:d" xmlns:p="urn:p"><b xmlns=""/></p:a>',
    octets: '<p:a xmlns:p="urn:p"><b></b></p:a>',
  },
  'a namespace name that is escaped': {
    document: '<p:a xmlns:p="urn:&#38;"/>',
    octets: '<p:a xmlns:p="urn:&amp;"></p:a>',
  },
  'a declaration of xml': {
    document: '<a xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:space="preserve"><b xml:lang="en"/></a>',
    octets: '<a xml:space="preserve"><b xml:lang="en"></b></a>',
  },
  'a prefix of the list as inclusive C14N writes it': {
    document: '<a xmlns:p="urn:p" xmlns:q="urn:q" xmlns="urn:d"><b><p:c xmlns:q="urn:r"/></b></a>',
    octets: '<a xmlns="urn:d" xmlns:q="urn:q"><b><p:c xmlns:p="urn:p" xmlns:q="urn:r"></p:c></b></a>',
    prefixes: ['q', 'z'],
  },
  'the default namespace in the list': {
    document: '<p:a xmlns="urn:d" xmlns:p="urn:p"><p:b xmlns=""/><p:c xmlns="urn:e"/></p:a>',
    octets: '<p:a xmlns="urn:d" xmlns:p="urn:p"><p:b xmlns=""></p:b><p:c xmlns="urn:e"></p:c></p:a>',
    prefixes: [''],
  },
  'all namespaces, where they are declared, under C14N 1.0': {
    document:
      '<a xmlns:q="urn:q" xmlns:p="urn:p"><b xmlns="urn:d" xmlns:r="urn:r"><c xmlns:q="urn:q"/><q:d xmlns=""/></b></a>',
    octets: '<a xmlns:p="urn:p" xmlns:q="urn:q"><b xmlns="urn:d" xmlns:r="urn:r"><c></c><q:d xmlns=""></q:d></b></a>',
    method: INCLUSIVE,
  },
  'the same under C14N 1.1': {
    document: '<a xmlns:p="urn:p"><b xmlns:q="urn:q"/><c xml:id="d"/></a>',
    octets: '<a xmlns:p="urn:p"><b xmlns:q="urn:q"></b><c xml:id="d"></c></a>',
    method: INCLUSIVE_11,
  },
}

for (const [title, { document, octets, method = EXCLUSIVE, prefixes }] of Object.entries(cases)) {
  t.test(`canonicalizes ${title}`, async t => {
    const bytes = Buffer.from(document)
    const algorithm = methodOf(method, prefixes)
    t.equal(canonicalize([bytes], algorithm).toString(), octets)
    for (const pieces of cuts(bytes)) {
      const cut = canonicalize(pieces, algorithm).toString()
      if (cut !== octets) t.equal(cut, octets, `in pieces of ${pieces.map(piece => piece.length)} bytes`)
    }
    t.equal(canonicalize([Buffer.from(octets)], algorithm).toString(), octets, 'canonical octets stay as they are')
    t.equal(
      withDocument(bytes, tree => canonicalizeWithLibxml2(tree, algorithm)?.toString()),
      octets,
      'as libxml2 does',
    )
  })
}

t.test('where an element stands, and whether its tag is one or two, makes no difference', async t => {
  for (const [title, { document, octets, method = EXCLUSIVE, prefixes }] of Object.entries(cases)) {
    const algorithm = methodOf(method, prefixes)
    const spread = document.replace(/<([^\s<>/!]+)\/>/g, '<$1></$1>')
    t.equal(canonicalize([Buffer.from(spread)], algorithm).toString(), octets, `${title}, in two tags`)
    if (/^\ufeff?<\?xml/.test(document)) continue
    for (const element of [document, spread]) {
      const deep = canonicalize([Buffer.from(`<x><y><z>${element.trim()}</z></y></x>`)], algorithm).toString()
      t.equal(deep, `<x><y><z>${octets}</z></y></x>`, `${title}, further down`)
    }
  }
})

t.test('bytes that are overwritten once they are taken do not matter', async t => {
  for (const { document, octets, method = EXCLUSIVE, prefixes } of Object.values(cases)) {
    const pieces = function* () {
      for (const byte of Buffer.from(document)) {
        const piece = Buffer.of(byte)
        yield piece
        piece.fill(0x21)
      }
    }
    t.equal(canonicalize(pieces(), methodOf(method, prefixes)).toString(), octets)
  }
})
