import { loadIdentity, loadTrust } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { checkReceipt, checkStoredReceipt } from './check-receipt.ts'
import { makeReceipt, sha256 } from './testing/foreign-receiver.ts'
import { makeCerts, makeDocument, openTemplate, receiverId, sign } from './testing/gateways.ts'

const certs = await makeCerts(t)
const [sender, seal, trust] = await Promise.all([loadIdentity(certs, 'sender'), loadIdentity(certs, 'seal'), loadTrust(certs)])
const now = new Date()
const afterSeal = new Date(Date.parse(seal.certificate.validTo) + 1000)
const bytes = await sign(await openTemplate(t, makeDocument()), sender, now)
const document = verifyDocument(bytes, sender.certificate)
const receipt = await makeReceipt(bytes, certs)
const delivered = { sha256: sha256(bytes), document, serverId: receiverId }

t.test('believes a true receipt', async t => {
  t.match(checkReceipt(receipt, delivered, trust, now), { documentId: 'doc123', receiverId })
})

t.test('believes no receipt of another receiver than the addressee', async t => {
  const other = { ...delivered, document: { ...document, receiverId: 'MINISTRY 3_SEG01' } }
  t.throws(() => checkReceipt(receipt, other, trust, now), { code: 'receipt-invalid', detail: /the receiver in the receipt/ })
})

t.test('believes no receipt of another receiver than the server', async t => {
  const other = { ...delivered, serverId: 'MINISTRY 3_SEG01' }
  t.throws(() => checkReceipt(receipt, other, trust, now), { code: 'receipt-invalid', detail: /the receiver in the receipt/ })
})

t.test('believes no new receipt of a seal that is out of date', async t => {
  t.throws(() => checkReceipt(receipt, delivered, trust, afterSeal), { code: 'receipt-invalid', detail: /certificate-invalid/ })
})

t.test('judges the seal of a stored receipt at the time of acceptance', async t => {
  t.match(checkStoredReceipt(receipt, sha256(bytes), trust), { documentId: 'doc123' })
  const late = await makeReceipt(bytes, certs, { acceptedAt: afterSeal.toISOString() })
  t.throws(() => checkStoredReceipt(late, sha256(bytes), trust), { code: 'receipt-invalid', detail: /certificate-invalid/ })
})

t.test('believes no stored receipt beside other bytes or under another CA', async t => {
  t.throws(() => checkStoredReceipt(receipt, sha256(Buffer.from('other')), trust), { code: 'receipt-invalid' })
  const foreign = await loadTrust(await makeCerts(t))
  t.throws(() => checkStoredReceipt(receipt, sha256(bytes), foreign), { code: 'receipt-invalid' })
})
