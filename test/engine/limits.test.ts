// Each limit, at its value and one beyond.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { DSIG } from '../../packages/sender/src/attack/forging.ts'
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import { DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'
import { canonicalize, cuts, EXCLUSIVE, methodOf, verdictOf } from '../support/engine.ts'

const many = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i)).join('')
const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
const named = (bytes: number) => `<${'n'.repeat(bytes)}/>`
const empty = (name: string) => `<${name}></${name}>`

/** A document that uses exactly `n` of what is limited. */
const documents: Record<Exclude<keyof Limits, 'signatureBytes' | 'tokenBytes'>, (n: number) => string> = {
  depth: nested,
  attributes: n => `<a${many(n, i => ` b${i}=""`)}/>`,
  namespaces: n => `<a${many(n, i => ` xmlns:b${i}="urn:x"`)}/>`,
  nameBytes: named,
  valueBytes: n => `<a b="${'x'.repeat(n)}"/>`,
  documentBytes: n => `<a>${'x'.repeat(n - 7)}</a>`,
}

/** What is said of a document that uses one more than `n`, and where. */
const refusals: Record<keyof typeof documents, (n: number) => string> = {
  depth: n => `xml-limit elements are nested deeper than ${n} (byte ${3 * n}, line 1, column ${3 * n + 1})`,
  attributes: n =>
    `xml-limit an element has more than ${n} attributes (${placeOfLast(documents.attributes(n + 1), ' b')})`,
  namespaces: n => `xml-limit more than ${n} namespaces are in scope (byte 0, line 1, column 1)`,
  nameBytes: n => `xml-limit a name is longer than ${n} bytes (byte 1, line 1, column 2)`,
  valueBytes: n => `xml-limit the value of an attribute is longer than ${n} bytes (byte 5, line 1, column 6)`,
  documentBytes: n => `document-too-large the document is longer than ${n} bytes`,
}

function placeOfLast(document: string, text: string): string {
  const at = document.lastIndexOf(text) + 1
  return `byte ${at}, line 1, column ${at + 1}`
}

const read = (document: string, limits: Limits) =>
  verdictOf(() => canonicalize([Buffer.from(document)], methodOf(EXCLUSIVE), limits))

for (const [name, make] of Object.entries(documents) as [keyof typeof documents, (n: number) => string][]) {
  t.test(`${name}: as many as allowed, and no more`, async t => {
    for (const limit of name === 'documentBytes' ? [100] : [defaultLimits[name], 20]) {
      const limits = { ...defaultLimits, [name]: limit }
      t.match(read(make(limit), limits), /^<(a|n)/, `${limit}`)
      t.equal(read(make(limit + 1), limits), refusals[name](limit), `${limit + 1}`)
    }
  })
}

t.test('names and prefixes of attributes are measured as those of elements are', async t => {
  const limits = { ...defaultLimits, nameBytes: 5 }
  const refusal = (at: number) => `xml-limit a name is longer than 5 bytes (byte ${at}, line 1, column ${at + 1})`
  t.equal(read('<abcde></abcde>', limits), '<abcde></abcde>')
  t.equal(read('<abcdef></abcdef>', limits), refusal(1))
  t.equal(read('<a><abcdef></abcdef></a>', limits), refusal(4))
  t.equal(read('<a><abcde\u00e4/></a>', limits), refusal(4))
  t.equal(read('<a abcde="1"/>', limits), '<a abcde="1"></a>')
  t.equal(read('<a abcdef="1"/>', limits), refusal(3))
  t.equal(read('<a b="" xml:id=""/>', limits), refusal(8))
})

t.test('the Signature is measured as it is written, wherever the bytes are cut', async t => {
  const signature = `<Signature xmlns="${DSIG}"><a>\r\n&lt;x</a><b c="d" /><e></e ></Signature>`
  const bytes = Buffer.from(`<a><b/>${signature}</a>`)
  const readSigned = (pieces: Iterable<Uint8Array>, signatureBytes: number) =>
    verdictOf(() => {
      const pass = new DocumentPass(
        { method: methodOf(EXCLUSIVE), digest: 'sha256' },
        { ...defaultLimits, signatureBytes },
      )
      for (const piece of pieces) pass.write(piece)
      return pass.end().signature.octets
    })
  for (const pieces of [[bytes], ...cuts(bytes)]) {
    const [all, less] = [readSigned(pieces, signature.length), readSigned(pieces, signature.length - 1)]
    if (all !== signature) t.equal(all, signature, `in pieces of ${pieces.map(piece => piece.length)} bytes`)
    if (!/^xml-limit the Signature is longer than \d+ bytes/.test(less)) t.fail(less)
  }
  t.match(
    readSigned([Buffer.from(`<a><Signature xmlns="${DSIG}">${'x'.repeat(500)}`)], 100),
    /^xml-limit /,
    'before its end is seen',
  )
})

t.test('more declarations than namespaces may be in scope are refused before they are read', async t => {
  const declarations = (count: number, uri: string) => `<a${many(count, i => ` xmlns:b${i}="${uri}"`)}/>`
  const limits = { ...defaultLimits, namespaces: 3 }
  t.equal(
    read(declarations(4, 'urn:a'), limits),
    'xml-limit more than 3 namespaces are in scope (byte 0, line 1, column 1)',
  )
  t.equal(
    read(declarations(5, 'b'), limits),
    'xml-limit an element has more than 3 namespace declarations (byte 55, line 1, column 56)',
  )
})

t.test('an attribute value is measured as an application sees it', async t => {
  const limits = { ...defaultLimits, valueBytes: 4 }
  for (const value of [
    '&#65;&#x42;CD',
    '&amp;&lt;&gt;&quot;',
    'ab\r\nc',
    'üab',
    '&#x7F;&#x80;e',
    '&#xFC;&#x7FF;',
    '&#x800;d',
    '&#xFFFD;e',
    '&#x10000;',
  ]) {
    t.match(read(`<a b="${value}"/>`, limits), /^<a b=/, value)
    t.match(read(`<a b="${value}xx"/>`, limits), /^xml-limit /, `${value}xx`)
  }
})

t.test('a prefix that is declared again, or undeclared, is one namespace in scope', async t => {
  const limits = { ...defaultLimits, namespaces: 2 }
  t.match(read('<a xmlns="urn:a" xmlns:b="urn:b"><c xmlns="urn:c" xmlns:b="urn:d"/></a>', limits), /^<a/)
  t.match(read('<a xmlns="urn:a" xmlns:b="urn:b"><c xmlns="" xmlns:d="urn:d"/></a>', limits), /^<a/)
  t.match(read('<a xmlns="urn:a"><b xmlns=""/><c xmlns:d="urn:d"><e xmlns:f="urn:f"/></c></a>', limits), /^xml-limit /)
  t.match(
    read('<a><b xmlns:c="urn:c" xmlns:d="urn:d"/><b xmlns:e="urn:e" xmlns:f="urn:f"/></a>', limits),
    /^<a/,
    'scopes end',
  )
})

t.test('what XML lets grow without end does not grow the memory', async t => {
  const limits = { ...defaultLimits, tokenBytes: 1000 }
  const pieces = (text: string) =>
    Array.from({ length: Math.ceil(text.length / 100) }, (_, i) => Buffer.from(text.slice(i * 100, i * 100 + 100)))
  const inPieces = (text: string) => verdictOf(() => canonicalize(pieces(text), methodOf(EXCLUSIVE), limits))
  t.match(inPieces(`<a${' '.repeat(5000)}/>`), /^xml-limit /, 'white space in a tag')
  t.match(inPieces(`<a>&#${'0'.repeat(5000)}65;</a>`), /^xml-limit /, 'zeros in a reference')
  t.match(inPieces(`<?xml version="1.0"${' '.repeat(5000)}?><a/>`), /^xml-limit /, 'white space in the declaration')
  t.equal(inPieces(`<a${' '.repeat(500)}/>`), empty('a'))
})

t.test('namespaces of a document that is gone are not held in memory, however long they were', async t => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc')
  const inUse = () => {
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const [count, length] = [200, 50_000]
  const readLong = () => {
    const uri = (i: number) => `urn:${i}:${'x'.repeat(length)}`
    const content = (i: number) => `<p:b${i}/>`.repeat(4) + `<c${i} p:d=""/>`.repeat(4)
    const elements = many(count, i => `<p:a xmlns:p="${uri(i)}">${content(i)}</p:a>`)
    t.match(read(`<r><s>${elements}</s></r>`, defaultLimits).slice(-50), /<c199 p:d=""><\/c199><\/p:a><\/s><\/r>$/)
  }
  const before = inUse()
  readLong()
  t.ok(await until(() => inUse() - before < (count * length) / 4))
})
