// Connections that stay, as gateways keep them: whatever was answered on one, its next request is
// served.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makePartner, openClient, signLetter } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'

const CLIENTS = 4
const EACH = 30

t.test('accepted and refused documents follow one another without end', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'seg-kept-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const certs = join(folder, 'certs')
  const partner = await makePartner(certs)
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'data')])
  const expected = Array.from({ length: EACH }, (_, i) => (i % 3 === 2 ? 422 : 201))
  const work = async (client: number) => {
    const { post, close } = openClient(receiver.url, partner)
    const statuses: number[] = []
    for (const [i, status] of expected.entries()) {
      const letter = await signLetter(`${client}.${i}`, 'as signed', partner)
      const sent = status === 201 ? letter : Buffer.from(letter.toString().replace('as signed', 'as changed'))
      statuses.push((await post(sent)).status)
    }
    close()
    return statuses
  }
  for (const statuses of await Promise.all(Array.from({ length: CLIENTS }, (_, i) => work(i))))
    t.same(statuses, expected)
  t.equal(await receiver.stop(), 0)
})
