// Lines into real pipes, sockets and disks whose readers stop, come back and go.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { openLineFile } from './line-output.ts'

const script = join(import.meta.dirname, 'testing/write-lines.ts')
/** Some 10 MB: ten times what waits, and more than any pipe holds. */
const COUNT = 100_000

async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-lines-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

type Writer = { readonly child: ChildProcess; fact(): Promise<Record<string, number>> }

function startWriter(t: Test, stderr: 'pipe' | number, count = COUNT): Writer {
  const child = spawn(process.execPath, [script, String(count)], { stdio: ['pipe', 'pipe', stderr] })
  t.teardown(() => child.kill('SIGKILL'))
  const facts = createInterface(child.stdout!)[Symbol.asyncIterator]()
  return { child, fact: async () => JSON.parse(String((await facts.next()).value)) }
}

/** Both ends of a pipe, each opened once. */
async function makePipe(t: Test): Promise<{ reading: FileHandle; writing: FileHandle }> {
  const path = join(await makeFolder(t), 'pipe')
  spawnSync('mkfifo', [path])
  const [reading, writing] = await Promise.all([open(path, 'r'), open(path, 'w')])
  t.teardown(() => Promise.all([reading.close(), writing.close()]))
  return { reading, writing }
}

/** Each line is there, or counted as dropped; none is torn. */
function checkLines(t: Test, text: string): void {
  const lines = text.trimEnd().split('\n')
  t.ok(lines.every(line => /^line \d{90}$|^dropped \d+$|^more \w+$/.test(line)))
  const numbered = lines.filter(line => line.startsWith('line')).map(line => Number(line.slice(5)))
  const dropped = lines.filter(line => line.startsWith('dropped')).map(line => Number(line.slice(8)))
  t.ok(
    numbered.every((number, i) => i === 0 || number > numbered[i - 1]!),
    'in their order',
  )
  t.ok(dropped.length > 0, `${dropped.length} lines say how many were dropped`)
  t.equal(numbered.length + dropped.reduce((sum, count) => sum + count, 0), COUNT)
}

async function readAll(path: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(path)).toString()
}

t.test('continues while the reader of a pipe rests, and says how many lines were dropped', async t => {
  const { reading, writing } = await makePipe(t)
  const { child, fact } = startWriter(t, writing.fd)
  const { longest } = await fact()
  t.ok(longest! < 5_000, `the longest turn took ${longest} ms`)
  const [, flags = ''] = /flags:\s+(\d+)/.exec(await readFile(`/proc/self/fdinfo/${writing.fd}`, 'utf8')) ?? []
  t.equal(Number.parseInt(flags, 8) & 0o4000, 0, 'O_NONBLOCK is not set for others who share the pipe')
  await writing.close()
  const read = readAll(reading.createReadStream())
  child.stdin!.end('one\n')
  checkLines(t, await read)
})

t.test('continues while the reader of a socket rests', async t => {
  // What Node calls a pipe is a socket, as what systemd gives a service.
  const { child, fact } = startWriter(t, 'pipe')
  const { longest } = await fact()
  t.ok(longest! < 5_000, `the longest turn took ${longest} ms`)
  const read = readAll(child.stderr!)
  child.stdin!.end('one\n')
  checkLines(t, await read)
})

t.test('continues when the reader is gone, and waits no longer for it at the end', async t => {
  const { reading, writing } = await makePipe(t)
  const { child, fact } = startWriter(t, writing.fd)
  await fact()
  await reading.close()
  child.stdin!.end('one\ntwo\n')
  const { closing } = await fact()
  t.ok(closing! < 5_000, `closing took ${closing} ms`)
  t.same(await once(child, 'close'), [0, null])
})

t.test('waits a bounded time at the end for a reader that rests', async t => {
  const { writing } = await makePipe(t)
  const { child, fact } = startWriter(t, writing.fd)
  await fact()
  child.stdin!.end()
  t.same(await once(child, 'close'), [0, null])
})

const noRoom = spawnSync('unshare', ['-rm', 'true']).status === 0 ? false : 'no user namespaces'

t.test('a file that is moved away is continued in a new one, each line whole and once', async t => {
  const folder = await makeFolder(t)
  const path = join(folder, 'log')
  const file = openLineFile(path, () => '')
  file.write('one\ntwo\n')
  await file.close()
  await rename(path, `${path}.1`)
  file.write('three\n')
  await file.close()
  file.reopen()
  file.write('four\n')
  await file.close()
  t.equal(await readFile(`${path}.1`, 'utf8'), 'one\ntwo\nthree\n')
  t.equal(await readFile(path, 'utf8'), 'four\n')
  t.equal((await stat(path)).mode & 0o777, 0o600)
  await rm(path)
  await mkdir(path)
  t.throws(() => file.reopen(), { code: 'configuration' }, 'what cannot be opened')
  file.write('five\n')
  await file.close()
  t.throws(() => openLineFile('/dev/null', () => ''), { code: 'configuration', detail: /expected a file/ })
})

t.test('a line that a full disk has cut is whole in the file that is opened next', { skip: noRoom }, async t => {
  const folder = await makeFolder(t)
  const inside = `mkdir "$0/small" "$0/large" && mount -t tmpfs -o size=1m tmpfs "$0/small" || exit
    ln -s small/log "$0/log"
    coproc writer { exec "$1" "$2" 20000 "$0/log"; }
    output=\${writer[0]} input=\${writer[1]} pid=$writer_PID
    read -r written <&"$output"
    ln -sfn large/log "$0/log"; kill -HUP "$pid"
    read -r reopened <&"$output"
    exec {input}>&-; wait; cat "$0/small/log"; echo; echo ----; cat "$0/large/log"`
  const run = ['-rm', 'bash', '-c', inside, folder, process.execPath, script]
  const { stdout } = spawnSync('unshare', run, { maxBuffer: 1 << 24, timeout: 300_000 })
  const [before = '', after = ''] = stdout.toString().split('\n----\n')
  const whole = before.split('\n').filter(line => /^line \d{90}$/.test(line))
  const following = after.trimEnd().split('\n')
  t.equal(before.length, 1024 * 1024, 'the disk was full')
  t.notOk(before.endsWith('\n'), 'within a line')
  t.ok(following.every(line => /^line \d{90}$|^dropped \d+$/.test(line)))
  t.equal(following[0], `line ${String(whole.length).padStart(90, '0')}`)
})

t.test('continues when the disk is full', { skip: noRoom }, async t => {
  const folder = await makeFolder(t)
  // The disk has room again when all is written or waits; the end comes when the log says what was
  // dropped.
  const inside = `mount -t tmpfs -o size=4m tmpfs "$0" && head -c 3900000 /dev/zero > "$0/ballast" || exit
    coproc writer { "$1" "$2" ${COUNT} 2> "$0/log"; }
    output=\${writer[0]} input=\${writer[1]}
    read -r written <&"$output"
    rm "$0/ballast"; echo one >&"$input"
    until grep -q ^dropped "$0/log"; do sleep 0.02; done
    exec {input}>&-; wait; cat "$0/log"`
  const run = ['-rm', 'bash', '-c', inside, folder, process.execPath, script]
  const { stdout } = spawnSync('unshare', run, { maxBuffer: 1 << 24, timeout: 300_000 })
  const lines = stdout.toString().trimEnd().split('\n')
  t.ok(lines.length > 1_000, `${lines.length} lines fitted`)
  t.ok(lines.every(line => /^line \d{90}$|^dropped \d+$|^more one$/.test(line)))
  t.ok(
    lines.some(line => line.startsWith('dropped')),
    'with room again, it says how many were dropped',
  )
})
