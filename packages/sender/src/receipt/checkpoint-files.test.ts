// Checkpoint files come from partners: whatever they hold is read in time that grows as they do.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readCheckpointFile } from './checkpoint-files.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-checkpoints-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const file = join(folder, 'seen')
const verifier = { name: 'log', hash: Buffer.alloc(4), key: Buffer.alloc(32) } as never

const note = 'log\n1\nAAAA\n\n\u2014 log AAAA\n'

t.test('finds notes that stand one after the other, with text and empty lines between', async t => {
  await writeFile(
    file,
    `${note}${note}\n\nwords\n\nmore\n\n${note}\u2014 witness AAAA\n\n\u2014 log AAAA\n\n${note.slice(0, -1)}`,
  )
  const { strangers } = await readCheckpointFile(file, [verifier])
  t.equal(strangers.length, 3)
})

t.test('a megabyte of lines without a signature takes no longer than reading it', async t => {
  for (const line of ['a\n', '\n', '\u2014 a\n', 'a\n\n', 'a']) {
    await writeFile(file, line.repeat(1_000_000 / line.length))
    const before = process.cpuUsage()
    await t.rejects(readCheckpointFile(file, []), { code: 'log-invalid' })
    t.ok(process.cpuUsage(before).user < 5_000_000, JSON.stringify(line))
  }
})
