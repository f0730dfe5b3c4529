// What commands read: files, and pipes that somebody writes to. Anything else ends a command soon,
// in words for whoever gave it.
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root, runCommand, runProcess } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-inputs-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const at = (name: string) => join(folder, name)
await runCommand('pki', ['gen', '--out', certs, '--key', 'ec-p256'])
const sample = join(root, 'sample_document.xml')
const signed = at('signed.xml')
await runCommand('sender', ['sign', sample, '-o', signed, '--certs', certs])
const cert = join(certs, 'sender.crt')
spawnSync('mkfifo', [at('fifo')])
const settings = at('seg.yaml')
await writeFile(settings, '')

type Given = readonly ['pki' | 'sender' | 'receiver', ...string[]]

/** Each way in which a command is given something to read. */
const given = (path: string): readonly Given[] => [
  ['pki', 'inspect', path],
  ['sender', 'send', path, '--certs', certs, '--data', at('data')],
  ['sender', 'sign', path, '--certs', certs],
  ['sender', 'sign', sample, '--certs', certs, '--config', path],
  ['sender', 'verify', path, '--cert', cert],
  ['sender', 'verify', signed, '--cert', path],
  ['sender', 'verify-receipt', path, '--document', signed, '--certs', certs],
  ['sender', 'verify-receipt', sample, '--document', path, '--certs', certs],
  ['sender', 'verify-receipt', sample, '--document', signed, '--cert', path, '--certs', certs],
  ['sender', 'log', 'compare', path, '--certs', certs, '--data', at('data')],
  ['sender', 'receivers', 'import', path, '--config', settings],
  ['receiver', 'partners', 'import', path, '--certs', certs, '--data', at('receiver'), '--config', settings],
  ['receiver', 'start', '--port', '0', '--certs', certs, '--data', at('receiver'), '--config', path],
]

for (const [path, found] of [
  [at('fifo'), 'a pipe without a writer for 3 s'],
  ['/dev/zero', 'a device'],
] as const)
  t.test(`each command that is given ${path} says that it is no file`, async t => {
    const runs = given(path).map(async ([name, ...args]) => {
      // One after the other where none waits; a pipe is waited for, by all at once.
      const { exitCode, stderr, stdout } = await (path === at('fifo') || args[0] === 'start' ? runProcess : runCommand)(
        name,
        args,
      )
      t.equal(exitCode, 5, `${name} ${args[0]} ${args.indexOf(path)}`)
      t.match(stderr, new RegExp(`expected a file at ${path}, found ${found}`), args.join(' '))
      t.notMatch(stderr, /\n +at |internal/)
      t.equal(stdout.length, 0)
    })
    await Promise.all(runs)
  })

t.test('pki inspect of a folder waits for no pipe in it, nor does a start for one among the certificates', async t => {
  await mkdir(at('mixed'))
  for (const name of ['receiver.key', 'seal.crt', 'seal.key', 'ca.crt', 'log.key', 'log.pub'])
    await copyFile(join(certs, name), join(at('mixed'), name))
  spawnSync('mkfifo', [join(at('mixed'), 'receiver.crt')])
  const inspected = await runCommand('pki', ['inspect', at('mixed')])
  t.match(inspected, { exitCode: 5, stderr: /receiver.crt, found a pipe/ })
  const started = await runProcess('receiver', ['start', '--port', '0', '--certs', at('mixed'), '--data', at('x')])
  t.match(started, { exitCode: 5, stderr: /receiver.crt cannot be read \(expected a file at .*, found a pipe\)/ })
})

t.test('another kind of file instead of a certificate is named, never in the words of OpenSSL', async t => {
  const der = at('sender.der')
  spawnSync('openssl', ['x509', '-in', cert, '-outform', 'DER', '-out', der])
  const mistakes = [
    [join(certs, 'sender.key'), /sender.key is a private key, expected a certificate/],
    [join(certs, 'log.pub'), /log.pub is not PEM of the kind expected: it has no block of a certificate/],
    [sample, /sample_document.xml is not PEM of the kind expected/],
  ] as const
  for (const [path, message] of mistakes)
    for (const args of [
      ['sender', 'verify', signed, '--cert', path],
      ['sender', 'verify-receipt', sample, '--document', signed, '--cert', path, '--certs', certs],
      ['pki', 'inspect', path],
    ] as const) {
      const [name, ...rest] = args
      const ended = await runCommand(name, rest)
      t.match(ended, { exitCode: 5, stderr: message }, args.join(' '))
      t.match(ended.stderr, /^error: certificate-invalid: .*\n.*\n {2}What to do: Look at the certificate/)
      t.notMatch(ended.stderr, /routines|error:0/)
    }
  t.match(await runCommand('sender', ['verify', signed, '--cert', der]), { exitCode: 0 }, 'DER is a certificate, too')
})

t.test('no command repeats what an address has behind its host', async t => {
  const address = 'https://localhost:1/?token=hunter2'
  for (const args of [['send', sample], ['deliver'], ['log', 'compare', sample]]) {
    const ended = await runCommand('sender', [...args, '--to', address, '--certs', certs, '--data', at('data')])
    t.match(ended, { exitCode: 2, stderr: /usage/ })
    t.notMatch(ended.stderr + ended.stdout, /hunter2/)
  }
})

t.test('a setting of seg.yaml that is no value of its kind is named with its file and key', async t => {
  await writeFile(at('seg.yaml'), 'timeout: soon\n')
  const args = ['send', sample, '--config', at('seg.yaml'), '--certs', certs, '--data', at('data')]
  t.match(await runCommand('sender', args), {
    exitCode: 5,
    stderr: /seg.yaml:1:10: "timeout": a time in seconds .* "soon"/,
  })
})

t.test(
  'a folder that this user may not look into is a mistake with a sentence, not a defect',
  { skip: process.geteuid?.() === 0 ? false : 'only root can take a folder from everybody' },
  async t => {
    await mkdir(at('closed'), { mode: 0o700 })
    const args = ['receiver', 'documents', 'list', '--data', join(at('closed'), 'data')]
    const nobody = { uid: 65534, gid: 65534, encoding: 'utf8' } as const
    const run = spawnSync(process.execPath, [join(root, 'seg.ts'), ...args], nobody)
    t.match(run, { status: 5, stderr: /^error: configuration: .*\n {2}cannot look at .*EACCES.*--data\n/ })
  },
)

t.test('a name that is not UTF-8 is called that, not missing', async t => {
  const script = `printf x > "$(printf 'b\\377.xml')"; exec "$0" "$1" sign "$(printf 'b\\377.xml')" --certs "$2"`
  const main = join(root, 'packages/sender/src/main.ts')
  const run = spawnSync('sh', ['-c', script, process.execPath, main, certs], { cwd: folder, encoding: 'utf8' })
  t.match(run, { status: 5, stderr: /cannot read .*: its name is not UTF-8, .*\/dev\/stdin with < FILE\n/ })
})

t.test('verify-receipt says which file is wrong: a draft, or the two in the other order', async t => {
  const receipt = at('receipt.xml')
  await writeFile(receipt, '<?xml version="1.0" encoding="UTF-8"?>\n<Receipt xmlns="urn:seg:receipt:1"/>')
  const [draft, swapped] = await Promise.all(
    [
      [receipt, sample],
      [signed, receipt],
    ].map(([first, second]) =>
      runCommand('sender', ['verify-receipt', first!, '--document', second!, '--certs', certs]),
    ),
  )
  t.match(draft, { exitCode: 5, stderr: /^error: signature-missing: .*sample_document\.xml is not signed; expected/s })
  t.match(swapped, { exitCode: 2, stderr: /^error: usage: .*found a receipt in .*: the receipt comes first/s })
})
