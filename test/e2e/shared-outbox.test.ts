// Two sending sites with one outbox in PostgreSQL: kill -9 of their daemons at any moment, and one
// site that does not come back. Each document dropped at either is at the receiver once, and its
// receipt is in the outbox. KILL_ROUNDS sets the number of rounds.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { seededInt } from '@seg/core/testing/random'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { HELD_IN_MEMORY, openNamedOutbox } from '../../packages/ledger/src/index.ts'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { loadReceiptTrust } from '../../packages/sender/src/receipt/check-log-entry.ts'
import { checkStoredReceipt } from '../../packages/sender/src/receipt/check-receipt.ts'
import { startDaemon } from '../../packages/sender/src/testing/run-sender.ts'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 1)
const FILES = 8
/** Milliseconds after which a daemon is killed though it has not come as far as it should. */
const LONGEST_LIFE = 5_000

const server = await PostgresServer.start(t)
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const folder = await mkdtemp(join(tmpdir(), 'seg-shared-outbox-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, received] = ['certs', 'receiver'].map(name => join(folder, name)) as [string, string]
const sites = ['north', 'south'].map(name => join(folder, name)) as [string, string]
await makePartner(certs)
for (const site of sites) await mkdir(join(site, 'outgoing'), { recursive: true })
const template = await readFile(join(root, 'sample_document.xml'), 'utf8')

/** Documents of many sizes, and one that the outbox has in pieces. */
async function drop(site: string, name: string): Promise<string[]> {
  const ids = Array.from({ length: FILES }, (_, i) => `${name}.${i}`)
  const outgoing = join(site, 'outgoing')
  for (const [i, id] of ids.entries()) {
    const filler = 'x'.repeat(i === 5 ? 6 * HELD_IN_MEMORY : 50 * i)
    await writeFile(join(outgoing, `.${id}`), template.replace('doc123', id).replace('Saturday', filler))
    await rename(join(outgoing, `.${id}`), join(outgoing, `${id}.xml`))
  }
  return ids
}

const leftAt = async (site: string) => (await readdir(join(site, 'outgoing'))).length

t.test(`${ROUNDS} rounds of kills at two sites, and a site that is gone, lose and double no document`, async t => {
  const outboxUrl = await server.makeDatabase()
  const receiver = await startReceiver(t, ['--certs', certs, '--data', received])
  const daemonAt = (site: string) =>
    startDaemon(t, root, ['--certs', certs, '--data', site, '--to', receiver.url.origin, '--outbox', outboxUrl])
  const [north, south] = sites
  const dropped: string[] = []
  const left: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, site] of sites.entries()) dropped.push(...(await drop(site, `round${round}.site${i}`)))
    const daemons = await Promise.all(sites.map(daemonAt))
    const done = () => daemons.reduce((sum, { lines }) => sum + lines.length, 0)
    await Promise.all(
      daemons.map(async daemon => {
        const count = seededInt(FILES)
        for (const end = performance.now() + LONGEST_LIFE; done() < count && performance.now() < end; ) await pause(1)
        await daemon.stop('SIGKILL')
      }),
    )
    left.push((await leftAt(north)) + (await leftAt(south)))
  }

  // North is gone. What it had queued is in the outbox, with its bytes.
  const outbox = await openNamedOutbox(south)
  t.teardown(() => outbox.close())
  const last = await daemonAt(south)
  await until(
    async () => (await leftAt(south)) + (await Array.fromAsync(outbox.list(['queued']))).length,
    waiting => waiting === 0,
  )
  t.equal(await last.stop(), 0)
  const again = await daemonAt(north)
  await until(
    () => leftAt(north),
    waiting => waiting === 0,
  )
  t.equal(await again.stop(), 0)

  const sent: string[] = []
  for (const site of sites) {
    t.same(await readdir(join(site, 'refused')), [], 'nothing was refused: no id was used for two documents')
    sent.push(...(await readdir(join(site, 'sent'))))
  }
  t.same(sent.sort(), dropped.flatMap(id => [`${id}.xml`, `${id}.xml.receipt.xml`]).sort(), 'each with its receipt')
  const { stdout } = await runCommand('receiver', ['documents', 'list', '--data', received, '--json'])
  const listed: { id: string; sha256: string; index: number }[] = JSON.parse(stdout.toString()).documents
  t.same(listed.map(({ id }) => id).sort(), dropped.toSorted(), 'each document is at the receiver once')
  const trust = await loadReceiptTrust(certs)
  const entries = await Array.fromAsync(outbox.list())
  t.same(entries.map(({ document }) => document.id).sort(), dropped.toSorted(), 'each was delivered once')
  for (const { number, state, document, lease } of entries) {
    const receipt = (await outbox.receipt(number)) ?? Buffer.alloc(0)
    const { logEntry } = checkStoredReceipt(receipt, Buffer.from(document.sha256, 'hex'), trust)
    const accepted = listed.find(({ id }) => id === document.id)
    t.same(
      [state, lease, document.sha256, logEntry.index],
      ['delivered', undefined, accepted?.sha256, accepted?.index],
      `${document.id} is delivered, and its receipt proves its entry`,
    )
  }
  const retried = entries.filter(({ leases }) => leases > 1).length
  t.comment(`the kills left ${left.join(', ')} files to be done; ${retried} documents were leased more than once`)

  // What one site has sent, the other one shows whole.
  const [first] = dropped
  const show = ['outbox', 'show', first!, '--data', south, '--json']
  const shown = JSON.parse((await runCommand('sender', show)).stdout.toString())
  const verified = await runCommand('sender', [
    ...['verify-receipt', shown.receipt, '--document', shown.document],
    ...['--certs', certs],
  ])
  t.equal(verified.exitCode, 0, verified.stderr.toString())
  const { exitCode } = await runCommand('receiver', ['log', 'verify', '--data', received, '--certs', certs])
  t.equal(exitCode, 0, 'the log verifies')
  await receiver.stop()
})
