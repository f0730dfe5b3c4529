// No act of an operator without its records: each command that changes something has them, and each
// record is an entry of the receiver's log.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { listCommands, loadProgram, root, runCommand, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-audit-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data, config] = ['certs', 'data', 'seg.yaml'].map(name => join(folder, name)) as [string, string, string]
const partner = await makePartner(certs)
await writeFile(config, 'clock-skew: 300\n')

/** Commands that change nothing, and do not give out what is kept. */
const reading = [
  'receiver diagnose',
  'receiver documents list',
  'receiver documents show',
  'receiver dead-letters list',
  'receiver alerts list',
  // It says to others that it is a test.
  'receiver alerts test',
  'receiver facts list',
  'receiver facts count',
  'receiver log mirror',
  'receiver log verify',
  'receiver partners list',
  'receiver partners show',
  'receiver partners export',
  'receiver audit list',
  'receiver audit show',
  'receiver audit verify',
  'receiver console keys list',
  'receiver rollover list',
  'sender rollover list',
  'receiver evidence verifier',
  'receiver config check',
  'receiver config schema',
  'sender diagnose',
  'sender outbox list',
  'sender outbox show',
  'sender facts list',
  'sender facts count',
  'sender log show',
  'sender log compare',
  'sender sign',
  'sender verify',
  'sender verify-receipt',
  'sender audit list',
  'sender audit show',
  'sender audit verify',
  'sender config check',
  'sender config schema',
  'sender receivers list',
  'sender receivers show',
  'sender receivers export',
  // Of a receiver of one's own, whose log has what it did.
  'sender attack',
  // Documents have facts, not records: what is sent is the job itself.
  'sender send',
  'sender deliver',
]

/** Their records are in the folder that they make: their own tests look for them. */
const restoring = ['receiver log recover', 'receiver restore', 'sender restore']

/** The action that the records of each other command have. */
const acting: Readonly<Record<string, { readonly action: string; readonly args: readonly string[] }>> = {
  'receiver start': { action: 'system.started', args: [] },
  'receiver documents export': { action: 'document.bytes-exported', args: ['doc1', '-o', join(folder, 'out.xml')] },
  'receiver backup': { action: 'system.backed-up', args: [join(folder, 'backups')] },
  'receiver partners suspend': { action: 'partner.suspended', args: [senderId, '--why', 'key stolen'] },
  'receiver partners resume': { action: 'partner.resumed', args: [senderId] },
  'receiver partners remove': { action: 'partner.removed', args: [senderId] },
  'receiver partners trust': { action: 'partner.authority-changed', args: ['gov', '--anchors', join(certs, 'ca.crt')] },
  'receiver partners add': { action: 'partner.changed', args: [senderId, '--authority', 'gov'] },
  'receiver partners import': { action: 'partner.imported', args: [join(folder, 'partners.yaml')] },
  // There is no such certificate.
  'sender rollover announce': {
    action: 'key.rollover-announced',
    args: ['R', '--certificate', join(folder, 'none.crt'), '--certs', certs],
  },
  'sender rollover finish': {
    action: 'key.rollover-finished',
    args: ['--certificate', join(folder, 'none.crt'), '--certs', certs],
  },
  // There is no such announcement.
  'receiver rollover accept': { action: 'partner.rollover-accepted', args: ['0'.repeat(64)] },
  'receiver rollover refuse': { action: 'partner.rollover-refused', args: ['0'.repeat(64)] },
  // There is no such dead letter.
  'receiver dead-letters retry': { action: 'delivery.dead-letter-retried', args: ['4711', '--why', 'repaired'] },
  'receiver dead-letters discard': { action: 'delivery.dead-letter-discarded', args: ['4711', '--why', 'by hand'] },
  'receiver console login': { action: 'authentication.link-issued', args: [] },
  'receiver console keys add': {
    action: 'authorization.api-key-made',
    args: ['--name', 'reports', '--role', 'viewer'],
  },
  // Its id is asked for.
  'receiver console keys revoke': { action: 'authorization.api-key-revoked', args: [] },
  'receiver alerts mute': {
    action: 'configuration.alert-muted',
    args: ['SegConflict', '--hours', '1', '--why', 'a test'],
  },
  'receiver alerts unmute': { action: 'configuration.alert-unmuted', args: ['SegConflict'] },
  'receiver alerts ack': { action: 'configuration.alert-acknowledged', args: ['fired'] },
  'receiver log rotate-key': { action: 'key.log-key-rotated', args: [] },
  // Nobody listens there.
  'receiver migrate': {
    action: 'system.ledger-migrated',
    args: ['--from', data, '--to', 'postgres://seg@localhost:1/seg'],
  },
  'sender backup': { action: 'system.backed-up', args: [join(folder, 'outbox-backups')] },
  'sender outbox retry': { action: 'delivery.entry-retried', args: ['1'] },
  'sender outbox cancel': { action: 'delivery.entry-cancelled', args: ['1'] },
  'sender receivers add': { action: 'partner.receiver-changed', args: ['R', '--url', 'https://localhost:1'] },
  'sender receivers suspend': { action: 'partner.receiver-suspended', args: ['R'] },
  'sender receivers resume': { action: 'partner.receiver-resumed', args: ['R'] },
  'sender receivers trust': {
    action: 'partner.receiver-trust-changed',
    args: ['R', '--anchors', join(certs, 'ca.crt')],
  },
  'sender receivers import': { action: 'partner.receivers-imported', args: [join(folder, 'receivers.yaml')] },
  'sender receivers remove': { action: 'partner.receiver-removed', args: ['R'] },
  'sender log end': { action: 'configuration.log-ended', args: ['NAME+00000000'] },
}

type Listed = {
  readonly number: number
  readonly leaf: number | null
  readonly record: {
    readonly action: string
    readonly outcome: string
    readonly why?: string
    readonly change?: object[]
  }
}

async function listRecords(name: 'receiver' | 'sender', place: string): Promise<readonly Listed[]> {
  const { stdout, stderr } = await runCommand(name, ['audit', 'list', '--data', place, '--json'])
  t.equal(stderr, '')
  return JSON.parse(stdout.toString()).records
}

/** What they name is not there. */
const fails = (command: string) => command === 'sender log end' || / (rollover|dead-letters|migrate)/.test(command)

async function listKeys(): Promise<string[]> {
  const { stdout } = await runCommand('receiver', ['console', 'keys', 'list', '--data', data, '--json'])
  return JSON.parse(stdout.toString()).keys.map(({ id }: { id: string }) => id)
}

/** As a receiver leaves one that fires. */
function fireAlert(): void {
  const alert = { id: 'fired', rule: 'SegConflict', labels: {}, state: 'firing', since: 1, value: 1, notified: {} }
  const database = new DatabaseSync(join(data, 'alerts.sqlite'))
  database.prepare('INSERT INTO alerts (id, alert) VALUES (?, ?)').run('fired', JSON.stringify(alert))
  database.close()
}

async function waitForRecords(areThere: (found: readonly Listed[]) => boolean): Promise<void> {
  await until(() => listRecords('receiver', data), areThere)
}

t.test('each command either changes nothing, or is among those whose records are tested', async t => {
  const programs = await Promise.all([loadProgram('receiver'), loadProgram('sender')])
  const commands = programs.flatMap(listCommands).map(({ path }) => path.join(' '))
  t.ok(commands.length > 25, 'the search finds the commands that are there')
  t.same(commands.filter(command => ![...reading, ...restoring].includes(command)).sort(), Object.keys(acting).sort())
})

t.test('each act of a command has its records, and each record of the receiver its entry of the log', async t => {
  const receiver = await startReceiver(t, ['--certs', certs, '--data', data, '--config', config])
  const client = openClient(receiver.url, partner)
  t.equal((await client.post(await signLetter('doc1', 'Lunch', partner))).status, 201)
  client.close()
  const places = ['--certs', certs, '--data', data, '--config', config]
  const run = async (command: string) => {
    const [, ...words] = command.split(' ')
    const where =
      command === 'receiver migrate'
        ? []
        : /documents|console|rollover refuse/.test(command)
          ? ['--data', data]
          : places
    const args = command.endsWith('keys revoke') ? await listKeys() : acting[command]!.args
    const { exitCode, stderr } = await runCommand('receiver', [...words, ...args, ...where])
    t.equal(exitCode === 0, !fails(command), `${command}: ${stderr}`)
  }
  const trust = Object.keys(acting).filter(command =>
    /receiver (backup|console|dead-letters|documents|partners|rollover)/.test(command),
  )
  for (const command of trust) {
    if (command.endsWith('import'))
      await writeFile(
        join(folder, 'partners.yaml'),
        (await runCommand('receiver', ['partners', 'export', '--config', config])).stdout,
      )
    await run(command)
    // What is undone before the receiver looks again did not take effect.
    if (command.endsWith('suspend'))
      await waitForRecords(found => found.some(({ record }) => record.action === 'partner-suspended'))
  }
  // A running receiver enters the records that others wrote.
  await waitForRecords(found => found.every(({ leaf }) => leaf !== null))
  await receiver.stop()
  await run('receiver migrate')
  await run('receiver log rotate-key')
  await run('receiver alerts mute')
  await run('receiver alerts unmute')
  fireAlert()
  await run('receiver alerts ack')

  const records = await listRecords('receiver', data)
  for (const [command, { action }] of Object.entries(acting).filter(([name]) => name.startsWith('receiver'))) {
    const own = records.filter(({ record }) => record.action === action)
    const outcomes = command === 'receiver start' ? ['success'] : ['pending', fails(command) ? 'failure' : 'success']
    t.same(
      own.map(({ record }) => record.outcome),
      outcomes,
      command,
    )
    t.ok(
      own.every(({ leaf }) => leaf !== null),
      `${command} is in the log`,
    )
  }
  const suspended = records.filter(({ record }) => record.action === 'partner.suspended')
  t.match(suspended[1]!.record, {
    why: 'key stolen',
    change: [{ path: '', before: null, after: { state: 'suspended' } }],
  })
  t.ok(records.some(({ record }) => record.action === 'system.stopped'))
  t.ok(
    records.some(({ record }) => record.action === 'partner-suspended'),
    'what took effect is found, too',
  )
  const verified = await runCommand('receiver', ['audit', 'verify', '--data', data, '--json'])
  t.match(JSON.parse(verified.stdout.toString()), { ok: true, records: records.length, notEntered: 0, unfinished: 0 })
  const log = await runCommand('receiver', ['log', 'verify', ...places])
  t.equal(log.exitCode, 0, log.stderr)
})

t.test('a command of the sender has its records, without a log', async t => {
  const outbox = join(folder, 'sender')
  const sample = join(root, 'sample_document.xml')
  const queued = await runCommand('sender', [
    'send',
    sample,
    '--no-wait',
    '--certs',
    certs,
    '--data',
    outbox,
    '--to',
    'https://localhost:1',
  ])
  t.equal(queued.exitCode, 4, queued.stderr)
  const own = Object.keys(acting).filter(command => command.startsWith('sender'))
  for (const command of own) {
    const [, ...words] = command.split(' ')
    const more = words[0] === 'receivers' ? ['--config', config] : []
    if (command.endsWith('import'))
      await writeFile(
        join(folder, 'receivers.yaml'),
        (await runCommand('sender', ['receivers', 'export', ...more])).stdout,
      )
    const { stderr } = await runCommand('sender', [...words, ...acting[command]!.args, '--data', outbox, ...more])
    const records = await listRecords('sender', outbox)
    const outcomes = records
      .filter(({ record }) => record.action === acting[command]!.action)
      .map(({ record }) => record.outcome)
    t.same(outcomes, ['pending', fails(command) ? 'failure' : 'success'], `${command}: ${stderr}`)
  }
  const cancelled = (await listRecords('sender', outbox)).filter(({ record }) => record.action.endsWith('cancelled'))
  t.match(cancelled[1]!.record.change, [{ path: '1', before: 'queued', after: 'cancelled' }])
  const verified = await runCommand('sender', ['audit', 'verify', '--data', outbox])
  t.match(verified, { exitCode: 0, stdout: / records, proven by their chain; / })
  t.notMatch((await runCommand('sender', ['audit', 'list', '--data', outbox])).stdout, 'log yet', 'a sender has no log')
})

t.test('a record that was edited or deleted in the database does not match the log', async t => {
  const path = join(data, 'audit.sqlite')
  const kept = await readFile(path)
  for (const [sql, problem] of [
    [`UPDATE records SET record = replace(record, 'key stolen', 'nothing') WHERE number > 0`, /was edited/],
    ['DELETE FROM records WHERE number = (SELECT MAX(number) FROM records)', /was deleted/],
    ['DELETE FROM records', /was deleted/],
  ] as const) {
    const database = new DatabaseSync(path)
    database.exec(`${sql}; PRAGMA wal_checkpoint(TRUNCATE)`)
    database.close()
    const { exitCode, stderr } = await runCommand('receiver', ['audit', 'verify', '--data', data])
    t.equal(exitCode, 5, stderr)
    t.match(stderr, problem)
    await writeFile(path, kept)
  }
  t.equal((await runCommand('receiver', ['audit', 'verify', '--data', data])).exitCode, 0)
})
