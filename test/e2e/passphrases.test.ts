// Passphrases of keys on the command line: from a file, the environment and a terminal; a person is
// asked at a terminal only, and what is typed is not shown.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root, runCommand, runProcess, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-passphrases-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const secret = 'correct horse ø'
const hasScript = spawnSync('script', ['--version']).status === 0
const skip = hasScript ? false : 'script (util-linux) is not installed'

const run = async (args: readonly string[], environment = {}) => {
  const { exitCode, stdout } = await runCommand('pki', [...args, '--json'], { environment })
  return { exitCode, ...JSON.parse(stdout.toString()) }
}

await t.test('gen --encrypt takes the passphrase of a file, and says what is wrong with one', async t => {
  const file = join(folder, 'passphrase')
  await writeFile(file, 'short\n', { mode: 0o600 })
  const gen = (...more: string[]) => run(['gen', '--out', certs, '--key', 'ec-p256', '--encrypt', ...more])
  t.match(await gen('--passphrase-file', file), { exitCode: 2, detail: /at least 8 octets, found 5/ })
  t.match(await gen('--passphrase-file', join(folder, 'none')), { exitCode: 5, detail: /none cannot be read/ })
  t.match(await gen(), { exitCode: 2, detail: /--passphrase-file FILE, in SEG_KEY_PASSPHRASE, or typed at a terminal/ })
  await writeFile(file, `${secret}\n`, { mode: 0o600 })
  t.match(await gen('--passphrase-file', file), { exitCode: 0 })
  t.match(await readFile(join(certs, 'log.key'), 'utf8'), /ENCRYPTED PRIVATE KEY/)
})

t.test('a receiver starts with the passphrase of the environment, and not without', async t => {
  const args = ['--certs', certs, '--data', join(folder, 'data')]
  const refused = await runProcess('receiver', ['start', '--port', '0', '--json', ...args])
  t.match(JSON.parse(refused.stdout.toString()), { code: 'configuration', detail: /receiver\.key is encrypted/ })
  const receiver = await startReceiver(t, args, { environment: { SEG_KEY_PASSPHRASE: secret } })
  t.equal(await receiver.stop(), 0)
})

/** Runs a command at a terminal of its own, and types a line when it asks. */
async function type(t: Test, command: readonly string[], ...lines: string[]) {
  const quoted = [process.execPath, 'seg.ts', ...command].map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qefc', quoted, '/dev/null'], { cwd: root })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  let asked = 0
  child.stdout.on('data', chunk => {
    text += chunk
    const questions = text.match(/Passphrase of |Passphrase for |The same again/g)?.length ?? 0
    for (; asked < questions && lines.length > 0; asked++) child.stdin.write(`${lines.shift()}\r`)
  })
  const [exitCode] = await once(child, 'close')
  return { exitCode, text }
}

t.test('at a terminal a person is asked, without echo, and three times at most', { skip }, async t => {
  const renew = ['pki', 'renew', 'seal', '--certs', certs]
  const done = await type(t, renew, 'wrong one', secret, secret)
  t.match(done, { exitCode: 0, text: /Passphrase of .*ca\.key: .*That is not it.*seal\.crt is renewed/s })
  t.notMatch(done.text, /horse|wrong one/)
  const refused = await type(t, renew, 'wrong one', 'wrong two', 'wrong three')
  t.match(refused, { exitCode: 5, text: /ca\.key cannot be decrypted with the passphrase that was typed/ })
  const gen = ['pki', 'gen', '--out', join(folder, 'typed'), '--key', 'ec-p256', '--encrypt']
  t.match(await type(t, gen, secret, 'another one'), { exitCode: 2, text: /the two passphrases are not the same/ })
  t.match(await type(t, gen, secret, secret), { exitCode: 0 })
})
