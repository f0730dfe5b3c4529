import type { Opening } from '@seg/ledger'
import { loadIdentity } from '@seg/pki'
import { verifyDocument, verifyReceipt } from '@seg/xmldsig'
import t from 'tap'
import { ForeignLog } from '../testing/foreign-log.ts'
import { makeLogEntry, makeReceipt, sha256, signedUnder } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, openTemplate, receiverId, sign } from '../testing/gateways.ts'
import { loadReceiptTrust, readAcceptance } from './check-log-entry.ts'
import { checkReceipt, checkStoredReceipt } from './check-receipt.ts'

const certs = await makeCerts(t)
const [sender, seal, trust] = await Promise.all([
  loadIdentity(certs, 'sender'),
  loadIdentity(certs, 'seal'),
  loadReceiptTrust(certs),
])
const now = new Date()
const afterSeal = new Date(Date.parse(seal.certificate.validTo) + 1000)
const bytes = await sign(await openTemplate(t, makeDocument()), sender, now)
const document = verifyDocument(bytes, sender.certificate)
const receipt = await makeReceipt(bytes, certs)
const signer = sender.certificate
const delivered = { bytes: bytes.length, sha256: sha256(bytes), document, signer, serverId: receiverId }

t.test('accepts a true receipt', async t => {
  t.match(checkReceipt(receipt, delivered, trust, now), { documentId: 'doc123', receiverId })
})

t.test('refuses a receipt of another receiver than the addressee', async t => {
  const other = { ...delivered, document: { ...document, receiverId: 'MINISTRY 3_SEG01' } }
  t.throws(() => checkReceipt(receipt, other, trust, now), {
    code: 'receipt-invalid',
    detail: /the receiver in the receipt/,
  })
})

t.test('accepts no receipt of another receiver than the server', async t => {
  const other = { ...delivered, serverId: 'MINISTRY 3_SEG01' }
  t.throws(() => checkReceipt(receipt, other, trust, now), {
    code: 'receipt-invalid',
    detail: /the receiver in the receipt/,
  })
})

t.test('judges the seal at the time of acceptance, and replays of it as long as they come', async t => {
  t.match(checkReceipt(receipt, delivered, trust, afterSeal), { documentId: 'doc123' })
  t.match(checkStoredReceipt(receipt, sha256(bytes), trust), { documentId: 'doc123' })
  const late = await makeReceipt(bytes, certs, { acceptedAt: afterSeal.toISOString() })
  const expected = { code: 'receipt-invalid', detail: /certificate-/ }
  t.throws(() => checkReceipt(late, delivered, trust, afterSeal), expected)
  t.throws(() => checkStoredReceipt(late, sha256(bytes), trust), expected)
})

t.test('accepts no time of acceptance that is impossible for the document, or in the future', async t => {
  const [minute, day] = [60_000, 86_400_000]
  // Well within the validity of the seal.
  const bytes = await sign(await openTemplate(t, makeDocument()), sender, new Date(now.getTime() + 10 * day))
  const document = verifyDocument(bytes, sender.certificate)
  const delivered = { bytes: bytes.length, sha256: sha256(bytes), document, signer }
  const at = (milliseconds: number) => new Date(document.signedAt + milliseconds)
  const check = async (accepted: Date, now: Date) =>
    checkReceipt(await makeReceipt(bytes, certs, { acceptedAt: accepted.toISOString() }), delivered, trust, now)
  for (const [accepted, now] of [
    [at(-4 * minute), at(0)],
    [at(30 * minute), at(0)],
    [at(2 * day), at(100 * day)],
  ] as const)
    t.match(await check(accepted, now), { documentId: 'doc123' }, `${accepted.toISOString()} at ${now.toISOString()}`)
  for (const [accepted, now, detail] of [
    [at(-61 * minute), at(0), /is not possible: the document was signed at/],
    [at(-4 * minute), at(-2 * day), /lies ahead: our clock says/],
    [at(61 * minute), at(0), /lies ahead/],
    [at(8 * day), at(100 * day), /is not possible/],
  ] as const)
    await t.rejects(check(accepted, now), { code: 'receipt-invalid', detail }, accepted.toISOString())
  for (const year of [2019, 2027])
    await t.rejects(check(new Date(`${year}-06-01T00:00:00.000Z`), now), { code: 'receipt-invalid' })
})

t.test('accepts a receipt under an older key of the log, and a new key only when it is listed', async t => {
  const renewed = await makeCerts(t)
  const newer = (await loadReceiptTrust(renewed)).logs
  const facts = {
    ...{ receiverId, senderId: document.senderId, documentId: document.id },
    ...{ documentDigest: sha256(bytes), referenceDigest: document.signature.digest, acceptedAt: now.toISOString() },
  }
  const underNewer = await makeReceipt(bytes, certs, {
    ...facts,
    logEntry: await makeLogEntry(facts, renewed, { bytes: bytes.length, ...(await signedUnder(certs)) }),
  })
  const both = { ...trust, logs: [...newer, ...trust.logs] }
  const keyOf = (receipt: Buffer) => checkReceipt(receipt, delivered, both, now).tree.log
  t.not(keyOf(receipt), keyOf(underNewer))
  t.throws(() => checkReceipt(underNewer, delivered, trust, now), { code: 'receipt-invalid', detail: /no signature/ })
})

t.test('refuses a stored receipt beside other octets or under another CA', async t => {
  t.throws(() => checkStoredReceipt(receipt, sha256(Buffer.from('other')), trust), { code: 'receipt-invalid' })
  const foreign = await loadReceiptTrust(await makeCerts(t))
  t.throws(() => checkStoredReceipt(receipt, sha256(bytes), foreign), { code: 'receipt-invalid' })
})

t.test('accepts no receipt whose entry of the log does not verify', async t => {
  const facts = {
    receiverId,
    senderId: document.senderId,
    documentId: document.id,
    documentDigest: sha256(bytes),
    referenceDigest: document.signature.digest,
    acceptedAt: now.toISOString(),
  }
  const good = await makeLogEntry(facts, certs, { bytes: bytes.length })
  const other = await makeCerts(t)
  const digest = Buffer.alloc(32).toString('base64')
  const entries: Record<string, [entry: typeof good, detail: RegExp]> = {
    'another place': [{ ...good, index: 1 }, /log-invalid: expected an index below/],
    'a proof of something else': [{ ...good, proof: [Buffer.alloc(32)] }, /log-invalid: the proof has more hashes/],
    'another size than the checkpoint': [{ ...good, treeSize: 2 }, /the checkpoint is of 1 entry, the receipt says 2/],
    'a checkpoint of another key': [
      await makeLogEntry(facts, other, { bytes: bytes.length }),
      /log-invalid: the checkpoint has no signature with the key/,
    ],
    'a checkpoint of another log': [
      { ...good, checkpoint: good.checkpoint.replaceAll('MINISTRY', 'MYSTERY') },
      /log-invalid: the checkpoint has no signature with the key/,
    ],
    'a leaf that is none': [{ ...good, leaf: Buffer.from('{}') }, /log-invalid/],
    'facts of another entry': [
      { ...good, opening: (await makeLogEntry(facts, certs, { bytes: bytes.length, document: 'x' })).opening },
      /log-invalid: the facts and the nonce are not those of the entry/,
    ],
    'no facts': [
      { ...good, opening: undefined },
      /log-invalid: expected the facts of an entry of version 2, found none/,
    ],
    'another sender': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, sender: 'x' }),
      /sender in the entry of the log is "x"/,
    ],
    'another document': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, document: 'x' }),
      /document in the entry/,
    ],
    'another digest': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, sha256: digest }),
      /sha256 in the entry/,
    ],
    'another Reference': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, reference: digest }),
      /reference in the entry/,
    ],
    'another certificate of the signer': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, certificate: digest }),
      /the signer's certificate in the receipt/,
    ],
    'another length': [
      await makeLogEntry(facts, certs, { bytes: bytes.length + 1 }),
      /the length of the document in the receipt/,
    ],
    'another time': [
      await makeLogEntry(facts, certs, { bytes: bytes.length, at: '2020-01-01T00:00:00.000Z' }),
      /at in the entry/,
    ],
  }
  t.equal(
    checkReceipt(await makeReceipt(bytes, certs, { ...facts, logEntry: good }), delivered, trust, now).logEntry.index,
    0,
  )
  for (const [what, [logEntry, detail]] of Object.entries(entries)) {
    const lying = await makeReceipt(bytes, certs, { ...facts, logEntry })
    t.throws(() => checkReceipt(lying, delivered, trust, now), { code: 'receipt-invalid', detail }, what)
  }
})

t.test('accepts a receipt of version 1, whose entry shows its facts, and no other entry in it', async t => {
  const at = now.toISOString()
  const [sha, reference] = [sha256(bytes), document.signature.digest].map(digest => digest.toString('base64'))
  const leaf = (sender: string) =>
    Buffer.from(
      `{"v":1,"type":"accepted","at":"${at}","sender":"${sender}","document":"doc123",` +
        `"bytes":${bytes.length},"sha256":"${sha}","reference":"${reference}"}`,
    )
  const check = async (sender: string, opening?: Opening) => {
    const logEntry = await new ForeignLog(certs).append(leaf(sender), opening)
    return checkReceipt(await makeReceipt(bytes, certs, { acceptedAt: at, logEntry }), delivered, trust, now)
  }
  const { logEntry } = await check(document.senderId)
  t.equal(readAcceptance(logEntry).certificate, null, 'it names no certificate')
  t.equal(readAcceptance(verifyReceipt(receipt, () => {}).logEntry).certificate, (await signedUnder(certs)).certificate)
  const invalid = { code: 'receipt-invalid' }
  await t.rejects(check('x'), invalid)
  await t.rejects(check(document.senderId, { facts: Buffer.from('{}'), nonce: Buffer.alloc(32) }), invalid)
})

t.test('accepts no receipt that is proved by the log of another receiver, whose key is known', async t => {
  const third = await makeCerts(t, 'MINISTRY 3_SEG01')
  const logs = [...(await loadReceiptTrust(third)).logs]
  const facts = {
    receiverId,
    senderId: document.senderId,
    documentId: document.id,
    documentDigest: sha256(bytes),
    referenceDigest: document.signature.digest,
    acceptedAt: now.toISOString(),
  }
  const lying = await makeReceipt(bytes, certs, {
    ...facts,
    logEntry: await makeLogEntry(facts, third, { bytes: bytes.length }),
  })
  const check = (known: typeof logs) => () => checkReceipt(lying, delivered, { ...trust, logs: known }, now)
  t.throws(check([...trust.logs, ...logs]), {
    code: 'receipt-invalid',
    detail: /the checkpoint has no signature with the key/,
  })
  t.throws(check(logs), { code: 'receipt-invalid', detail: /log\.pub has no key of the log "MINISTRY%202_SEG01"/ })
})
