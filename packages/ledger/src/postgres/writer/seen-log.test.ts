// What a node remembers of the log: a file that is not what it should be keeps it from writing.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../../testing/sample-documents.ts'
import { SeenLogFile } from './seen-log.ts'

const seen = { size: 3, note: 'a checkpoint', timeline: 1 }

t.test('is known to the next start', async t => {
  const folder = await makeFolder(t)
  const file = new SeenLogFile(folder)
  file.keep(seen)
  await file.write()
  t.same(new SeenLogFile(folder).seen, seen)
})

t.test('is refused when it says nothing', async t => {
  const folder = await makeFolder(t)
  for (const text of ['', '{}', '{"size":"3","note":"","timeline":1}', '{"size":3,"note":"","timeline":null}']) {
    await writeFile(join(folder, 'ledger-seen.json'), text)
    t.throws(() => new SeenLogFile(folder), { code: 'configuration', detail: /does not say how long/ }, text)
  }
})

t.test('nothing more is acknowledged while it cannot be written', async t => {
  const folder = await makeFolder(t)
  const path = join(folder, 'ledger-seen.json')
  const file = new SeenLogFile(folder)
  await mkdir(path)
  file.keep(seen)
  await t.rejects(file.write())
  const check = () => file.check(3, seen.note, 1)
  t.throws(check, { code: 'storage-unavailable', detail: /cannot keep the end of the log/ })
  await rm(path, { recursive: true })
  await file.write()
  t.doesNotThrow(check)
})
