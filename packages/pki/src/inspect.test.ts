import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { generate } from './generate.ts'
import { inspect } from './inspect.ts'

const main = join(import.meta.dirname, 'main.ts')
const pki = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })

t.test('says what certificates are and how long they last', async t => {
  const out = await mkdtemp(join(tmpdir(), 'seg-pki-'))
  t.teardown(() => rm(out, { recursive: true, force: true }))
  await generate({ out, key: 'ec-p384', days: 20 })
  const certificates = await inspect(out, new Date(Date.now() + 1000))
  t.match(
    certificates.map(({ profile, id, key, daysLeft }) => [profile, id, key, daysLeft]),
    [
      ['ca', /^SEG root CA/, 'ec-secp384r1', 3649],
      ['receiver', 'MINISTRY 2_SEG01', 'ec-secp384r1', 19],
      ['seal', 'MINISTRY 2_SEG01', 'ec-prime256v1', 19],
      ['sender', 'MINISTRY 1_SEG01', 'ec-secp384r1', 19],
    ],
  )
  t.match(pki('inspect', out).stdout, /EXPIRES SOON: 19 days left/)
  t.equal(JSON.parse(pki('inspect', out, '--json').stdout).certificates.length, 4)
  t.equal((await inspect(join(out, 'sender.crt'), new Date()))[0]?.profile, 'sender')
  await t.rejects(inspect(join(out, 'nothing'), new Date()), { code: 'file-unreadable' })
  await writeFile(join(out, 'x.crt'), 'x')
  await t.rejects(inspect(out, new Date()), { code: 'certificate-invalid' })
})

t.test('pki gen: exit codes, JSON and no key in any output', async t => {
  const out = await mkdtemp(join(tmpdir(), 'seg-pki-'))
  t.teardown(() => rm(out, { recursive: true, force: true }))
  const made = pki('gen', '--out', join(out, 'certs'), '--key', 'ec-p256', '--host', 'gateway.example', '--json')
  t.equal(made.status, 0)
  t.equal(JSON.parse(made.stdout).files.length, 10)
  t.notMatch(made.stdout + made.stderr, /PRIVATE KEY/)
  t.match(pki('gen', '--out', join(out, 'certs')), { status: 5, stderr: /file-exists/ })
  t.match(JSON.parse(pki('gen', '--out', join(out, 'certs'), '--json').stdout), { ok: false, code: 'file-exists' })
  for (const wrong of [['--key', 'dsa'], ['--sender-id', ' x'], ['--host', 'a b'], ['--days', '0'], ['--nonsense']]) {
    t.match(pki('gen', '--out', join(out, 'other'), ...wrong), { status: 2, stdout: '' }, wrong.join(' '))
  }
  t.match(pki('gen', '--help'), { status: 0, stdout: /--receiver-id/ })
})
