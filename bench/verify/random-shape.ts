// A shape that nobody tuned anything to: names, prefixes, attributes, texts and nesting by a seed,
// which the run prints.
import type { PayloadShape } from './shapes.ts'

type Random = (below: number) => number

const alphabets = [
  'abcdefghijklmnopqrstuvwxyz',
  'ABCDEFGHIJabcdefghij',
  'абвгдежзиклмнопрст',
  'αβγδεζηθικλμνξοπρσ',
  '日本国電子文書番号氏名住所登録機関',
]
const separators = ['', '\n', '\r\n', '\n    ']
const references = ['&amp;', '&lt;', '&gt;', '&#233;', '&#x20AC;', '&quot;']

/** Linear congruences (Numerical Recipes): enough for shapes, and the same everywhere. */
function openRandom(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export function makeRandomShape(seed: number): PayloadShape {
  const random = openRandom(seed)
  const pick = <Item>(items: readonly Item[]) => items[random(items.length)]!
  const letters = pick(alphabets)
  const word = (longest: number, from = letters) =>
    Array.from({ length: 1 + random(longest) }, () => pick([...from]))
      .join('')
      .replace(/^xml/i, 'y')
  const prefixes = Array.from({ length: random(4) }, (_, i) => `p${i}`)
  const names = Array.from({ length: 2 + random(30) }, () => word(14))
  const traits = {
    attributes: random(5),
    quote: pick(['"', '"', "'"]),
    references: random(3) === 0,
    cdata: random(4) === 0,
    empty: random(3) === 0,
    declares: random(3) === 0,
    words: 1 + random(30),
    children: 1 + random(5),
    separator: pick(separators),
  }
  const declare = (prefix: string) => ` xmlns:${prefix}="urn:example:${prefix}"`
  const name = () => (prefixes.length > 0 && random(2) === 0 ? `${pick(prefixes)}:${pick(names)}` : pick(names))
  const text = () => {
    const words = Array.from({ length: traits.words }, () => word(10)).join(' ')
    if (traits.cdata && random(3) === 0) return `<![CDATA[${words} <&> ]]>`
    return traits.references ? `${words} ${pick(references)} ${word(5)}` : words
  }
  const element = (depth: number): string => {
    const own = name()
    const attributes = new Set(Array.from({ length: random(traits.attributes + 1) }, name))
    const written = [...attributes].map(attribute => ` ${attribute}=${traits.quote}${word(12)}${traits.quote}`).join('')
    const declared = depth === 0 && traits.declares ? prefixes.map(declare).join('') : ''
    if (traits.empty && random(3) === 0) return `<${own}${declared}${written}/>`
    const isLeaf = depth === 3 || random(3) === 0
    const content = isLeaf
      ? text()
      : Array.from({ length: traits.children }, () => traits.separator + element(depth + 1)).join('') + traits.separator
    return `<${own}${declared}${written}>${content}</${own}>`
  }
  const lines = Array.from({ length: 50 }, () => `${element(0)}${traits.separator || '\n'}`)
  return {
    open: `<random${prefixes.map(declare).join('')}>`,
    writeLine: n => lines[n % lines.length]!,
    close: '</random>',
  }
}
