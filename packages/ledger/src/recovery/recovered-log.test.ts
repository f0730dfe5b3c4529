// A log that lost its end is made again of an earlier ledger, a mirror and receipts: the same log,
// or a refusal.
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openLogMirror } from '../mirror/log-mirror.ts'
import { openEvidence, openLedgerReader, type Recovering, recoverLedger } from '../stores.ts'
import { checkReceipt, checks } from '../testing/entry-sealer.ts'
import { certificatesOf, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, verifierKey } from '../testing/test-log.ts'
import { verifyLedger } from '../verification/verify-ledger.ts'
import type { KnownAcceptance, Recovered } from './recovered-log.ts'

const at = new Date().toISOString()
const open = (folder: string) => openTestLedger(folder, { sealer: 'entry-sealer' })

async function accept(ledger: Ledger, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { document, bytes } = makeSample(id, { size: id === 'large' ? 600_000 : 500 })
    await acceptBytes(ledger, { ...document, acceptedAt: at }, bytes)
  }
}

/**
 * 300 documents, of which a copy was made; then 300 more and others, of which there is a mirror;
 * then two documents.
 */
async function makeLost(t: Test) {
  const [folder, earlier, mirror] = [await makeFolder(t), await makeFolder(t), await makeFolder(t)]
  let ledger = await open(folder)
  await accept(
    ledger,
    Array.from({ length: 300 }, (_, i) => `old${i}`),
  )
  await ledger.close()
  await cp(folder, earlier, { recursive: true })
  ledger = await open(folder)
  await accept(ledger, [...Array.from({ length: 300 }, (_, i) => `new${i}`), 'large'])
  await ledger.record({ type: 'stop', at })
  const copy = await openLogMirror(mirror, [verifierKey])
  await copy.follow(ledger.log, [verifierKey])
  copy.close()
  await accept(ledger, ['last0', 'last1'])
  const note = await ledger.log.checkpoint()
  await ledger.close()
  return { folder, earlier, mirror, note }
}

/** What receipts say, as the receiver reads them. */
async function acceptancesOf(folder: string, choose: (id: string) => boolean): Promise<KnownAcceptance[]> {
  const reader = openLedgerReader(folder)
  const found: KnownAcceptance[] = []
  for await (const document of reader.list()) {
    if (!choose(document.id)) continue
    const receipt = (await reader.receipt(sender, document.id))!
    const bytes = (await readBytes(reader, sender, document.id))!
    const read = checkReceipt(receipt, document)
    found.push({ ...read, document, receipt, content: () => [bytes], chain: certificatesOf(sender) })
  }
  await reader.close()
  return found
}

async function recover(to: string, parts: Partial<Recovering> & Pick<Recovering, 'mirror'>): Promise<Recovered> {
  return recoverLedger(to, {
    ...{ from: undefined, acceptances: [], logPub: [verifierKey], onProgress: () => {}, check: () => {} },
    finish: giveName => giveName(),
    ...parts,
  })
}

async function verify(folder: string) {
  const verifying = verifyLedger(openEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

const isNew = (id: string) => !id.startsWith('old')

t.test('with all receipts and documents it is the same log, also when a run was cut off', async t => {
  const { folder, earlier, mirror, note } = await makeLost(t)
  const acceptances = await acceptancesOf(folder, isNew)
  const to = join(await makeFolder(t), 'recovered')
  const cutOff = () => {
    throw new Error('cut off')
  }
  await t.rejects(recover(to, { from: earlier, mirror, acceptances, onProgress: cutOff }), /cut off/)
  await t.rejects(
    open(to),
    { code: 'configuration', detail: /has lost its database/ },
    'no receiver starts with a part',
  )
  await t.rejects(
    recover(to, { from: earlier, mirror, acceptances: acceptances.slice(1) }),
    { code: 'configuration', detail: /was made of something else/ },
    'what was begun with other receipts would lack documents',
  )
  const steps: number[] = []
  const found = await recover(to, { from: earlier, mirror, acceptances, onProgress: step => steps.push(step.entries) })
  t.same(steps, [512, 604])
  t.match(found, { head: { size: 604 }, kept: 300, documents: 303, unopened: 1, shown: 604, beyond: [] })
  t.match(await verify(to), { head: { size: 604 }, documents: 603, erased: 1 })
  const ledger = await open(to)
  t.equal(await ledger.log.checkpoint(), note, 'partners see the log continued')
  for (const id of ['old7', 'new7', 'large', 'last1']) {
    const { document, bytes } = makeSample(id, { size: id === 'large' ? 600_000 : 500 })
    t.match(await acceptBytes(ledger, { ...document, acceptedAt: at }, bytes), { replay: true }, id)
  }
  await ledger.record({ type: 'start', at, version: '1' })
  await ledger.close()
  t.match(await verify(to), { head: { size: 605 } })
})

t.test('what no receipt opens is an entry without facts, and what is beyond the end is named', async t => {
  const { folder, earlier, mirror } = await makeLost(t)
  const some = await acceptancesOf(folder, id => id === 'new1' || id === 'last1')
  const to = join(await makeFolder(t), 'recovered')
  const found = await recover(to, { from: earlier, mirror, acceptances: some })
  t.match(found, { head: { size: 602 }, documents: 1, unopened: 301, shown: 604, beyond: [{ id: 'last1' }] })
  t.match(await verify(to), { documents: 301, erased: 301 })

  const bare = join(await makeFolder(t), 'bare')
  t.match(await recover(bare, { mirror }), { head: { size: 602 }, kept: 0, documents: 0, unopened: 602 })
  t.match(await verify(bare), { documents: 0, erased: 602 }, 'of a mirror alone the log itself is left')

  const nowhere = join(await makeFolder(t), 'nowhere')
  const check = () => {
    throw new Error('not declared')
  }
  await t.rejects(recover(nowhere, { from: earlier, mirror, acceptances: some, check }), /not declared/)
  t.throws(() => openEvidence(nowhere), { code: 'configuration' }, 'nothing is written before')
})

t.test('another history, or a receipt that is not of this log, makes nothing', async t => {
  const [one, other] = [await makeLost(t), await makeLost(t)]
  const strange = await acceptancesOf(other.folder, isNew)
  const to = join(await makeFolder(t), 'recovered')
  const refused = { code: 'log-invalid' }
  await t.rejects(recover(to, { from: other.earlier, mirror: one.mirror }), refused, 'an earlier ledger of another log')
  const fresh = join(await makeFolder(t), 'recovered')
  await t.rejects(recover(fresh, { from: one.earlier, mirror: one.mirror, acceptances: strange }), refused)
  await t.rejects(recover(fresh, { from: one.earlier, mirror: await makeFolder(t) }), { code: 'configuration' })
  t.throws(() => openEvidence(fresh), { code: 'configuration' })
})
