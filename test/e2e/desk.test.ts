// The desk beside running gateways: what a crash leaves of facts, and the deliveries of a sender's
// outbox among them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { makePartner, openClient, signLetter } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-desk-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const partner = await makePartner(certs)

type FactLine = {
  readonly kind: string
  readonly document?: string
  readonly outcome: string
  readonly recorded: boolean
}

async function listFacts(data: string, ...filter: string[]): Promise<readonly FactLine[]> {
  const { stdout, exitCode } = await runCommand('receiver', ['facts', 'list', '--data', data, '--json', ...filter])
  return exitCode === 0 ? JSON.parse(stdout.toString()).facts : []
}

/** The rows once there are so many. */
function waitFor(count: number, list: () => Promise<readonly FactLine[]>): Promise<readonly FactLine[]> {
  return until(list, facts => facts.length >= count)
}

t.test(
  'killed between an acceptance and the desk, the row is there, and says that the rest is not recorded',
  async t => {
    const data = join(folder, 'killed')
    const args = ['--certs', certs, '--data', data]
    const posted: string[] = []
    let lost: readonly FactLine[] = []
    // The kill comes within milliseconds of the answer, on a slow machine not always soon enough.
    for (let round = 0; round < 6 && lost.length === 0; round++) {
      const receiver = await startReceiver(t, args)
      const client = openClient(receiver.url, partner)
      const id = `doc${round}`
      const { status } = await client.post(await signLetter(id, 'Lunch', partner))
      const killed = receiver.kill()
      t.equal(status, 201)
      client.close()
      await killed
      posted.push(id)
      const again = await startReceiver(t, args)
      const facts = await waitFor(posted.length, () => listFacts(data, '--outcome', 'accepted'))
      t.same(facts.map(({ document }) => document).sort(), posted, 'one row for each acceptance')
      lost = facts.filter(({ recorded }) => !recorded)
      await again.stop()
    }
    t.ok(lost.length > 0)
    t.match(lost[0], { recorded: false, partner: 'MINISTRY 1_SEG01', bytes: /\d/, sha256: /^[0-9a-f]{64}$/ })
    t.notOk('tlsVersion' in lost[0]! || 'totalTime' in lost[0]!)
  },
)

t.test('what is handed on, and what the outbox of a sender delivers, are facts, too', async t => {
  const [data, outbox] = [join(folder, 'receiver'), join(folder, 'sender')]
  const receiver = await startReceiver(t, ['--certs', certs, '--data', data, '--console-outbox', outbox])
  const send = (to: string, ...more: string[]) =>
    runCommand('sender', [
      'send',
      join(root, 'sample_document.xml'),
      '--certs',
      certs,
      '--data',
      outbox,
      '--to',
      to,
      ...more,
    ])
  t.equal((await send(receiver.url.origin)).exitCode, 0)
  t.equal((await send('https://localhost:1', '--id', 'late', '--no-wait')).exitCode, 4)
  await waitFor(1, () => listFacts(data, '--outcome', 'delivered'))
  const deliveries = await waitFor(2, () => listFacts(data, '--kind', 'delivery'))
  t.match(deliveries, [
    { document: 'late', outcome: 'queued', target: 'https://localhost:1' },
    { document: 'doc123', outcome: 'delivered', tries: 1, partner: 'MINISTRY 2_SEG01', address: /127\.0\.0\.1|::1/ },
  ])
  const cancelled = await runCommand('sender', ['outbox', 'cancel', '2', '--data', outbox])
  t.equal(cancelled.exitCode, 0, cancelled.stderr)
  t.match(await waitFor(1, () => listFacts(data, '--outcome', 'cancelled')), [
    { document: 'late', outcome: 'cancelled' },
  ])
  t.match(await waitFor(1, () => listFacts(data, '--kind', 'hand-off')), [
    { outcome: 'taken', target: 'inbox', count: 1 },
  ])
  const count = await runCommand('receiver', ['facts', 'count', '--data', data, '--json'])
  const { counts } = JSON.parse(count.stdout.toString())
  t.match(
    counts.find(({ outcome }: FactLine) => outcome === 'accepted'),
    { partner: 'MINISTRY 1_SEG01', kind: 'document', events: 1 },
  )
  t.equal(
    counts.some(({ outcome }: FactLine) => outcome === 'queued'),
    false,
    'what is settled is counted once',
  )
  await receiver.stop()
})
