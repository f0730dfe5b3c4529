import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openCheckpoint, parseVerifierKey, ROTATION, readLogKeys } from '@seg/ledger'
import { addVerifierKey, generate, loadIdentity, loadLogKey, loadVerifierKeys, nextLogKey } from '@seg/pki'
import t, { type Test } from 'tap'
import { openSealedLedger } from '../open-ledger.ts'
import { makeCerts, makeFolder, openTestLedger, receiverId } from '../testing/gateway.ts'
import { rotateLogKey } from './rotate-log-key.ts'

/** A receiver that has started and stopped once. */
async function makeStopped(t: Test) {
  const [certs, data] = [await makeCerts(t), await makeFolder(t)]
  const start = async () => {
    const ledger = await openTestLedger(certs, data)
    const checkpoint = await ledger.log.checkpoint()
    await ledger.close()
    return String(checkpoint)
  }
  await start()
  const rotate = async () => rotateLogKey(certs, data, await loadIdentity(certs, 'seal'), new Date())
  return { certs, data, start, rotate, key: (await loadLogKey(certs, receiverId)).verifierKey }
}

t.test('after a rotation an entry under the old key names the new one, which signs what follows', async t => {
  const { certs, data, start, rotate, key } = await makeStopped(t)
  const before = await readFile(join(certs, 'log.key'), 'utf8')
  const { verifierKey, index, kept } = await rotate()
  t.equal(index, 1)
  t.same(await loadVerifierKeys(certs), [key, verifierKey], 'the old line stays')
  t.same(await readLogKeys(data), [
    { from: 0, verifierKey: key },
    { from: 2, verifierKey },
  ])
  t.equal(await readFile(join(String(kept), 'log.key'), 'utf8'), before)
  t.equal((await stat(join(String(kept), 'log.key'))).mode & 0o777, 0o600)
  t.equal((await stat(join(certs, 'log.key'))).mode & 0o777, 0o600)
  t.notOk((await readdir(certs)).includes('log.key.next'))
  const note = await start()
  t.equal(openCheckpoint(note, parseVerifierKey(verifierKey)).size, 3)
  t.throws(() => openCheckpoint(note, parseVerifierKey(key)), { code: 'log-invalid' })
  const again = await rotate()
  t.equal((await readLogKeys(data)).length, 3, 'and once more')
  t.equal(openCheckpoint(await start(), parseVerifierKey(again.verifierKey)).size, 5)
})

t.test('another log key, or that of another receiver, does not open a ledger, and nothing is written', async t => {
  const { data, start, key } = await makeStopped(t)
  const other = await makeFolder(t)
  await generate({ out: other, key: 'ec-p256', receiverId: 'MINISTRY 9_SEG01' })
  await t.rejects(openTestLedger(other, data), {
    code: 'configuration',
    detail:
      /that of the receiver "MINISTRY 2_SEG01", the certificates are those of "MINISTRY 9_SEG01".*--data.*--certs/,
  })
  const same = await makeCerts(t)
  const found = (await loadLogKey(same, receiverId)).verifierKey
  await t.rejects(openTestLedger(same, data), {
    code: 'configuration',
    detail: new RegExp(
      `key whose hash is ${key.split('+')[1]}, that of log.key is ${found.split('+')[1]}.*log rotate-key`,
    ),
  })
  t.equal(openCheckpoint(await start(), parseVerifierKey(key)).size, 2)
})

t.test('a ledger of before is bound at its first start, if its latest checkpoint is of this key', async t => {
  const { data, start, key } = await makeStopped(t)
  const unbind = () => {
    const database = new DatabaseSync(join(data, 'ledger.sqlite'))
    database.exec('DELETE FROM log_keys')
    database.close()
  }
  unbind()
  const same = await makeCerts(t)
  await t.rejects(openTestLedger(same, data), { code: 'configuration', detail: /was not signed with log\.key/ })
  t.same(await readLogKeys(data), [])
  await start()
  t.same(await readLogKeys(data), [{ from: 0, verifierKey: key }])
})

t.test('a rotation that was cut off is completed by the next run, wherever that was', async t => {
  const { certs, data, start, rotate, key } = await makeStopped(t)
  const next = await nextLogKey(certs, receiverId)
  await start()
  await addVerifierKey(certs, next.verifierKey)
  t.equal(openCheckpoint(await start(), parseVerifierKey(key)).size, 3, 'nothing has changed so far')

  const ledger = await openSealedLedger(data, await loadIdentity(certs, 'seal'), await loadLogKey(certs, receiverId))
  const entry = {
    type: 'admin',
    at: new Date().toISOString(),
    action: ROTATION,
    subject: next.verifierKey,
    by: 'x',
  } as const
  await ledger.rotateKey(entry, next.verifierKey)
  await t.rejects(ledger.record({ ...entry, action: 'x' }), {
    code: 'storage-unavailable',
    detail: /key of the log was replaced/,
  })
  await ledger.close()
  await t.rejects(openTestLedger(certs, data), { code: 'configuration', detail: /log\.key\.next.*log rotate-key/ })
  t.match(await rotate(), { verifierKey: next.verifierKey, index: 3, isNew: false })
  t.equal(openCheckpoint(await start(), parseVerifierKey(next.verifierKey)).size, 5)
  t.same(await loadVerifierKeys(certs), [key, next.verifierKey])
})

t.test('a rotation waits for no running receiver: it refuses, and the next run continues', async t => {
  const { certs, data, rotate } = await makeStopped(t)
  const ledger = await openTestLedger(certs, data)
  await t.rejects(rotate(), { code: 'storage-unavailable', detail: /another process is using it/ })
  await ledger.close()
  t.match(await rotate(), { index: 2 })
})

t.test('a rotation that ended unseen is reported again, and not made twice', async t => {
  const { certs, data, start, rotate } = await makeStopped(t)
  const { kept, isNew, ...first } = await rotate()
  t.ok(isNew && kept)
  const files = await readdir(certs)
  t.same(await rotate(), { ...first, isNew: false, kept: undefined })
  t.same(await readdir(certs), files)
  t.equal((await readLogKeys(data)).length, 2)
  await start()
  t.match(await rotate(), { isNew: true, index: 3 }, 'once the key has signed, it is another rotation')
})

t.test('a rotation that is refused has written nothing', async t => {
  const { certs, data, start, rotate } = await makeStopped(t)
  const [files, lines] = [await readdir(certs), await loadVerifierKeys(certs)]
  const same = await makeCerts(t)
  const seal = await loadIdentity(certs, 'seal')
  const missing = join(data, 'missing')
  await t.rejects(rotateLogKey(certs, missing, seal, new Date()), {
    code: 'configuration',
    detail: /expected the ledger of a receiver that has started once in .*missing, found none.*--data/,
  })
  t.notOk(existsSync(missing))
  await t.rejects(rotateLogKey(same, data, await loadIdentity(same, 'seal'), new Date()), { code: 'configuration' })
  t.notOk((await readdir(same)).includes('log.key.next'))
  t.equal((await loadVerifierKeys(same)).length, 1)
  const ledger = await openTestLedger(certs, data)
  await t.rejects(rotate(), { code: 'storage-unavailable' })
  await ledger.close()
  const early = new Date(Date.now() - 2 * 3_600_000)
  await t.rejects(rotateLogKey(certs, data, seal, early), { code: 'clock-behind' })
  t.same([await readdir(certs), await loadVerifierKeys(certs)], [files, lines])
  t.notOk(await start().then(() => existsSync(missing)))
})
