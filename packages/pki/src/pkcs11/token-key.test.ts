import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { TokenKey } from './token-key.ts'
import { parseTokenUri } from './token-uri.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-token-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

t.test('a module that anybody may change does not get the PIN', async t => {
  const [module, pin] = [join(folder, 'hsm.so'), join(folder, 'pin')]
  await writeFile(module, '')
  await chmod(module, 0o666)
  await writeFile(pin, '1234\n', { mode: 0o600 })
  const uri = `pkcs11:token=a;object=b?module-path=${module}&pin-source=file:${pin}`
  const key = new TokenKey('seal.key', parseTokenUri('seal.key', uri))
  t.teardown(() => key.end())
  const expected = { code: 'configuration', detail: /anybody may change.*hsm\.so/, command: `chmod o-w ${module}` }
  await t.rejects(key.sign(Buffer.from('x'), { kind: 'ec', hash: 'sha256' }), expected)
})
