// A backup of an outbox, restored: what was delivered has its receipt, what was queued is sent.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { queueOnly, sendTemplate } from '../delivery/send.ts'
import { accept, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { runSender } from '../testing/run-sender.ts'

t.test('an outbox is restored with its documents, receipts and records', { timeout: 600_000 }, async t => {
  const certs = await makeCerts(t)
  const receiver = await startReceiver(t, certs, accept(certs))
  const [data, place, folder] = [await makeFolder(t), join(await makeFolder(t), 'backups'), await makeFolder(t)]
  const restored = join(folder, 'new')
  const template = async (id: string) => ({
    file: `${id}.xml`,
    input: await openInput(t, makeDocument({ id })),
    id: undefined,
    stripComments: false,
  })
  const first = await openSender(certs, data)
  const { receiptPath } = await sendTemplate(await template('delivered'), receiver.url, first)
  await t.rejects(queueOnly(await template('queued'), receiver.url, first), { code: 'delivery-pending' })

  const made = await runSender(data, ['backup', place, '--data', data, '--json'])
  t.match(JSON.parse(made.stdout), { ok: true, documents: 2, linked: 0 }, made.stderr)
  const again = await runSender(data, ['backup', place, '--data', data, '--json'])
  t.match(JSON.parse(again.stdout), { ok: true, documents: 2, linked: 2 }, 'documents are not copied again')
  await first[Symbol.asyncDispose]()

  await writeFile(join(folder, 'letter.txt'), '')
  const refused = await runSender(data, ['restore', place, '--data', folder, '--json'])
  t.match(JSON.parse(refused.stdout), { ok: false, code: 'configuration' })
  t.same(await readdir(folder), ['letter.txt'])
  const { exitCode, stderr } = await runSender(data, ['restore', place, '--data', restored, '--why', 'disk', '--json'])
  t.equal(exitCode, 0, stderr)
  t.same(
    await readFile(join(restored, receiptPath.slice(data.length + 1))),
    await readFile(receiptPath),
    'the same receipt',
  )
  const records = JSON.parse((await runSender(data, ['audit', 'list', '--data', restored, '--json'])).stdout).records
  t.match(records.map(({ record }: { record: object }) => record).slice(-2), [
    { action: 'system.restored', outcome: 'pending', why: 'disk' },
    { action: 'system.restored', outcome: 'success' },
  ])
  await using second = await openSender(certs, restored)
  t.match(
    await sendTemplate(await template('delivered'), receiver.url, second),
    { made: undefined },
    'it is not sent again',
  )
  t.ok(await sendTemplate(await template('queued'), receiver.url, second))
})
