// A restore to an earlier point, a mirror and an inbox are the ledger again, by the commands; what
// does not fit counts for nothing.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInProcess } from '@seg/core/testing'
import { openLogMirror } from '@seg/ledger'
import { loadVerifierKeys } from '@seg/pki'
import t from 'tap'
import { program } from '../main.ts'
import { post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway, senderId } from '../testing/gateway.ts'

const certs = await makeCerts(t)

t.test('the ledger is made again, with what the inbox proves', async t => {
  const gateway = await openGateway(t, certs)
  const folder = await makeFolder(t)
  const [backups, earlier, mirror, inbox] = ['backups', 'earlier', 'mirror', 'inbox'].map(name => join(folder, name))
  const place = join(inbox!, senderId)
  await mkdir(place, { recursive: true })
  const send = async (id: string) => {
    const document = await makeDocument(gateway, { id })
    const { status, body } = await post(gateway, document)
    t.equal(status, 201)
    await writeFile(join(place, `${id}.xml`), document)
    await writeFile(join(place, `${id}.receipt.xml`), body)
  }
  const run = async (...args: string[]) => {
    const places = args[0] === 'audit' ? [] : ['--certs', certs]
    const { exitCode, stdout, stderr } = await runInProcess(program, [...args, '--json', ...places])
    return { exitCode, stderr, result: JSON.parse(stdout.toString()) }
  }
  await send('one')
  t.match(await run('backup', backups!, '--data', gateway.data), { exitCode: 0 })
  for (const id of ['two', 'three', 'four']) await send(id)
  const keys = await loadVerifierKeys(certs)
  const copy = await openLogMirror(mirror!, keys)
  const { size } = await copy.follow(gateway.gate.ledger.log, keys)
  copy.close()
  for (const id of ['five', 'six']) await send(id)

  const lost = ['--entries-lost', '--why', 'the disk is gone']
  t.match(await run('restore', backups!, '--data', earlier!, ...lost), { exitCode: 0 })
  // Three is changed, of four there is a folder, and one receipt is none.
  await writeFile(join(place, 'three.xml'), 'something else')
  await rename(join(place, 'four.xml'), join(folder, 'four.xml'))
  await mkdir(join(place, 'four.xml'))
  await writeFile(join(place, 'none.receipt.xml'), '<Receipt/>')
  const parts = (to: string) => ['log', 'recover', mirror!, '--from', earlier!, '--receipts', inbox!, '--to', to]
  const [to, other] = [join(folder, 'recovered'), join(folder, 'other')]
  const found = await run(...parts(to))
  t.match(found, { exitCode: 0, result: { size: size + 2, kept: 2, documents: 3, unopened: 2, lost: { entries: 0 } } })
  const doubts = [
    /four\.xml is not the document of its receipt/,
    /none\.receipt\.xml: /,
    /three\.xml is not the document of its receipt/,
  ]
  t.match(found.result.doubts, doubts, 'what counts for nothing is said')
  const verified = await run('log', 'verify', '--data', to)
  t.match(verified, { exitCode: 0, result: { documents: 4, size: size + 2, erased: 2 } })
  const { result } = await run('audit', 'list', '--data', to)
  t.match(result.records.at(-1).record, { action: 'system.ledger-recovered', outcome: 'success' })

  // Without one in the middle the log is shorter than its partners have seen.
  await rename(join(place, 'five.receipt.xml'), join(folder, 'five.receipt.xml'))
  const refused = JSON.stringify(await run(...parts(other)))
  t.match(refused, /log-incomplete.*it has shown \d+, and accepted 1 document beyond/)
  t.match(JSON.stringify(await run(...parts(other), '--entries-lost')), /declared with --why/)
  t.match(await run(...parts(other), ...lost), { exitCode: 0, result: { size, lost: { documents: [{ id: 'six' }] } } })
})
