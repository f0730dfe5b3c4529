// What commands write, and who reads it: readers that rest or are gone, and disks that are full,
// stop no exchange and no shutdown.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { root, runCommand, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-streams-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const made = await runCommand('pki', ['gen', '--out', certs, '--key', 'ec-p256'])
t.equal(made.exitCode, 0)
const sample = join(root, 'sample_document.xml')

type Ended = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }

/** A line of shell; SEG stands for the commands. */
async function runShell(line: string): Promise<Ended> {
  const env = { ...process.env, NODE: process.execPath, INIT_CWD: folder }
  const script = `set -o pipefail; seg() { "$NODE" "${root}/seg.ts" "$@"; }; ${line}`
  const child = spawn('bash', ['-c', script], { cwd: folder, env })
  const texts = [child.stdout, child.stderr].map(async stream =>
    Buffer.concat(await Array.fromAsync(stream)).toString(),
  )
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout: (await texts[0])!, stderr: (await texts[1])! }
}

async function makePipe(t: Test, name: string): Promise<{ reading: FileHandle; writing: FileHandle }> {
  const path = join(folder, name)
  spawnSync('mkfifo', [path])
  const [reading, writing] = await Promise.all([open(path, 'r'), open(path, 'w')])
  t.teardown(() => Promise.all([reading.close(), writing.close()].map(closed => closed.catch(() => {}))))
  return { reading, writing }
}

function startProgram(
  t: Test,
  name: string,
  args: readonly string[],
  stdout: number | 'pipe',
  stderr: number | 'ignore',
) {
  const child = spawn(process.execPath, [`packages/${name}/src/main.ts`, ...args], {
    cwd: root,
    stdio: ['ignore', stdout, stderr],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function stop(child: ChildProcess): Promise<unknown[]> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  return Promise.race([ended, pause(120_000, ['does not end'], { ref: false })])
}

/** So many requests, each of which makes a line in the log. Throws when one is not answered. */
async function ask(url: string, count: number): Promise<void> {
  const read = (name: string) => readFile(join(certs, name))
  const [ca, cert, key] = await Promise.all([read('ca.crt'), read('sender.crt'), read('sender.key')])
  const agent = new Agent({ ca, cert, key, keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < count; i++) {
    const asked = request(`${url}/${'x'.repeat(500)}`, { agent })
    asked.end()
    const [response] = await once(asked, 'response', { signal: AbortSignal.timeout(90_000) })
    if (response.statusCode !== 404) throw new Error(`answered with ${response.statusCode}`)
    response.resume()
    await once(response, 'end')
  }
  agent.destroy()
}

for (const reader of ['rests', 'is gone'] as const)
  t.test(`a receiver whose log's reader ${reader} answers, and stops`, async t => {
    const { reading, writing } = await makePipe(t, `log-${reader}`)
    const args = ['start', '--port', '0', '--json', '--certs', certs, '--data', join(folder, `receiver ${reader}`)]
    const child = startProgram(t, 'receiver', args, 'pipe', writing.fd)
    const [line] = await once(createInterface(child.stdout!), 'line')
    const { listening } = JSON.parse(line)
    await writing.close()
    if (reader === 'is gone') await reading.close()
    // More than the pipe holds.
    await ask(listening, 400)
    t.same(await stop(child), [0, null])
  })

t.test('a receiver starts when nobody reads what it reports', async t => {
  const { reading, writing } = await makePipe(t, 'ready')
  const full = await open('/dev/full', 'w')
  t.teardown(() => full.close())
  await reading.close()
  const data = join(folder, 'receiver ready')
  const child = startProgram(
    t,
    'receiver',
    ['start', '--port', '0', '--certs', certs, '--data', data],
    writing.fd,
    full.fd,
  )
  await until(async () => {
    const verified = await runCommand('receiver', ['log', 'verify', '--certs', certs, '--data', data, '--json'])
    return child.exitCode !== null || (verified.exitCode === 0 && JSON.parse(verified.stdout.toString()).size > 0)
  })
  t.equal(child.exitCode, null)
  t.same(await stop(child), [0, null])
})

t.test('a sender delivers when nobody reads what it reports', async t => {
  const data = join(folder, 'sender')
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'receiver')])
  const { reading, writing } = await makePipe(t, 'deliveries')
  const args = ['deliver', '--certs', certs, '--data', data, '--to', receiver.url.origin]
  const child = startProgram(t, 'sender', args, writing.fd, writing.fd)
  await reading.close()
  await writing.close()
  await mkdir(join(data, 'outgoing'), { recursive: true, mode: 0o700 })
  const drop = async (name: string, content: string) => {
    await writeFile(join(data, `outgoing/.${name}`), content)
    await rename(join(data, `outgoing/.${name}`), join(data, 'outgoing', name))
  }
  await drop('bad.xml', '<bad/>')
  await drop('good.xml', (await readFile(sample, 'utf8')).replace('doc123', 'unread'))
  const isThere = (name: string) =>
    open(join(data, name)).then(
      file => file.close().then(() => true),
      () => false,
    )
  await until(() => isThere('sent/good.xml'))
  await until(() => isThere('refused/bad.xml'))
  t.same(await stop(child), [0, null])
})

t.test('commands whose reader is gone end quietly, with the code of what they did', async t => {
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'receiver')])
  const flags = `--certs certs --data sender2 --to ${receiver.url.origin}`
  t.match(await runShell(`seg sender send ${sample} --id one ${flags} | true`), { exitCode: 0, stderr: '' })
  t.match(await runShell(`seg sender send ${sample} nothing.xml --id auto ${flags} 2>&1 | true`), {
    exitCode: 5,
    stdout: '',
  })
  await Promise.all(
    [
      'receiver documents list --data receiver',
      'receiver documents list --data receiver --json',
      'receiver documents export one --data receiver',
      'sender outbox list --data sender2',
      'pki inspect certs',
      'sender send --help',
      `sender sign ${sample} --certs certs`,
    ].map(async command =>
      t.match(await runShell(`seg ${command} | true`), { exitCode: 0, stdout: '', stderr: '' }, command),
    ),
  )
})

t.test('results that cannot be written are a fault, which standard error names', async t => {
  const commands = [
    'receiver documents list --data receiver',
    'receiver documents list --data receiver --json',
    'receiver documents export one --data receiver',
    'sender outbox list --data sender2',
    'pki inspect certs --json',
    'receiver start --help',
    `sender sign ${sample} --certs certs`,
  ]
  const check = async (command: string) => {
    const { exitCode, stderr } = await runShell(`seg ${command} > /dev/full`)
    t.equal(exitCode, 5, command)
    t.match(stderr, /^error: file-unreadable: .*\n {2}standard output was not written to its end: ENOSPC/, command)
    t.notMatch(stderr, /\n {4}at /, command)
  }
  await Promise.all(commands.map(check))
  t.match(await runShell('seg receiver documents export one --data receiver 2> /dev/full | sha256sum'), { exitCode: 0 })
  t.match(await runShell('seg receiver documents export nothing --data receiver 2> /dev/full'), { exitCode: 5 })
})

t.test('a long list waits for its reader, and nothing of it is lost', async t => {
  const { stdout } = await runShell('seg receiver documents list --data receiver | (sleep 0.5; cat)')
  t.match(stdout, /^index {2}accepted at/)
  t.match(stdout, / one {2}/)
})
