import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInProcess } from '@seg/core/testing'
import { openLedgerReader } from '@seg/ledger'
import t from 'tap'
import { program } from '../main.ts'
import { makeCerts, makeFolder, openTestLedger, senderId } from '../testing/gateway.ts'

t.test('partners and authorities are changed by commands, each tried out first and an entry of the log', async t => {
  const [certs, data] = [await makeCerts(t), await makeFolder(t)]
  await (await openTestLedger(certs, data)).close()
  const config = join(data, 'seg.yaml')
  await writeFile(config, '# ours\nport: 8443\n')
  const run = async (...args: string[]) => {
    const places = ['list', 'show', 'export'].includes(args[0]!) ? [] : ['--certs', certs, '--data', data]
    const { exitCode, stdout } = await runInProcess(program, [
      'partners',
      ...args,
      '--config',
      config,
      '--json',
      ...places,
    ])
    return { code: exitCode, out: stdout.toString() }
  }
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

t.test('a partner that is suspended stays so when an authority takes the place of the CA', async t => {
  const certs = await makeCerts(t)
  const folder = await makeFolder(t)
  const config = join(folder, 'seg.yaml')
  const anchors = join(certs, 'ca.crt')
  await writeFile(config, `partners:\n  - id: ${senderId}\n    state: suspended\n  - id: B\n    name: of B\n`)
  const run = (...args: string[]) => runInProcess(program, ['partners', ...args, '--config', config])
  const places = ['--certs', certs, '--data', join(folder, 'data')]
  const trusting = await run('trust', 'gov', '--anchors', anchors, ...places)
  t.match(trusting.stdout.toString(), `"${senderId}" (suspended), "B", recognized by gov and the CN`)
  const { trust, partners } = JSON.parse((await run('export', '--json')).stdout.toString())
  t.match(trust, { mode: 'listed', authorities: { gov: { anchors } } })
  t.match(partners, [
    { id: senderId, state: 'suspended', certificates: [{ authority: 'gov', subject: { CN: senderId } }] },
    { id: 'B', name: 'of B', certificates: [{ authority: 'gov', subject: { CN: 'B' } }] },
  ])
})
