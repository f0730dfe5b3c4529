import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { TokenKey } from './token-key.ts'
import { parseTokenUri } from './token-uri.ts'

const folder = await realpath(await mkdtemp(join(tmpdir(), 'seg-token-')))
t.teardown(() => rm(folder, { recursive: true, force: true }))

t.test('a module that somebody else may change, or put in its place, does not get the PIN', async t => {
  const lib = join(folder, 'lib')
  await mkdir(lib)
  const [module, pin] = [join(lib, 'hsm.so'), join(folder, 'pin')]
  await writeFile(module, '')
  await writeFile(pin, '1234\n', { mode: 0o600 })
  const uri = `pkcs11:token=a;object=b?module-path=${module}&pin-source=file:${pin}`
  for (const [place, mode] of [
    [module, 0o666],
    [lib, 0o777],
  ] as const) {
    await chmod(place, mode)
    const key = new TokenKey('seal.key', parseTokenUri('seal.key', uri))
    const expected = {
      code: 'configuration',
      detail: /hsm\.so, the module that gets the PIN, may be changed by anybody/,
      command: `chmod o-w ${place}`,
    }
    await t.rejects(key.sign(Buffer.from('x'), { kind: 'ec', hash: 'sha256' }), expected, place)
    await chmod(place, 0o755)
  }
})
