// What makes the engine fast is seen from outside: canonical bytes are handed on where they stand,
// and tokens that nobody asked for are not reported.
import t from 'tap'
import { DSIG } from '../../packages/sender/src/attack/forging.ts'
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'
import { DocumentInput } from '../../packages/xmldsig/src/xml/document-input.ts'
import type { TokenHandler } from '../../packages/xmldsig/src/xml/token-handler.ts'
import { window } from '../../packages/xmldsig/src/xml/window.ts'
import { EXCLUSIVE, INCLUSIVE, methodOf } from '../support/engine.ts'

/**
 * How often the canonical octets of `document` are handed on, and whether as ranges of the
 * input, which stands in the window.
 */
function handOn(document: string, method = methodOf(EXCLUSIVE)) {
  const bytes = Buffer.from(document)
  const chunks: { readonly isInput: boolean; readonly text: string }[] = []
  const pass = new DocumentPass({ method, digest: 'sha256' }, defaultLimits, undefined, chunk => {
    chunks.push({ isInput: chunk.buffer === window.buffer, text: Buffer.from(chunk).toString() })
  })
  pass.write(bytes)
  pass.endUnsigned()
  return chunks
}

const many = (piece: string) => piece.repeat(Math.ceil(8000 / piece.length))

t.test('a document that is canonical is handed on as one range of the input', async t => {
  const prefixed = many('<b d="1" p:c="2"><p:e p:f="" p:g=""></p:e></b>')
  const declared = many('<p:b xmlns:p="urn:p"><c xmlns="urn:c"><d></d></c></p:b>')
  const inOrder = many('<p:b xmlns:p="urn:p" xmlns:q="urn:q" q:c=""><q:d></q:d></p:b>')
  const documents: Record<string, string> = {
    'plain elements': `<a>${many('<b>text<c></c>\n<d>x</d></b>')}</a>`,
    'plain elements near the document element': `<a>${many('<b></b>')}</a>`,
    'attributes in order': `<a>${many(`<b c="1" d=" -" e="\u00fc'>"></b>`)}</a>`,
    'attributes with prefixes': `<a xmlns:p="urn:p" b="" p:c="">${prefixed}</a>`,
    'many attributes': `<a>${many('<b a="" b="" c="" d="" e="" f="" g="" h="" i="" j=""></b>')}</a>`,
    'namespaces declared where they are used': `<a>${declared}</a>`,
    'two namespaces declared in order': `<a>${inOrder}</a>`,
    'references that are canonical': `<a>${many('&amp;&lt;&gt;&#xD; x')}</a>`,
    'characters of all lengths': `<a>${many('\u00fc\u20ac\uffeb\u{1f600}')}</a>`,
    'names of other letters': `<a>${many('<\u00e4 \u00f6=""></\u00e4>')}</a>`,
  }
  for (const [what, document] of Object.entries(documents))
    t.same(handOn(document), [{ isInput: true, text: document }], what)
  const inclusive = `<a xmlns:p="urn:p">${many('<b xmlns:q="urn:q"></b>')}</a>`
  t.same(handOn(inclusive, methodOf(INCLUSIVE)), [{ isInput: true, text: inclusive }], 'inclusive C14N')
})

t.test('what is not canonical is rewritten, the bytes around it are not', async t => {
  const rows: Record<string, [written: string, canonical: string]> = {
    'an empty element': ['<b/>', '<b></b>'],
    'a reference': ['&#65;', 'A'],
    'a line end': ['x\r\ny', 'x\ny'],
    'white space in an end tag': ['<b></b >', '<b></b>'],
    'white space in an end tag further down': ['<c><d><b></b\n></d></c>', '<c><d><b></b></d></c>'],
    'an attribute': ["<b c='1'></b>", '<b c="1"></b>'],
    'a namespace that a child declares': ['<b xmlns:q="urn:q"><q:c></q:c></b>', '<b><q:c xmlns:q="urn:q"></q:c></b>'],
  }
  for (const [what, [written, canonical]] of Object.entries(rows)) {
    const [before, behind] = [`<a>${many('<b>x</b>')}`, `${many('<b>x</b>')}</a>`]
    const chunks = handOn(before + written + behind)
    t.equal(chunks.map(({ text }) => text).join(''), before + canonical + behind, what)
    t.same([chunks.at(0)?.isInput, chunks.at(-1)?.isInput], [true, true], what)
    t.ok(chunks.length <= 3, `${what}: ${chunks.length} chunks`)
  }
})

/** The calls to a handler that needs no elements from `unreportedDepth` on. */
function listen(document: string, unreportedDepth: number): string[] {
  const heard: string[] = []
  const handler: TokenHandler = {
    unreportedDepth,
    startTag: tag => heard.push(`start ${tag.depth} ${tag.source.toString('utf8', tag.from + 1, tag.nameTo)}`),
    endTag: (source, from, to, isCanonical, depth) =>
      heard.push(`end ${depth} ${isCanonical} ${source.toString('utf8', from, to)}`),
    text: (source, from, to) => heard.push(`text ${source.toString('utf8', from, to)}`),
    replacedText: (octets, source, from, to) =>
      heard.push(`replaced ${source.toString('utf8', from, to)} by ${octets}`),
    pause: () => {},
  }
  const input = new DocumentInput(handler, defaultLimits)
  input.write(Buffer.from(document))
  input.end()
  return heard
}

t.test('elements without a handler come as text, in one run with what is around them', async t => {
  const document = '<a xmlns:p="urn:p"><b>1<c>2<d>3</d></c>4</b><b><p:c>5</p:c><c f="" e=""></c>6</b></a>'
  t.same(listen(document, 3), [
    'start 1 a',
    'start 2 b',
    'text 1<c>2<d>3</d></c>4',
    'end 2 true </b>',
    'start 2 b',
    'text <p:c>5</p:c>',
    'start 3 c',
    'end 3 true </c>',
    'text 6',
    'end 2 true </b>',
    'end 1 true </a>',
  ])
  t.same(listen('<a><b><c>1</c\n>2</b></a>', 3).slice(2, 5), ['text <c>1', 'text </c', 'replaced \n> by >'])
  t.same(listen(`<a xmlns:p="${DSIG}"><b><p:c></p:c></b></a>`, 3).length, 6, 'one of XML Signature is')
  t.same(listen('<a><b><c></c></b></a>', 9).length, 6, 'all are, when none need not be')
})

t.test('of character data the handler gets what must be replaced, and nothing empty', async t => {
  t.same(listen('<a>x\r\n&#65;&amp;>\r<b/><b\n></b\n><![CDATA[<]]><![CDATA[]]></a>', 9), [
    'start 1 a',
    'text x',
    'text \n',
    'replaced &#65; by A',
    'text &amp;',
    'replaced > by &gt;',
    'replaced \r by \n',
    'start 2 b',
    'end 2 true ',
    'start 2 b',
    'end 2 false </b\n>',
    'replaced < by &lt;',
    'end 1 true </a>',
  ])
})

t.test('what takes the octets of a document must not read another meanwhile', async t => {
  const bytes = Buffer.from(`<a>${many('<b>x</b>')}</a>`)
  const reads = () => handOn('<a/>')
  const pass = new DocumentPass({ method: methodOf(EXCLUSIVE), digest: 'sha256' }, defaultLimits, undefined, reads)
  t.throws(() => pass.write(bytes), TypeError)
  t.same(
    reads().map(({ text }) => text),
    ['<a></a>'],
    'afterwards it may',
  )
})

t.test('a limit on depth that no stack of elements reaches is a misuse', async t => {
  const limits = { ...defaultLimits, depth: 1_000_000 }
  t.throws(() => new DocumentPass({ method: methodOf(EXCLUSIVE), digest: 'sha256' }, limits), TypeError)
})
