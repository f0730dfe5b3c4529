// What a peer chose may stand in the log: it is readable there, and neither forges a line nor moves
// the cursor of a terminal.
import t from 'tap'
import { openFormat, openLoggerInto } from './logger.ts'

function write(isTerminal: boolean, sender: string): string {
  const format = openFormat(isTerminal)
  let written = ''
  openLoggerInto({ write: line => (written += format(line)) }).info({ sender, other: sender }, `from ${sender}`)
  return written
}

t.test('names of every script are readable', async t => {
  for (const isTerminal of [true, false]) t.match(write(isTerminal, 'Министерство 外務省'), /from Министерство 外務省/)
})

t.test('nothing a peer chose ends a line, reorders it or controls the terminal', async t => {
  const hostile = ['\r', '\b', '\u001b[2J', '\u009b2J', '\u202e', '\u2028', '\u0085', '\u200b', '\u{e0041}', '\ud800']
  for (const text of hostile) {
    for (const isTerminal of [true, false]) {
      const written = write(isTerminal, `a${text}b`)
      const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d*m`, 'g')
      t.notOk(
        written.replaceAll(colours, '').includes(text),
        `U+${text.codePointAt(0)!.toString(16)} on a terminal: ${isTerminal}`,
      )
    }
    t.match(JSON.parse(write(false, `a${text}b`)), { sender: `a${text}b` }, 'and JSON says what it was')
  }
})
