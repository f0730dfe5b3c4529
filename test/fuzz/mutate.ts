// Changes to documents, of bytes, of tokens and of trees; documents as Latin-1 strings, one character per byte, so that any byte can be written.
import { nameOthers, nearNames, references, tagSpaces } from './characters.ts'
import type { Tape } from './tape.ts'

const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

/** What decides something, put where it does not belong. */
const dictionary: readonly string[] = [
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '/',
    '=',
    ':',
    ';',
    ']',
    ']]>',
    '>]]>',
    '--',
    '<!',
    '</',
    '/>',
    '<a>',
    '</a>',
    '<a/>',
    '<a',
    '<![CDATA[',
    '<![CDATA[]]>',
  ],
  ...[
    '<!-- -->',
    '<!----->',
    '<!--',
    '-->',
    '<?x?>',
    '<?x y?>',
    '<?xml?>',
    '<?xml version="1.0"?>',
    '<?',
    '?>',
    '<!DOCTYPE a>',
    '<!DOCTYPE a []>',
  ],
  ...[
    '<?xml version="1.1"?>',
    '<?xml version="1.0" encoding="latin1"?>',
    '<?XML version="1.0"?>',
    "<?xml version='1.0' standalone='yes'?>",
  ],
  ...[
    '&#0;',
    '&#xFFFE;',
    '&#xFFFF;',
    '&#xD800;',
    '&#x110000;',
    '&#1;',
    '&#x1F;',
    '&foo;',
    '&#;',
    '&#x;',
    '&#65',
    '&#X41;',
    '&amp',
    '& ',
    '&AMP;',
    '&#6 5;',
  ],
  ...['&#18446744073709551681;', '&#x100000041;', '&#xfffffffffffffffff;', '&gt', '&lt;!--', '&am', '&#x41', '&quot;', '&#-65;', '&#+65;'],
  ...[
    ' xmlns="urn:a"',
    ' xmlns=""',
    " xmlns:p='urn:b'",
    ' xmlns:p=""',
    ' xmlns:p="urn:a"',
    ' xmlns:q="urn:a"',
    ' xmlns="rel"',
    ' xmlns:p="../a"',
  ],
  ...[
    ' xmlns:xml="http://www.w3.org/XML/1998/namespace"',
    ' xmlns:xml="urn:a"',
    ' xmlns:y="http://www.w3.org/XML/1998/namespace"',
    ' xmlns:xmlns="urn:a"',
  ],
  ...[
    ' xmlns:y="http://www.w3.org/2000/xmlns/"',
    ' xmlns="http://www.w3.org/2000/xmlns/"',
    ' xmlns="http://www.w3.org/XML/1998/namespace"',
  ],
  ...[
    ' xmlns:="urn:a"',
    ' xmlnsp="1"',
    ' XMLNS="1"',
    ' xmlns:p:q="urn:a"',
    ' xmlns="urn:a b"',
    ' xmlns=" urn:a"',
    ' xmlns:p="urn:&#xFC;"',
    ' xmlns="#a"',
  ],
  ...[
    'p:',
    'q:',
    'a:',
    ':a',
    'a:b:c',
    'a::b',
    'xml:',
    'xmlns:',
    'p:1',
    'p:-',
    'xml:lang',
    'xml:foo',
    'xml',
    'Xml',
    ' xml:lang="en"',
    ' xml:base="urn:a"',
  ],
  ...[
    ' a="1"',
    " a='1'",
    ' a=1',
    ' a',
    ' a=',
    ' a="',
    'a="1"',
    ' p:a="1"',
    ' q:a="1"',
    ' a="<"',
    ' a="&"',
    ' a="]]>"',
    ' a = "&#10;"',
    ' =""',
    ' id="x"',
  ],
  ...[
    '\0',
    '\x01',
    '\x08',
    '\x0b',
    '\x0c',
    '\x1f',
    '\x7f',
    '\x80',
    '\xff',
    '\xc0\x80',
    '\xc1\xbf',
    '\xed\xa0\x80',
    '\xed\xbf\xbf',
    '\xf4\x90\x80\x80',
  ],
  ...[
    '\xef\xbf\xbe',
    '\xef\xbf\xbf',
    '\xef\xbb\xbf',
    '\xfe\xff',
    '\xff\xfe',
    '\xc3',
    '\xe2\x82',
    '\xf0\x9f\x98',
    '\xe0\x80\xaf',
    '\xf8\x88\x80\x80\x80',
  ],
  ...[...nearNames, ...nameOthers, '\u00a0', '\u0085', '\u2028', '\u{20000}'].map(bytesOf),
  ...references,
  ...tagSpaces,
]

/** The document after one to four changes. */
export function mutate(document: Buffer, tape: Tape): Buffer {
  let text = document.toString('latin1')
  const kind = tape.of([mutateBytes, mutateTokens, mutateTrees])
  for (let count = tape.chance(30) ? 1 + tape.below(4) : 1; count > 0; count--)
    text = (tape.chance(15) ? tape.of([mutateBytes, mutateTokens]) : kind)(text, tape)
  return Buffer.from(text, 'latin1')
}

function mutateBytes(text: string, tape: Tape): string {
  const at = tape.below(Math.min(text.length + 1, 65536))
  const before = text.slice(0, at)
  const behind = text.slice(at)
  switch (tape.below(8)) {
    case 0:
      return before + flip(behind, 1 << tape.below(8))
    case 1:
      return before + behind.slice(1 + tape.below(4))
    case 2:
      return before + String.fromCharCode(tape.below(256)) + behind.slice(1)
    case 3:
      return before + String.fromCharCode(tape.below(256)) + behind
    case 4:
      return before + behind.slice(0, 1 + tape.below(16)) + behind
    case 5:
      return before + behind.slice(1, 2) + behind.slice(0, 1) + behind.slice(2)
    case 6:
      return before.slice(0, before.length - tape.below(3)) + behind
    default:
      return before + tape.of(dictionary) + behind.slice(tape.below(2))
  }
}

function flip(text: string, mask: number): string {
  return text === '' ? '' : String.fromCharCode(text.charCodeAt(0) ^ mask) + text.slice(1)
}

const TOKEN = /<!\[CDATA\[[\s\S]*?\]\]>|<!--|&[^;<& ]*;|"[^"<]*"|'[^'<]*'|[A-Za-z0-9_.\x80-\xff-]+|[ \t\r\n]+|<\/?|\/?>|[\s\S]/g

function mutateTokens(text: string, tape: Tape): string {
  const tokens = text.match(TOKEN) ?? ['']
  const at = tape.below(tokens.length)
  const other = tape.below(tokens.length)
  switch (tape.below(6)) {
    case 0:
      tokens.splice(at, 1)
      break
    case 1:
      tokens.splice(at, 0, tokens[at]!)
      break
    case 2:
      tokens[at] = tokens[other]!
      break
    case 3:
      ;[tokens[at], tokens[other]] = [tokens[other]!, tokens[at]!]
      break
    case 4:
      tokens[at] = tape.of(dictionary)
      break
    default:
      tokens.splice(at, 0, tape.of(dictionary))
  }
  return tokens.join('')
}

type Range = { readonly from: number; readonly to: number }

const TAG = /<(\/?)([^\s/>!?]+)(?:"[^"]*"|'[^']*'|[^"'>])*?(\/?)>/g

/** Where elements stand, by their tags alone. */
function findElements(text: string): Range[] {
  const elements: Range[] = []
  const open: number[] = []
  for (const match of text.matchAll(TAG)) {
    const to = match.index + match[0].length
    if (match[3] === '/') elements.push({ from: match.index, to })
    else if (match[1] === '') open.push(match.index)
    else elements.push({ from: open.pop() ?? match.index, to })
  }
  return elements
}

function mutateTrees(text: string, tape: Tape): string {
  const elements = findElements(text)
  if (elements.length === 0) return mutateBytes(text, tape)
  const { from, to } = tape.of(elements)
  const element = text.slice(from, to)
  const without = text.slice(0, from) + text.slice(to)
  const target = tape.of(elements)
  switch (tape.below(9)) {
    case 0:
      return without
    case 1:
      return text.slice(0, to) + element + text.slice(to)
    case 2:
      return insert(text, tape.of([target.from, target.to]), element)
    case 3:
      // Moved: where it stood in front of the target, the place moves with it.
      return insert(without, target.from >= to ? target.from - element.length : Math.min(target.from, from), element)
    case 4:
      return `${text.slice(0, from)}<w${tape.of(dictionary)}>${element}</w>${text.slice(to)}`
    case 5:
      return text.slice(0, from) + element.replace(/^<[^>]*>/, '').replace(/<[^<]*$/, '') + text.slice(to)
    case 6:
      return text.slice(0, from) + element.replace(/^<[^\s/>]*/, tag => tag + tape.of(dictionary)) + text.slice(to)
    case 7:
      return text.slice(0, from) + text.slice(target.from, target.to) + text.slice(to)
    default:
      return text.slice(0, from) + rewriteTag(element, tape) + text.slice(to)
  }
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at)
}

/** The same element as far as XML is concerned, most of the time: written with other white space, quotes, order or empty-element tag. */
function rewriteTag(element: string, tape: Tape): string {
  switch (tape.below(5)) {
    case 0:
      return element.replace(/^<[^\s/>]+/, name => name + tape.of(tagSpaces))
    case 1:
      return element.replace(/="([^"'<>]*)"/, "='$1'")
    case 2:
      return element.replace(/(\s[^\s=<>]+="[^"<>]*")(\s[^\s=<>]+="[^"<>]*")/, '$2$1')
    case 3:
      return element.replace(/><\/[^\s<>]+>$/, '/>').replace(/>$/, `${tape.of(tagSpaces)}>`)
    default:
      return element.replace(/>([A-Za-z])/, (_, letter: string) => `>&#${letter.charCodeAt(0)};`)
  }
}
