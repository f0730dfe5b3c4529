import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findReplaceable } from './replaceable.ts'

const folder = await realpath(await mkdtemp(join(tmpdir(), 'seg-replaceable-')))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [inner, outer] = [join(folder, 'lib/inner'), join(folder, 'links')]
const path = join(inner, 'module.so')
await mkdir(inner, { recursive: true })
await mkdir(outer)
await writeFile(path, '')
await symlink('../lib/inner/module.so', join(outer, 'relative.so'))
await symlink(inner, join(outer, 'absolute'))
const ways = [path, join(outer, 'relative.so'), join(outer, 'absolute/module.so'), join(inner, '../inner/module.so')]

t.test('a file that only its owner can replace is none, by any way', async t => {
  for (const way of ways) t.equal(findReplaceable(way), undefined, way)
  t.equal(findReplaceable(join(folder, 'none/module.so')), undefined, 'nor one that is not there')
})

t.test('what anybody may write to is found: the file, a folder above it, the folder of a link', async t => {
  const cases = [
    [path, 0o646, ways],
    [inner, 0o757, ways],
    [join(folder, 'lib'), 0o777, ways],
    [outer, 0o757, ways.slice(1, 3)],
  ] as const
  for (const [place, mode, found] of cases) {
    await chmod(place, mode)
    for (const way of found) t.match(findReplaceable(way), { place, isWritable: true }, `${way} by ${place}`)
    await chmod(place, 0o755)
  }
  await chmod(inner, 0o1777)
  t.equal(findReplaceable(path), undefined, 'with the sticky bit nobody replaces the file of another user')
  await chmod(inner, 0o755)
})

t.test(
  'what belongs to another user is found',
  { skip: process.geteuid?.() === 0 ? false : 'only root can change owners' },
  async t => {
    for (const place of [path, inner]) {
      await chown(place, 12345, 0)
      t.match(findReplaceable(path), { place, why: /belongs to the user 12345/, isWritable: false })
      await chown(place, 0, 0)
    }
  },
)
