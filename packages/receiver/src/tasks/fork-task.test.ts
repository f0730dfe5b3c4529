// Tasks in processes of their own: a real backup and diagnosis, and how tasks end early.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { copySettings } from '@seg/core'
import { readBackupRecord, wholeBackups } from '@seg/ledger'
import t from 'tap'
import { startSettings } from '../commands/start-settings.ts'
import { handOffSettings } from '../hand-off/targets.ts'
import { program } from '../main.ts'
import { post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway } from '../testing/gateway.ts'
import { openTaskWork } from './fork-task.ts'

const certs = await makeCerts(t)

t.test('a backup and a diagnosis of a receiver that runs, with what it was started with', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const place = join(await makeFolder(t), 'backups')
  const start = program.commands.find(command => command.name() === 'start')!
  const front = ['--ready-listen', '127.0.0.1:8081', '--proxy-protocol', '10.0.0.5,10.1.0.0/16']
  start.parseOptions([
    ...front,
    '--certs',
    certs,
    '--data',
    gateway.data,
    '--port',
    `${gateway.port}`,
    '--inbox',
    'elsewhere',
  ])
  const work = openTaskWork({
    ...{ certs, data: gateway.data, config: undefined, backups: place },
    started: copySettings(start, [...startSettings, ...handOffSettings]),
  })
  const lines: string[] = []
  const { signal } = new AbortController()
  const edge = { onProgress: (line: string) => lines.push(line), signal }
  const made = await work('backup', edge)
  t.match(made, { ok: true, size: 2, documents: 1 })
  t.equal(readBackupRecord(String(made.backup)).documents, 1)
  t.ok(lines.length > 0, 'it said how far it was')
  const { failures, checks } = (await work('diagnosis', edge)) as { failures: number; checks: { id: string }[] }
  t.equal(failures, 0, JSON.stringify(checks))
  t.match(
    checks.find(({ id }) => id === 'data in use'),
    { status: 'ok', found: /the receiver that listens on the port/ },
  )
})

t.test('a task that is ended leaves no backup, and one that cannot begin says why', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const place = join(await makeFolder(t), 'backups')
  const options = { certs, data: gateway.data, config: undefined, backups: place, started: undefined }
  // Before it has begun: whether one in the middle comes in time is chance.
  const working = openTaskWork(options)('backup', { onProgress: () => {}, signal: AbortSignal.abort() })
  await t.rejects(working, { code: 'task-ended', detail: /its process ended with SIGKILL/ })
  t.same(wholeBackups(place), [])
  const edge = { onProgress: () => {}, signal: new AbortController().signal }
  const inside = openTaskWork({ ...options, backups: join(gateway.data, 'backups') })
  await t.rejects(inside('backup', edge), { code: 'configuration', detail: /outside of/ })
  const nowhere = openTaskWork({ ...options, backups: undefined })
  await t.rejects(nowhere('backup', edge), { code: 'act-impossible' })
  await t.rejects(nowhere('diagnosis', edge), { code: 'act-impossible' })
})

t.test('where no process can be started, the task says so, and whoever asked goes on', async t => {
  const work = new URL('fork-task.ts', import.meta.url).href
  const script = `
    import { openSync } from 'node:fs'
    const { openTaskWork } = await import(${JSON.stringify(work)})
    const work = openTaskWork({ certs: '', data: '', config: undefined, backups: '/nowhere', started: undefined })
    try {
      for (;;) openSync('/dev/null')
    } catch {}
    const edge = { onProgress: () => {}, signal: new AbortController().signal }
    const found = await work('backup', edge).catch(({ code, detail }) => code + ': ' + detail)
    await new Promise(resolve => setImmediate(resolve))
    console.log(found)`
  const limited = ['-c', 'ulimit -n 200; exec "$0" --input-type=module -e "$1"', process.execPath, script]
  const { stdout } = await promisify(execFile)('/bin/sh', limited)
  t.match(stdout, /^task-ended: its process cannot be used: .*EMFILE/)
})
