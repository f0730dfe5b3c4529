// Names of every script stay readable, and no text of a peer hides, reorders or forges what a
// person reads.
import t from 'tap'
import { amount, escapeJson, escapeUnseen, escapeWithinJson, quote } from './shown-text.ts'

const NAMES = [
  'Министерство 1',
  'Υπουργείο',
  'Ministère de l’Économie',
  'Ärzte & Söhne',
  '外務省',
  'وزارة',
  'Ministe\u0301re',
  '𠮷野家 😀',
]

/** One of each kind, by its name in the Unicode database. */
const UNSEEN = {
  'an escape': '\u001b',
  'a line feed': '\n',
  'a carriage return': '\r',
  'a delete': '\u007f',
  'a C1 control sequence introducer': '\u009b',
  'a next line': '\u0085',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'a right-to-left override': '\u202e',
  'a left-to-right isolate': '\u2066',
  'an Arabic letter mark': '\u061c',
  'a zero width space': '\u200b',
  'a zero width joiner': '\u200d',
  'a byte order mark': '\ufeff',
  'a soft hyphen': '\u00ad',
  'a combining grapheme joiner': '\u034f',
  'a variation selector': '\ufe0f',
  'a Hangul filler': '\u3164',
  'a blank braille pattern': '\u2800',
  'a no-break space': '\u00a0',
  'a private character': '\ue000',
  'a noncharacter': '\ufffe',
  'a lone surrogate': '\ud800',
  'a tag': '\u{e0041}',
  'an unassigned tag': '\u{e0080}',
  'a supplementary variation selector': '\u{e0100}',
}

t.test('letters of every script are shown as they are', async t => {
  for (const name of NAMES) {
    t.equal(quote(name), `"${name}"`)
    t.equal(escapeUnseen(name), name)
    t.equal(escapeJson(JSON.stringify({ name })), `{"name":"${name}"}`)
  }
})

t.test('each invisible character is escaped, and means the same to a reader of JSON', async t => {
  for (const [name, character] of Object.entries(UNSEEN)) {
    const text = `MINISTRY${character}1`
    const quoted = quote(text)
    t.notOk(quoted.includes(character), name)
    t.notMatch(quoted, /[^ -~]/, name)
    t.equal(JSON.parse(quoted), text, name)
    t.match(escapeUnseen(text), /^MINISTRY(\\u[0-9a-f]{4}){1,2}1$/, name)
    const json = escapeJson(JSON.stringify({ text }))
    t.notMatch(json, /[^ -~]/, name)
    t.same(JSON.parse(json), { text }, name)
  }
})

t.test('lines of JSON keep their ends', async t => {
  t.equal(escapeJson('{"a":"\u202e"}\n'), '{"a":"\\u202e"}\n')
  t.equal(escapeJson('{"a":"b"}\n'), '{"a":"b"}\n')
})

t.test('a reader that shows strings of JSON shows nothing unseen either', async t => {
  for (const [name, character] of Object.entries(UNSEEN)) {
    if (character === '\n') continue
    const { msg } = JSON.parse(escapeWithinJson(`${JSON.stringify({ msg: `a\\${character}b` })}\n`))
    t.match(msg, /^a\\\\(u[0-9a-f]{4}(\\u[0-9a-f]{4})?|[bfr])b$/, name)
  }
  const stack = JSON.stringify({ msg: 'Error\n\tat 1' })
  t.equal(escapeWithinJson(stack), stack)
  t.same(JSON.parse(escapeWithinJson(JSON.stringify({ msg: 'C:\\\\u001b' }))), { msg: 'C:\\\\u001b' })
})

t.test('what is too long is cut between characters, and says so', async t => {
  t.equal(quote('x'.repeat(121)), `"${'x'.repeat(120)}…"`)
  t.equal(quote(`${'x'.repeat(119)}😀`), `"${'x'.repeat(119)}…"`)
})

t.test('a number agrees with its noun', t => {
  const shown = [0, 1, 2].flatMap(count => ['CA', 'entry', 'day'].map(noun => amount(count, noun)))
  t.same(shown, ['0 CAs', '0 entries', '0 days', '1 CA', '1 entry', '1 day', '2 CAs', '2 entries', '2 days'])
  t.end()
})
