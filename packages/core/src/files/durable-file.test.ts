// Folders are made with those above them, or refused; nothing goes round without end.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeDurableFolder } from './durable-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-durable-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

t.test('makes a folder with those above it, for its user alone, and takes one that is there', async t => {
  const path = join(folder, 'a', 'b', 'c')
  await Promise.all([makeDurableFolder(path), makeDurableFolder(path)])
  await makeDurableFolder(path)
  for (const made of [path, join(folder, 'a')]) t.equal((await stat(made)).mode & 0o777, 0o700)
})

t.test('follows a link to a folder, and refuses one to nothing', async t => {
  await symlink(folder, join(folder, 'link'))
  await makeDurableFolder(join(folder, 'link'))
  await symlink(join(folder, 'gone'), join(folder, 'dangling'))
  await t.rejects(makeDurableFolder(join(folder, 'dangling')), { code: 'EEXIST' })
  await t.rejects(makeDurableFolder(join(folder, 'dangling', 'data')), { code: 'EEXIST' })
})

t.test('ends where a folder that is there takes no other', { skip: process.platform !== 'linux' }, t => {
  const script = `import('${join(import.meta.dirname, 'durable-file.ts')}').then(module =>
    module.makeDurableFolder('/proc/seg-data').catch(error => process.stdout.write(error.code)))`
  const { stdout, signal } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 300_000 })
  t.match({ stdout, signal }, { stdout: /^E/, signal: null })
  t.end()
})
