// A stop that a load balancer notices in time: first not ready, then for a while each answer is the
// last of its connection, then the end.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { makePartner, openClient, signLetter } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-drain-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const partner = await makePartner(certs)

t.test('a receiver that is stopped is not ready first, and accepts until the balancer has seen that', async t => {
  const ready = ['--ready-listen', '127.0.0.1:0', '--drain-time', '3600']
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'data'), ...ready])
  const { ready: url } = receiver.ready as typeof receiver.ready & { ready: string }
  const status = async () => (await fetch(`${url}/readyz`)).status
  await eventually(t, status, 200)
  const client = openClient(receiver.url, partner)
  t.teardown(() => client.close())
  t.equal((await client.post(await signLetter('doc-1', 'before', partner))).status, 201)

  const stopped = receiver.stop()
  await eventually(t, status, 503)
  t.equal((await fetch(`${url}/livez`)).status, 200)
  const late = openClient(receiver.url, partner)
  t.teardown(() => late.close())
  t.equal((await late.post(await signLetter('doc-2', 'meanwhile', partner))).status, 201)
  receiver.child.kill('SIGTERM')
  await stopped
  t.pass('a second signal ends it, long before that time is over')
})

t.test('it ends when that time is over, without an error', async t => {
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'other'), '--drain-time', '0.2'])
  t.equal(await receiver.stop(), 0)
})
