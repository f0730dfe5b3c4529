import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Fault } from '../fault.ts'
import { openInput, readInput, readPipe } from './input.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-input-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
await writeFile(at('file'), 'octets')
await mkdir(at('folder'))
spawnSync('mkfifo', [at('fifo'), at('silent')])

async function readOpened(path: string): Promise<string> {
  const opened = await openInput(path)
  await using _file = opened.file
  if (opened.kind === 'file') return opened.file.readFile('utf8')
  let text = ''
  for await (const piece of readPipe(opened, path)) text += piece.toString()
  return text
}
const readers = { readInput: async (path: string) => readInput(path).toString(), openInput: readOpened }

for (const [name, read] of Object.entries(readers)) {
  t.test(`${name} takes files, links to them, and pipes whose writer comes late or writes slowly`, async t => {
    await symlink('file', at(`link-${name}`))
    t.equal(await read(at('file')), 'octets')
    t.equal(await read(at(`link-${name}`)), 'octets')
    const writer = spawn('sh', ['-c', 'sleep 0.2; { printf one; sleep 0.2; printf two; } >"$0"', at('fifo')])
    const ended = once(writer, 'close')
    t.equal(await read(at('fifo')), 'onetwo')
    await ended
  })

  t.test(`${name} says what it found instead of a file, and reads no device`, async t => {
    const server = createServer().listen(at(`socket-${name}`))
    await once(server, 'listening')
    t.teardown(() => server.close())
    await t.rejects(read(folder), /expected a file at .*, found a folder$/)
    for (const device of ['/dev/zero', '/dev/null'])
      await t.rejects(read(device), new Fault('file-unreadable', `expected a file at ${device}, found a device`))
    await t.rejects(read(at(`socket-${name}`)), { code: 'ENXIO' })
  })

  t.test(`${name} does not wait without end for a writer`, async t => {
    const start = performance.now()
    await t.rejects(read(at('fifo')), /found a pipe without a writer for 3 s/)
    t.ok(performance.now() - start < 60_000)
  })
}

t.test('readInput holds no more than its limit, for any input', async t => {
  await truncate(at('file'), 10)
  t.equal(readInput(at('file'), { most: 10 }).length, 10)
  t.throws(() => readInput(at('file'), { most: 9 }), /expected at most 9 bytes in .*file, found more/)
  await writeFile(at('sparse'), '')
  await truncate(at('sparse'), 1e12)
  t.throws(() => readInput(at('sparse')), /expected at most 4194304 bytes/)
  const writer = spawn('sh', ['-c', 'yes >"$0"', at('fifo')])
  const ended = once(writer, 'close')
  t.throws(() => readInput(at('fifo')), /expected at most/)
  await ended
})

t.test('readInput takes no pipe where a file is meant', async t => {
  t.throws(() => readInput(at('fifo'), { onlyFile: true }), /expected a file at .*fifo, found a pipe/)
})
