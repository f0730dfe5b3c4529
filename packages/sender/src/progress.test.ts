import t from 'tap'
import { openProgress } from './progress.ts'

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

t.test('says nothing where nobody watches', async t => {
  const stream = record(false, 80)
  const progress = openProgress(stream)
  progress.show('waiting')
  progress.clear()
  t.same(stream.written, [])
})
