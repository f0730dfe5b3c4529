// A backup made under load, restored elsewhere: the same documents and receipts, a log that
// verifies, and partners who are not deceived about what it lacks.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, loadIdentity, loadTrust } from '@seg/pki'
import t from 'tap'
import { runAudit } from '../../packages/receiver/src/audit/run-audit.ts'
import { backUpLedger } from '../../packages/receiver/src/backup/back-up-ledger.ts'
import { type Declared, restoreLedger } from '../../packages/receiver/src/backup/restore-ledger.ts'
import { startReceiver } from '../../packages/receiver/src/http/start-receiver.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { closeGate, openGate } from '../../packages/receiver/src/open-gate.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { makeDocument, openInput, openSender } from '../../packages/sender/src/testing/gateways.ts'
import { openClient, receiverId, senderId, signLetter } from '../support/client.ts'
import { listStored, readOpenings, readStored } from '../support/stored.ts'

const DOCUMENTS = 200
const LARGE = 300_000

const folder = await mkdtemp(join(tmpdir(), 'seg-backup-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data, place] = [join(folder, 'certs'), join(folder, 'data'), join(folder, 'backups')]
await generate({ out: certs, key: 'ec-p256', senderId, receiverId, hosts: ['localhost', '127.0.0.1'] })
const partner = { identity: await loadIdentity(certs, 'sender'), trust: await loadTrust(certs) }
const trust = { certs, config: undefined }
const settings = {
  node: 'node1',
  certs,
  clockSkew: 300,
  documentLimit: 1024 ** 2,
  secondOpinion: 'off',
  rateLimit: 'off',
  diskReserve: 'auto',
  storageQuota: 'off',
  deskDays: 90,
  deskBytes: 1024 ** 3,
  consoleOutbox: 'off',
} as const

/** A receiver as `receiver start` opens it, with its audit trail. */
async function open(place: string) {
  const notes: string[] = []
  const gate = await openGate(
    { ...settings, data: place },
    () => new Date(),
    line => notes.push(line),
  )
  const logger = openLoggerInto({ write() {} })
  const running = await startReceiver({ ...gate, logger }, { host: '127.0.0.1', port: 0 })
  const auditing = runAudit(gate.audit!, gate, logger)
  const close = async () => {
    await running.close()
    await auditing.close()
    await closeGate(gate)
  }
  return { url: new URL(running.url), notes, close }
}

/** What comes of sending a document with the product's own sender, whose memory is in `outbox`. */
async function send(to: URL, outbox: string, id: string): Promise<string> {
  await using sender = await openSender(certs, join(folder, outbox))
  const input = await openInput(t, makeDocument({ id }))
  return await sendTemplate({ file: `${id}.xml`, input, id: undefined, stripComments: false }, to, sender).then(
    () => 'delivered',
    error => (error instanceof Fault ? error.code : String(error)),
  )
}

t.test('a backup under load is restored whole, and what the log lacks is declared', { timeout: 600_000 }, async t => {
  const first = await open(data)
  const clients = [0, 1, 2].map(() => openClient(first.url, partner))
  const latest = async (name: string) => {
    const path = join(folder, name)
    await writeFile(path, (await clients[0]!.get('/v1/log/checkpoint')).body)
    return path
  }
  t.equal(await send(first.url, 'saw-all', 'seen-1'), 'delivered')
  t.equal(await send(first.url, 'saw-less', 'seen-2'), 'delivered')
  const before = await latest('before.note')

  let isEnded = false
  const posted: string[] = []
  const post = async (lane: number) => {
    for (let i = 0; !isEnded || i < DOCUMENTS / clients.length; i++) {
      const id = `doc-${lane}-${i}`
      const letter = await signLetter(id, 'x'.repeat(i % 20 === 19 ? LARGE : 3000), partner)
      if ((await clients[lane]!.post(letter)).status !== 201) t.fail(`${id} was not accepted`)
      posted.push(id)
    }
  }
  const loading = Promise.all(clients.map((_, lane) => post(lane)))
  while (posted.length < 30) await new Promise(setImmediate)
  const acknowledged = [...posted]
  const { path, record } = await backUpLedger(data, place, trust, () => {})
  const during = posted.length
  isEnded = true
  await loading
  t.ok(during > acknowledged.length, 'documents were accepted while it was made')
  t.equal(await send(first.url, 'saw-all', 'seen-3'), 'delivered')
  const after = await latest('after.note')
  for (const client of clients) client.close()
  await first.close()

  const restored = join(folder, 'restored')
  const restore = (declared: Declared) => restoreLedger(place, restored, declared, trust, () => {})
  await t.rejects(restore({}), { code: 'log-incomplete', detail: /nobody says how many/ })
  await t.rejects(restore({ checkpoint: after }), {
    code: 'log-incomplete',
    detail: /it lacks \d+, with the documents/,
  })
  await t.rejects(restore({ checkpoint: after, entriesLost: true }), { code: 'usage', detail: /--why/ })
  t.match(await restore({ checkpoint: before }), { path, size: record.log!.size, root: record.log!.root })

  const kept = await listStored(restored)
  t.equal(kept.length, record.documents)
  const ids = new Set(kept.map(({ id }) => id))
  t.same(
    acknowledged.filter(id => !ids.has(id)),
    [],
    'what was acknowledged before is in it',
  )
  for (const { id } of kept) {
    const [there, here] = [await readStored(restored, senderId, id), await readStored(data, senderId, id)]
    if (!there.bytes?.equals(here.bytes!) || !there.receipt?.equals(here.receipt!)) t.fail(`${id} is not what it was`)
  }

  const second = await open(restored)
  t.match(second.notes.join(), /this ledger comes from the backup 20/)
  t.equal(await send(second.url, 'saw-less', 'seen-4'), 'delivered', 'its log is continued')
  t.equal(await send(second.url, 'saw-all', 'seen-5'), 'log-rewritten', 'it has seen what is missing')
  await second.close()
  const declared = readOpenings(restored)
    .slice(record.log!.size)
    .filter(({ facts }) => facts.toString().includes('"system.restored"'))
  t.equal(declared.length, 2, 'the log says that its ledger comes from a backup: intent and outcome')
  const third = await open(restored)
  t.same(third.notes, [], 'once')
  await third.close()
})

t.test('a checkpoint of another history is no reason to restore', async t => {
  const checkpoint = join(folder, 'stranger.note')
  await writeFile(checkpoint, (await readFile(join(folder, 'before.note'), 'utf8')).replace(/^(.*\n)\d+/, '$17'))
  const declared = { checkpoint, entriesLost: true, why: 'disk lost' } as const
  await t.rejects(
    restoreLedger(place, join(folder, 'other'), declared, trust, () => {}),
    {
      code: 'log-invalid',
      detail: /that a key in log.pub has signed, found none/,
    },
  )
})
