// What `sender deliver` did is in the desk of its data folder.
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { queueOnly } from '../delivery/send.ts'
import { accept, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { runSender, startDaemon } from '../testing/run-sender.ts'

t.test('deliveries of a daemon are facts, and are found by document and outcome', { timeout: 600_000 }, async t => {
  const certs = await makeCerts(t)
  const receiver = await startReceiver(t, certs, accept(certs))
  const data = join(await makeFolder(t), 'sender')
  await using sender = await openSender(certs, data)
  for (const id of ['one', 'two']) {
    const template = { file: `${id}.xml`, input: await openInput(t, makeDocument({ id })), id: undefined }
    await t.rejects(queueOnly({ ...template, stripComments: false }, receiver.url, sender), {
      code: 'delivery-pending',
    })
  }
  const facts = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runSender(data, ['facts', ...args, '--data', data, '--json'])
    return { exitCode, stderr, ...JSON.parse(stdout) }
  }
  t.match(await facts('list'), { exitCode: 5, code: 'not-found', detail: /which a running gateway makes/ })
  const daemon = await startDaemon(t, data, ['--certs', certs, '--data', data, '--to', receiver.url.origin])
  const delivered = () => facts('list', '--outcome', 'delivered')
  const found = await until(delivered, answer => answer.facts?.length === 2)
  t.match(found.facts, [
    { kind: 'delivery', document: 'two', target: receiver.url.origin, tries: 1 },
    { kind: 'delivery', document: 'one' },
  ])
  t.match((await facts('list', '--document', 'one')).facts, [{ document: 'one' }])
  t.equal(await daemon.stop(), 0)
  t.match((await facts('count')).counts, [{ kind: 'delivery', outcome: 'delivered', events: 2 }])
})
