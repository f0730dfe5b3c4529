// A ledger that is not there, was lost, damaged, or lies where nothing may be written: what
// commands that read say of it is final, and nothing is made on the way.
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCerts, makeFolder, openTestLedger } from '../testing/gateway.ts'

const main = join(import.meta.dirname, '../main.ts')
const certs = await makeCerts(t)
const whole = join(await makeFolder(t), 'data')
await (await openTestLedger(certs, whole)).close()

const noMounts =
  spawnSync('unshare', ['-m', 'sh', '-c', 'mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp']).status === 0
    ? false
    : 'no mounts of its own'

function verify(data: string) {
  return run(process.execPath, [main, 'log', 'verify', '--certs', certs, '--data', data, '--json'])
}

function run(program: string, args: readonly string[]) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, ...JSON.parse(stdout) }
}

async function copy(t: Test): Promise<string> {
  const data = join(await makeFolder(t), 'data')
  await cp(whole, data, { recursive: true })
  return data
}

t.test('a folder that is not there, or holds no ledger, is a configuration', async t => {
  const folder = await makeFolder(t)
  const missing = join(folder, 'missing')
  for (const data of [missing, folder])
    t.match(verify(data), { status: 5, code: 'configuration', detail: /found none: name its data folder with --data/ })
  t.same(await readdir(folder), [])
})

t.test('a ledger that has lost its tables, or all of itself, is said to be lost', async t => {
  const [data, other] = [await copy(t), await copy(t)]
  await truncate(join(data, 'ledger.sqlite'))
  await rm(join(other, 'ledger.sqlite'))
  for (const lost of [data, other]) {
    await rm(join(lost, 'ledger.sqlite-wal'), { force: true })
    const list = run(process.execPath, [main, 'documents', 'list', '--data', lost, '--json'])
    t.match(list, { status: 5, code: 'configuration', detail: /has lost its database: .*backup/ })
  }
  t.match(verify(data), { status: 5, code: 'configuration', detail: /has no tables: .*backup/ })
})

t.test('a ledger that is damaged is a file that cannot be read', async t => {
  const data = await copy(t)
  await rm(join(data, 'ledger.sqlite-wal'), { force: true })
  await writeFile(join(data, 'ledger.sqlite'), 'no database'.repeat(1000))
  t.match(verify(data), { status: 5, code: 'file-unreadable', detail: /SQLITE_NOTADB/ })
})

t.test('on read-only media a ledger that was closed is verified as it stands', { skip: noMounts }, async t => {
  const data = await copy(t)
  const mounted = join(await makeFolder(t), 'mounted')
  await mkdir(mounted)
  const verifyMounted = () => {
    const command =
      'mount --bind "$1" "$2" && mount -o remount,ro,bind "$2" && ' +
      'exec "$3" "$4" log verify --certs "$5" --data "$2" --json'
    return run('unshare', ['-m', 'sh', '-c', command, 'sh', data, mounted, process.execPath, main, certs])
  }
  for (const name of ['ledger.sqlite-wal', 'ledger.sqlite-shm']) await rm(join(data, name), { force: true })
  t.match(verifyMounted(), { status: 0, ok: true, size: 1 })
  // Of one that was killed, what is in the write-ahead log cannot be left out.
  await writeFile(join(data, 'ledger.sqlite-wal'), Buffer.alloc(4096))
  t.match(verifyMounted(), {
    status: 5,
    code: 'file-unreadable',
    detail: /copy the whole folder to where you may write/,
  })
})
