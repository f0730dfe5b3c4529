import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readSecretFile } from './secret-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-secret-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const path = join(folder, 'a.key')
await writeFile(path, 'secret')

t.test('reads what is for its owner alone, also through a link', async t => {
  await symlink('a.key', join(folder, 'link.key'))
  for (const mode of [0o600, 0o400]) {
    await chmod(path, mode)
    t.equal((await readSecretFile(path)).toString(), 'secret')
    t.equal((await readSecretFile(join(folder, 'link.key'))).toString(), 'secret')
  }
})

t.test('refuses what others may read or write, with the command that changes it', async t => {
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
    await chmod(path, mode)
    const detail = new RegExp(`expected mode 0600, found 0${mode.toString(8)}; chmod 600 .*a.key`)
    await t.rejects(readSecretFile(path), { code: 'configuration', detail })
    await t.rejects(readSecretFile(join(folder, 'link.key')), { code: 'configuration' })
  }
})

t.test('refuses what is no file, and waits for no FIFO', async t => {
  spawnSync('mkfifo', ['-m', '600', join(folder, 'fifo')])
  await t.rejects(readSecretFile(join(folder, 'fifo')), { code: 'configuration', detail: /expected a file of a key/ })
  await t.rejects(readSecretFile(folder), { code: 'configuration' })
})

t.test(
  'a service takes a file of root that its group may read, and none of another user',
  { skip: process.geteuid?.() === 0 ? false : 'only root can change owners' },
  async t => {
    await chmod(folder, 0o755)
    await chown(path, 0, 65534)
    const script = `process.setgroups([]); process.setegid(65534); process.seteuid(65534);
      const { readSecretFile } = await import('${join(import.meta.dirname, 'secret-file.ts')}');
      process.stdout.write(await readSecretFile('${path}').then(String, fault => fault.detail))`
    const read = () => spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout
    await chmod(path, 0o440)
    t.equal(read(), 'secret')
    await chmod(path, 0o444)
    t.match(read(), /expected mode 0600/)
    await chown(path, 12345, 65534)
    await chmod(path, 0o440)
    t.match(read(), /belongs to the user 12345/)
    await t.rejects(readSecretFile(path), { code: 'configuration', detail: /belongs to the user 12345.*chown 0/ })
  },
)
