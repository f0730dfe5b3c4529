// Names and characters, every code point of them, against the productions of XML 1.0 fifth edition
// as regular expressions.
import t from 'tap'
import { compareCodePoints, isCharacter } from '../../packages/xmldsig/src/xml/characters.ts'
import { isReservedName, readName } from '../../packages/xmldsig/src/xml/names.ts'
import { Refusal } from '../../packages/xmldsig/src/xml/refusal.ts'

// Productions 4, 4a and 2; the colon is for Namespaces in XML.
const nameStart = new RegExp(
  '^[A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u218F' +
    '\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}]$',
  'u',
)
const nameOnly = /^[\u0300-\u036F\xB7\u203F-\u2040.0-9-]$/u
const character = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]$/u

function* characters(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code)
}

/** How many bytes of `text` are a name: 0 for none. */
function nameLength(text: string): number {
  try {
    const bytes = Buffer.from(`${text} `)
    return readName(bytes, 0, bytes.length, 1024, { colon: -1 })
  } catch (error) {
    if (error instanceof Refusal) return 0
    throw error
  }
}

t.test('a name begins and continues with the characters of the productions, and no others', async t => {
  const wrong: string[] = []
  for (const c of characters()) {
    const bytes = Buffer.byteLength(c)
    const starts = nameStart.test(c)
    const goesOn = starts || nameOnly.test(c)
    const isRight =
      nameLength(c) === (starts ? bytes : 0) &&
      // A colon splits a name, and does not end one.
      (c === ':' || nameLength(`a${c}`) === (goesOn ? 1 + bytes : 1)) &&
      nameLength(`a:${c}b`) === (starts ? 3 + bytes : 0)
    if (!isRight) wrong.push(c.codePointAt(0)!.toString(16))
  }
  t.same(wrong, [])
})

t.test('a character is one of production 2', async t => {
  const wrong: string[] = []
  for (const c of characters())
    if (isCharacter(c.codePointAt(0)!) !== character.test(c)) wrong.push(c.codePointAt(0)!.toString(16))
  t.same(wrong, [])
  for (const code of [0xd800, 0xdfff, 0x110000]) t.notOk(isCharacter(code), code.toString(16))
})

t.test('names that begin with the letters xml are reserved, in any case', async t => {
  const isReserved = (name: string) => isReservedName(Buffer.from(`<${name}>`), 1)
  for (const name of ['xml', 'XML', 'xMl', 'XmL', 'xmlns', 'xml:a', 'xmla']) t.ok(isReserved(name), name)
  for (const name of ['x', 'xm', 'xm-l', 'yml', 'xnl', 'xmk', 'axml', 'ymla', 'XM', '\u{10000}ml'])
    t.notOk(isReserved(name), name)
})

t.test('texts are ordered by code point, where they differ first, the shorter before', async t => {
  const ordered = ['', 'A', 'a', 'aa', 'ab', 'b', 'b\ud7ff', 'b\ue000', 'b\uffff', 'b\u{10000}', 'b\u{10ffff}', 'c']
  for (const [i, a] of ordered.entries())
    for (const [j, b] of ordered.entries())
      t.equal(Math.sign(compareCodePoints(a, b)), Math.sign(i - j), `${i} and ${j}`)
})
