import t from 'tap'
import { openCountedLog } from './counted-log.ts'

t.test('the first of a kind has a line at once, the others are counted', async t => {
  const lines: { msg: string; code?: string }[] = []
  const log = openCountedLog('connections ended', (facts, msg) => lines.push({ ...facts, msg }))
  for (let i = 0; i < 1000; i++) log.report('it sent no certificate', `handshake ${i} failed`, 'ERR_X')
  log.report('it went away', 'handshake z failed')
  for (let i = 0; i < 3; i++) log.report('it took too long', 'handshake y failed')
  t.match(lines, [
    { msg: 'handshake 0 failed', code: 'ERR_X' },
    { msg: 'handshake z failed' },
    { msg: 'handshake y failed' },
  ])
  t.equal(lines.length, 3)
  log.close()
  t.equal(lines[3]?.msg, '1001 more connections ended (999: it sent no certificate; 2: it took too long)')
})

t.test('kinds that clients make up are not kept without end', async t => {
  const lines: string[] = []
  const log = openCountedLog('connections ended', (_facts, line) => lines.push(line))
  for (let i = 0; i < 1000; i++) log.report(`reason ${i}`, `handshake ${i} failed`)
  t.ok(lines.length <= 33, `${lines.length} lines`)
  log.close()
  t.match(lines.at(-1), /967: other reasons/)
})
