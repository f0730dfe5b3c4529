import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openLedgerReader } from '@seg/ledger'
import t from 'tap'
import { makeCerts, makeFolder, openTestLedger, senderId } from '../testing/gateway.ts'

const main = join(import.meta.dirname, '../main.ts')

t.test('partners and authorities are changed by commands, each tried out first and an entry of the log', async t => {
  const [certs, data] = [await makeCerts(t), await makeFolder(t)]
  await (await openTestLedger(certs, data)).close()
  const config = join(data, 'seg.yaml')
  await writeFile(config, '# ours\nport: 8443\n')
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string }>(done => {
      const argv = [main, 'partners', ...args, '--config', config, '--json']
      const places = ['list', 'show', 'export'].includes(args[0]!) ? [] : ['--certs', certs, '--data', data]
      execFile(process.execPath, [...argv, ...places], (error, stdout) =>
        done({ code: Number(error?.code ?? 0), out: stdout }),
      )
    })
  t.match(await run('suspend', senderId), { code: 0 })
  t.match(await run('remove', senderId), { code: 0 })
  t.match(await run('trust', 'gov', '--anchors', join(certs, 'ca.crt')), { code: 0 })
  t.match(await run('add', senderId, '--authority', 'gov', '--name', 'Ministry 1'), { code: 0 })
  t.match(await run('add', 'B', '--authority', 'gov', '--subject', 'O=x'), { code: 5, out: /could be that of/ })
  const exported = (await run('export')).out
  const file = join(data, 'exported.yaml')
  await writeFile(file, exported)
  t.match(await run('import', file), { code: 0 })
  t.match(await readFile(config, 'utf8'), /^# ours\nport: 8443\n/)
  const reader = openLedgerReader(data)
  const events = await Promise.all(Array.from({ length: await reader.log.size() }, (_, i) => reader.event(i)))
  await reader.close()
  const acts = events.flatMap(event =>
    event?.type === 'admin' && event.record === undefined ? [`${event.action} ${event.subject}`] : [],
  )
  t.same(acts, [
    `partner-added ${senderId}`,
    `partner-suspended ${senderId}`,
    `partner-removed ${senderId}`,
    'trust-mode listed',
    'authority-added gov',
    `partner-added ${senderId}`,
  ])
})
