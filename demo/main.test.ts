// The demo as a stranger runs it, but in folders of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const folder = await mkdtemp(join(tmpdir(), 'seg-demo-test-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

async function runDemo(...args: string[]): Promise<{ exitCode: number; shown: string }> {
  const folders = ['--certs', join(folder, 'certs'), '--data', join(folder, 'data')]
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'main.ts'), ...folders, ...args])
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => chunks.push(chunk))
  const [exitCode] = await once(child, 'close')
  return { exitCode, shown: Buffer.concat(chunks).toString() }
}

t.test('ends well, time and again, with a delivery and a refusal to show', async t => {
  for (const certificates of ['A CA, and certificates', 'Keys and certificates found']) {
    const { exitCode, shown } = await runDemo('--port', '0')
    t.equal(exitCode, 0, shown)
    for (const part of [
      certificates,
      'its receipt verifies',
      'byte for byte',
      'no second record',
      'refused: signature-digest',
      'X25519MLKEM768',
    ]) {
      t.match(shown, part)
    }
    t.equal(shown.match(/✔/g)?.length, 6)
    t.notMatch(shown, '\u001b', 'no colours where nobody watches')
  }
  t.equal((await readdir(join(folder, 'data/sender/deliveries'))).length, 4, 'two delivered and two refused')
})

t.test('says what to do when the port is taken', async t => {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { exitCode, shown } = await runDemo('--port', String(port))
  t.equal(exitCode, 5)
  t.match(shown, new RegExp(`Port ${port} is taken[\\s\\S]*--port 0`))
})

t.test('shows its usage for what it does not know', async t => {
  for (const args of [['--port', 'x'], ['--port', '65536'], ['--nonsense']])
    t.match(await runDemo(...args), { exitCode: 2, shown: /usage: demo/ })
})
