import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { writeOutputFile } from './output-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-output-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const fifo = join(folder, 'fifo')
spawnSync('mkfifo', [fifo])

async function* pieces(count: number): AsyncGenerator<Buffer> {
  const piece = Buffer.alloc(100_000, 'x')
  for (let i = 0; i < count; i++) yield piece
}

t.test('writes to a pipe whose reader comes late and reads slowly', async t => {
  const reader = spawn('sh', ['-c', 'sleep 0.2; { sleep 0.2; cat; } <"$0" | wc -c', fifo])
  const read = text(reader.stdout)
  await writeOutputFile(fifo, pieces(3))
  t.equal((await read).trim(), '300000')
})

t.test('does not wait without end for a reader, and says when one has gone', async t => {
  await t.rejects(writeOutputFile(fifo, pieces(1)), /found a pipe without a reader for 3 s/)
  const reader = spawn('head', ['-c', '1', fifo])
  const ended = once(reader, 'close')
  await t.rejects(writeOutputFile(fifo, pieces(30)), /expected a reader of .*fifo to the end, found none any more/)
  await ended
})

t.test('writes to a device, and reports one that takes no more', async t => {
  await writeOutputFile('/dev/null', pieces(2))
  await t.rejects(writeOutputFile('/dev/full', pieces(2)), /^file-unreadable: \/dev\/full was not written to its end/)
  t.same(await readdir(folder), ['fifo'], 'nothing is left beside')
})
