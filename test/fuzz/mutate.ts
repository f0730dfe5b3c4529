// Changes to documents, of bytes, of tokens and of trees; documents as Latin-1 strings, one
// character per byte, so that any byte can be written.
import { tagSpaces } from './characters.ts'
import { dictionary } from './dictionary.ts'
import type { Tape } from './tape.ts'

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

const TOKEN =
  /<!\[CDATA\[[\s\S]*?\]\]>|<!--|&[^;<& ]*;|"[^"<]*"|'[^'<]*'|[A-Za-z0-9_.\x80-\xff-]+|[ \t\r\n]+|<\/?|\/?>|[\s\S]/g

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

/**
 * The same element as far as XML is concerned, most of the time: written with other white space,
 * quotes, order or empty-element tag.
 */
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
