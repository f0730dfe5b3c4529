// What a peer chose may stand in the log: it is readable there, and neither forges a line nor moves
// the cursor of a terminal.
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, until } from '@seg/core/testing/until'
import t from 'tap'
import { openFileLogger, openFormat, openLoggerInto } from './logger.ts'

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

t.test('nothing a peer chose reorders a log file', async t => {
  const path = join(t.testdir(), 'log')
  const { logger, close } = openFileLogger(path)
  logger.info({ sender: 'a\u202eb' }, 'from a\u202eb')
  await close()
  const written = await readFile(path, 'utf8')
  t.notOk(written.includes('\u202e'))
  t.match(JSON.parse(written), { sender: 'a\u202eb', msg: 'from a\u202eb' })
})

t.test('a log file is opened again on SIGHUP, and what cannot be opened ends nothing', async t => {
  const path = join(t.testdir(), 'log')
  const { logger, close } = openFileLogger(path)
  t.teardown(close)
  const messages = async (file: string) => {
    const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
    return lines.map(line => JSON.parse(line).msg)
  }
  const hangUp = async () => {
    // The logger listens before this, and opens the file at once.
    let isHeard = false
    process.once('SIGHUP', () => {
      isHeard = true
    })
    process.kill(process.pid, 'SIGHUP')
    await until(() => isHeard)
  }
  logger.info('one')
  await eventually(t, () => messages(path), ['one'])
  await rename(path, `${path}.1`)
  logger.info('two')
  await eventually(t, () => messages(`${path}.1`), ['one', 'two'])
  await hangUp()
  logger.info('three')
  await eventually(t, () => messages(path), ['three'])
  await rm(path)
  await mkdir(path)
  await rm(`${path}.1`)
  await hangUp()
  await rm(path, { recursive: true })
  await hangUp()
  logger.info('four')
  await eventually(t, () => messages(path), ['four'])
})
