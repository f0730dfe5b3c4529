// Fault codes by the API: what they mean, and what to do.
import { advice, faults } from '@seg/core'
import t from 'tap'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)

t.test('every fault code is listed with its sentence and its remedy, and found by its name', async t => {
  const { ask, keyOf } = await openListener(t, certs)
  const get = async (path: string) => (await ask('GET', `/api/v1/faults${path}`, keyOf('viewer'))).json
  const { data } = await get('')
  t.same(
    data.map(({ code }: { code: string }) => code),
    Object.keys(faults),
  )
  t.same(await get('/signature-digest'), {
    code: 'signature-digest',
    status: 422,
    sentence: faults['signature-digest'].sentence,
    remedy: advice['signature-digest'],
  })
  for (const code of ['no-such-code', 'constructor', '__proto__'])
    t.equal((await ask('GET', `/api/v1/faults/${code}`, keyOf('viewer'))).status, code === '__proto__' ? 400 : 404)
})
