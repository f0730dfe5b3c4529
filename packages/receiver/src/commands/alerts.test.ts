// `receiver alerts`: what is shown, acknowledged, muted and tried out.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { runInProcess } from '@seg/core/testing'
import t, { type Test } from 'tap'
import { program } from '../main.ts'
import { makeCerts, openGateway } from '../testing/gateway.ts'

const certs = await makeCerts(t)
const fired = {
  ...{ id: 'abc', rule: 'SegConflict', labels: { partner: 'M1' }, state: 'firing' },
  ...{ since: 1000, value: 1, notified: {} },
}

async function openFolder(t: Test) {
  const { data } = await openGateway(t, certs)
  const config = join(data, 'seg.yaml')
  await writeFile(config, '')
  const run = async (...args: readonly string[]) => {
    const places = args[0] === 'test' ? [] : ['--data', data]
    const ran = await runInProcess(program, ['alerts', ...args, '--config', config, '--json', ...places])
    return { exitCode: ran.exitCode, ...JSON.parse(ran.stdout.toString()) }
  }
  const put = () => {
    const database = new DatabaseSync(join(data, 'alerts.sqlite'))
    database.prepare('INSERT INTO alerts (id, alert) VALUES (?, ?)').run('abc', JSON.stringify(fired))
    database.close()
  }
  return { data, config, run, put }
}

t.test('an alert is shown, acknowledged and muted, each with who and why', async t => {
  const { run, put } = await openFolder(t)
  t.match(await run('list'), { exitCode: 0, alerts: [] })
  t.match(await run('mute', 'SegConflict', '--hours', '2', '--why', 'a test of M1'), { exitCode: 0, ok: true })
  put()
  t.match(await run('ack', 'abc', '--why', 'on it'), { exitCode: 0, rule: 'SegConflict' })
  t.match(await run('list'), {
    alerts: [
      {
        ...{ id: 'abc', rule: 'SegConflict', state: 'firing', severity: 'ticket', security: true, acknowledged: true },
        muted: { why: 'a test of M1', by: String },
      },
    ],
  })
  t.match(await run('unmute', 'SegConflict'), { exitCode: 0, rule: 'SegConflict' })
  t.match(await run('list'), { alerts: [{ id: 'abc', muted: null }], mutes: [] })
  t.match(await run('unmute', 'SegConflict'), { code: 'not-found', detail: /SegConflict/ })
})

t.test('a mute has a known rule, an end within 30 days and a reason; only what fires is acknowledged', async t => {
  const { run } = await openFolder(t)
  t.match(await run('mute', 'SegNothing', '--hours', '2', '--why', 'x'), { exitCode: 2, detail: /SegConflict/ })
  t.match(await run('mute', 'SegConflict', '--hours', '721', '--why', 'x'), { exitCode: 2 })
  t.match(await run('mute', 'SegConflict', '--hours', '2'), { exitCode: 2, detail: /--why/ })
  t.match(await run('ack', 'abc'), { code: 'not-found' })
})

t.test('a test says of each channel whether it took it', async t => {
  const { config, run } = await openFolder(t)
  t.match(await run('test'), { code: 'configuration', detail: /found none/ })
  await writeFile(config, `alerts: { syslog: { to: "127.0.0.1:1", ca: ${join(certs, 'ca.crt')} } }\n`)
  t.match(await run('test'), {
    exitCode: 5,
    ok: false,
    channels: [{ channel: 'syslog', ok: false, reason: /ECONNREFUSED/ }],
  })
  await writeFile(config, 'alerts: { mail: { server: "http://x", from: a@b, to: [a@b] }, siren: 1 }\n')
  t.match(await run('test'), { code: 'configuration', detail: /a mail server.*siren/s })
})
