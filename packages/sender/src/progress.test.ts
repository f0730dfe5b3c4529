import t from 'tap'
import { openMeter, openProgress } from './progress.ts'

const record = (isTTY: boolean, columns: number) => {
  const written: string[] = []
  return { written, isTTY, columns, write: (text: string) => written.push(text) > 0 }
}

t.test('shows one line, over the one before, and takes it away', async t => {
  const stream = record(true, 10)
  const progress = openProgress(stream)
  progress.show('a long line about waiting')
  progress.clear()
  t.same(stream.written, ['\r\u001b[Ka long li', '\r\u001b[K'])
})

t.test('writes nothing where there is no terminal', async t => {
  const stream = record(false, 80)
  const progress = openProgress(stream)
  progress.show('waiting')
  progress.clear()
  t.same(stream.written, [])
  const terminal = record(true, 80)
  openProgress(terminal, { isSilent: true }).show('waiting')
  t.same(terminal.written, [])
})

t.test('shows bytes, share and speed of long work, five times a second at most', async t => {
  const stream = record(true, 80)
  let now = 5000
  const advance = openMeter(openProgress(stream), 'a.xml', () => now)('signing', 400_000_000)
  for (const done of [50_000_000, 100_000_000, 110_000_000, 400_000_000]) {
    advance(done)
    now += 125
  }
  t.same(stream.written, ['\r\u001b[Ka.xml: signing, 110.0 of 400.0 MB, 27 %, 440 MB/s'])
})
