// The command line as its own process, the way a script runs it.
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadIdentity } from './identity.ts'
import { loadLogKey, loadVerifierKeys } from './log-key.ts'
import { makeCerts, makeFolder } from './testing/make-certs.ts'

const main = join(import.meta.dirname, 'main.ts')

/** The environment without settings: as if `folder` were where the command is typed. */
function cleanEnvironment(folder: string): Record<string, string | undefined> {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(SEG_|INIT_CWD$|NODE_OPTIONS$|FORCE_COLOR$)/.test(name),
  )
  return { ...Object.fromEntries(clean), NO_COLOR: '1', INIT_CWD: folder }
}

/** Runs `pki …` as typed in `folder`, with no settings but the given ones. */
function runPki(folder: string, args: readonly string[], environment: Record<string, string> = {}) {
  return spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...cleanEnvironment(folder), ...environment },
  })
}

t.test('pki gen says what it made and what to do next, and never shows a key', async t => {
  const folder = await makeFolder(t)
  const made = runPki(folder, [
    'gen',
    '--out',
    'my certs',
    '--key',
    'ec-p256',
    '--receiver-id',
    'B',
    '--host',
    'b.example',
    '--host',
    '192.0.2.1',
  ])
  t.match(made, { status: 0, stderr: '' })
  const certs = join(folder, 'my certs')
  const { certificate, id } = await loadIdentity(certs, 'receiver')
  t.equal(id, 'B')
  t.equal((await loadIdentity(certs, 'seal')).id, 'B')
  t.equal(certificate.subjectAltName, 'DNS:b.example, IP Address:192.0.2.1')
  for (const name of await readdir(certs)) t.match(made.stdout, name)
  t.notMatch(made.stdout, 'kept', 'nothing was there')
  t.match(made.stdout, certificate.fingerprint256)
  t.match(made.stdout, `pnpm --filter receiver start --certs '${certs}'`)

  const json = runPki(folder, ['gen', '--out', certs, '--key', 'ec-p256', '--force', '--json'])
  t.match(JSON.parse(json.stdout), {
    ok: true,
    files: { length: 13, 0: { path: join(certs, 'ca.crt'), fingerprint: /^[0-9A-F:]{95}$/ } },
  })
  const { kept } = JSON.parse(json.stdout)
  t.match(kept, new RegExp(`^${certs}/replaced-20\\d\\d-`))
  t.equal((await loadIdentity(kept, 'receiver')).certificate.fingerprint256, certificate.fingerprint256)
  const outputs = made.stdout + made.stderr + json.stdout + json.stderr
  for (const name of ['ca', 'sender', 'receiver', 'seal', 'log']) {
    const lines = (await readFile(join(certs, `${name}.key`), 'utf8')).trim().split('\n').slice(1, -1)
    for (const line of lines) t.notOk(outputs.includes(line), `${name}.key`)
  }
  t.notMatch(outputs, /PRIVATE KEY/)
})

t.test('the folder is that of --out, --certs, SEG_CERTS or seg.yaml, in this order', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'seg.yaml'), 'certs: yaml\n')
  const gen = (args: string[], environment = {}) => {
    const run = runPki(folder, ['gen', '--key', 'ec-p256', '--config', 'seg.yaml', ...args], environment)
    t.equal(run.status, 0, run.stderr)
    return run.stdout
  }
  t.match(gen([]), join(folder, 'yaml'))
  t.match(gen([], { SEG_CERTS: 'environment' }), /Next:\n {2}pnpm --filter receiver start\n/, 'a setting needs no flag')
  gen(['--certs', 'flag'], { SEG_CERTS: 'environment' })
  gen(['--certs', 'flag', '--out', 'out'], { SEG_CERTS: 'environment' })
  t.same((await readdir(folder)).sort(), ['environment', 'flag', 'out', 'seg.yaml', 'yaml'])
  const inspected = runPki(folder, ['inspect', '--json'], { SEG_CERTS: 'flag' })
  t.equal(JSON.parse(inspected.stdout).certificates[0].file, join(folder, 'flag/ca.crt'))
})

t.test('pki gen refuses to overwrite with exit code 5', async t => {
  const certs = await makeCerts(t)
  t.match(runPki(certs, ['gen', '--out', '.']), {
    status: 5,
    stdout: '',
    stderr: /file-exists.*\n.*sender\.key.*--force/,
  })
  t.match(JSON.parse(runPki(certs, ['gen', '--out', '.', '--json']).stdout), { ok: false, code: 'file-exists' })
})

t.test('a run that the disk stops half way takes back what it wrote', async t => {
  const folder = await makeFolder(t)
  // Files of at most 4 × 512 bytes: ca.crt fits, an RSA-3072 key does not.
  // tap's preload would die of SIGXFSZ, which Node ignores: out with it.
  const limited = spawnSync(
    'sh',
    ['-c', 'unset NODE_OPTIONS; ulimit -f 4; exec "$0" "$@"', process.execPath, main, 'gen', '--out', folder],
    {
      encoding: 'utf8',
      env: cleanEnvironment(folder),
    },
  )
  t.match(limited, { status: 5, stdout: '', stderr: /file-unreadable.*\n.*cannot write .*ca\.key: EFBIG/ })
  t.same(await readdir(folder), [])
})

t.test('pki gen takes no value that makes no sense: exit code 2, nothing written', async t => {
  const folder = await makeFolder(t)
  const wrong = [
    ['--key', 'dsa'],
    ['--key', 'toString'],
    ['--sender-id', ' x'],
    ['--sender-id', ''],
    ['--receiver-id', 'a\nb'],
    ['--receiver-id', 'x'.repeat(65)],
    ['--sender-id', '𝄞'.repeat(65)],
    ['--host', 'a b'],
    ['--host', 'fe80::1%eth0'],
    ['--host', `${'a'.repeat(64)}.example`],
    ['--days', '0'],
    ['--days', '3651'],
    ['--days', '1e3'],
    ['--nonsense'],
  ]
  for (const args of wrong)
    t.match(runPki(folder, ['gen', '--out', '.', ...args]), { status: 2, stdout: '' }, args.join(' '))
  t.same(await readdir(folder), [])
  t.match(runPki(folder, ['gen', '--help']), { status: 0, stdout: /--receiver-id[\s\S]*--certs/ })
})

t.test('pki inspect says loudly what is over or nearly so', async t => {
  const day = 86_400_000
  const read = async (days: number, now = Date.now()) => {
    const certs = await makeCerts(t, { days, now: new Date(now) })
    return runPki(certs, ['inspect', 'sender.crt']).stdout
  }
  t.match(await read(29), /id "MINISTRY 1_SEG01", profile sender, key ec-p256\n {2}EXPIRES SOON: 28 days left/)
  t.match(await read(10, Date.now() - 12.5 * day), /EXPIRED 3 days ago/)
  t.match(await read(32), /\n {2}31 days left/)
})

t.test('pki inspect lists a folder, as JSON too', async t => {
  const certs = await makeCerts(t)
  const { status, stdout } = runPki(certs, ['inspect', '.', '--json'])
  t.equal(status, 0)
  const { certificates } = JSON.parse(stdout)
  t.same(
    certificates.map(({ profile }: { profile: string }) => profile),
    ['ca', 'receiver', 'receiver', 'seal', 'sender'],
  )
  t.same(Object.keys(certificates[0]), ['file', 'id', 'profile', 'key', 'notAfter', 'daysLeft', 'fingerprint'])
  t.match(runPki(await makeFolder(t), ['inspect', '.']), { status: 0, stdout: /no certificates.*pki gen/ })
  t.match(runPki(certs, ['inspect', 'nothing']), { status: 5, stderr: /file-unreadable/ })
})

t.test('an id has at most the 64 characters of a common name', async t => {
  const folder = await makeFolder(t)
  const id = '𝄞'.repeat(64)
  t.match(runPki(folder, ['gen', '--out', 'certs', '--key', 'ec-p256', '--sender-id', id]), { status: 0 })
  t.equal((await loadIdentity(join(folder, 'certs'), 'sender')).id, id)
  t.match(runPki(folder, ['gen', '--out', 'more', '--sender-id', `${id}𝄞`]), {
    status: 2,
    stderr: /1 to 64 printable characters \(the bound of X\.520/,
  })
  if (spawnSync('openssl', ['version']).status !== 0) return t.comment('SKIPPED: openssl is not installed')
  const request = (name: string) =>
    spawnSync('openssl', ['req', '-new', '-utf8', '-key', 'certs/sender.key', '-subj', `/CN=${name}`], { cwd: folder })
  t.equal(request(id).status, 0)
  t.not(request(`${id}𝄞`).status, 0, 'openssl makes no longer one either')
})

t.test('pki log-key makes a key for the id of receiver.crt, or any, and keeps the lines that are there', async t => {
  const certs = await makeCerts(t, { receiverId: 'B' })
  const before = await readFile(join(certs, 'log.pub'), 'utf8')
  await rm(join(certs, 'log.key'))
  const made = runPki(certs, ['log-key', '--certs', '.'])
  t.match(made, { status: 0, stderr: '' })
  const { verifierKey } = await loadLogKey(certs, 'B')
  t.match(made.stdout, verifierKey)
  t.equal(await readFile(join(certs, 'log.pub'), 'utf8'), `${before}${verifierKey}\n`)
  t.equal((await stat(join(certs, 'log.key'))).mode & 0o777, 0o600)
  t.match(runPki(certs, ['log-key', '--certs', '.']), { status: 5, stderr: /file-exists[\s\S]*log rotate-key/ })

  await rm(join(certs, 'log.pub'))
  t.match(JSON.parse(runPki(certs, ['log-key', '--certs', '.', '--json']).stdout), {
    ok: true,
    isNew: false,
    verifierKey,
  })
  t.same(await loadVerifierKeys(certs), [verifierKey], 'the line of a key that is there')

  const folder = await makeFolder(t)
  t.match(runPki(folder, ['log-key', '--certs', 'new']), {
    status: 5,
    stderr: /receiver\.crt is missing; give the id.*--id/,
  })
  t.match(runPki(folder, ['log-key', '--certs', 'new', '--id', 'C C']), { status: 0, stdout: /^ {2}C%20C\+/m })
  t.match(await loadLogKey(join(folder, 'new'), 'C C'), { name: 'C%20C' })
})

t.test('a request, a certificate for it, a renewal and a revocation by commands, with JSON', async t => {
  const certs = await makeCerts(t)
  const json = (...args: string[]) => JSON.parse(runPki(certs, [...args, '--json']).stdout)
  const csr = ['csr', '--profile', 'sender', '--id', 'MINISTRY 7_SEG01', '--key', 'ec-p256', '--out', 'new']
  t.match(json(...csr), { ok: true, csr: join(certs, 'new.csr'), isNewKey: true })
  const issue = ['issue', '--certs', certs, '--profile', 'sender', '--csr', 'new.csr', '--out', 'new']
  t.match(json(...issue), { ok: true, path: join(certs, 'new.crt'), key: null })
  t.match(json(...issue), { ok: false, code: 'file-exists' })
  t.match(json('renew', 'new', '--new-key', '--certs', certs), { ok: true, kept: /replaced-/ })
  const { serial } = json('revoke', 'new.crt', '--certs', certs, '--reason', 'superseded')
  t.match(json('revoke', serial, '--certs', certs), { ok: true, serial, isNew: false, number: '3', count: 1 })
  const { stdout } = runPki(certs, ['revoke', serial, '--ca', 'ca', '--certs', certs])
  t.match(stdout, `: \`pnpm --filter pki revoke --certs ${certs}\` renews it.`, 'in this folder')
  t.equal(runPki(certs, ['revoke', 'no such file', '--certs', certs]).status, 5)
  t.equal(runPki(certs, ['revoke', '--reason', 'boredom', '--certs', certs]).status, 2)
  t.equal(runPki(certs, ['issue', '--certs', certs, '--profile', 'king', '--out', 'x']).status, 2)
})
