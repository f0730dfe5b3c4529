// A receiver that forges: it holds the seal's key and the log's, and answers each document with a
// receipt that is wrong in one way. Neither `sender send` nor the verifier of the console, which
// share no code, accepts any of them.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import { type LogEntry, openReceiptSeal, type ReceiptFacts, verifyReceipt } from '@seg/xmldsig'
import t from 'tap'
import { verifyEvidence } from '../../packages/console/src/verifier/verify-evidence.ts'
import {
  answerReceipt,
  makeLogEntry,
  makeReceipt,
  startReceiver,
} from '../../packages/sender/src/testing/foreign-receiver.ts'
import { makeCerts, makeDocument, openTemplate, sign } from '../../packages/sender/src/testing/gateways.ts'
import { runSender } from '../../packages/sender/src/testing/run-sender.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { asFiles, trustOf } from '../support/given-evidence.ts'

const certs = await makeCerts(t)
const other = await makeCerts(t)
const YEAR = 365 * 86_400_000

/** What a receiver has to forge with: the document, and the true receipt for it. */
type Given = { readonly document: Buffer; readonly facts: ReceiptFacts }
type Forgery = (given: Given) => Promise<Buffer>

const seal = await loadIdentity(certs, 'seal')
const ca = await openIssuer(certs)
const sealedBy = (from: number, to: number) => issue({ profile: 'seal', name: seal.id, from, to }, ca)

const at = (shift: number) => ({ acceptedAt: new Date(Date.now() + shift).toISOString() })
/** Receipt and entry of the log agree. */
const saying =
  (lie: Partial<ReceiptFacts>): Forgery =>
  ({ document }) =>
    makeReceipt(document, certs, lie)
/** Only the receipt says so; its entry is the true one. */
const withEntryOf =
  (lie: Partial<ReceiptFacts>): Forgery =>
  async ({ facts }) =>
    openReceiptSeal(seal)({ ...facts, ...lie })
const withEntry = (change: (entry: LogEntry) => Partial<LogEntry>): Forgery => {
  return async ({ facts }) =>
    openReceiptSeal(seal)({ ...facts, logEntry: { ...facts.logEntry, ...change(facts.logEntry) } })
}

const forgeries: Record<string, Forgery> = {
  'of a year ago': saying(at(-YEAR)),
  'of eight days after the document': saying(at(8 * 86_400_000)),
  'of next year': saying(at(YEAR)),
  'of 2019': saying({ acceptedAt: '2019-01-01T00:00:00.000Z' }),
  'of the year 9999': saying({ acceptedAt: '9999-12-31T23:59:59.999Z' }),
  'of another time than its entry': withEntryOf(at(-1000)),
  'for another sender': saying({ senderId: 'MINISTRY 9' }),
  'for another sender than its entry': withEntryOf({ senderId: 'MINISTRY 9' }),
  'for another document': saying({ documentId: 'doc124' }),
  'of another receiver': saying({ receiverId: 'MINISTRY 3_SEG01' }),
  'for other bytes': saying({ documentDigest: Buffer.alloc(32) }),
  'with another Reference digest': saying({ referenceDigest: Buffer.alloc(32, 1) }),
  'under a seal that had expired': async ({ document }) => makeReceipt(document, certs, {}, sealedBy(-2, -1)),
  'under a seal of tomorrow': async ({ document }) => makeReceipt(document, certs, {}, sealedBy(1, 2)),
  'under the seal of another gateway': async ({ document }) =>
    makeReceipt(document, certs, {}, issue({ profile: 'seal', name: 'MINISTRY 3_SEG01' }, ca)),
  'under the seal of another CA': async ({ document }) =>
    makeReceipt(document, certs, {}, await loadIdentity(other, 'seal')),
  'under the key of TLS': async ({ document }) =>
    makeReceipt(document, certs, {}, await loadIdentity(certs, 'receiver')),
  'under the key of another log': async ({ document, facts }) =>
    openReceiptSeal(seal)({ ...facts, logEntry: await makeLogEntry(facts, other, { bytes: document.length }) }),
  'whose proof is cut': withEntry(({ proof }) => ({ proof: proof.slice(1) })),
  'whose proof has a hash more': withEntry(({ proof }) => ({ proof: [...proof, Buffer.alloc(32)] })),
  'whose proof is in another order': withEntry(({ proof }) => ({ proof: [...proof].reverse() })),
  'without a proof': withEntry(() => ({ proof: [] })),
  'of a tree of no entries': withEntry(() => ({ treeSize: 0, index: 0, proof: [] })),
  'of a tree of another size': withEntry(({ treeSize }) => ({ treeSize: treeSize + 1 })),
  'of another index': withEntry(({ index }) => ({ index: index - 1 })),
  'of an index behind the tree': withEntry(({ treeSize }) => ({ index: treeSize })),
  'with another leaf': withEntry(({ leaf }) => ({ leaf: Buffer.from(leaf.toString().replace('"at":"2', '"at":"3')) })),
  'whose entry opens to something else': withEntry(({ opening }) => ({
    opening: { ...opening!, nonce: Buffer.alloc(32) },
  })),
  'whose entry does not open': withEntry(() => ({ opening: undefined })),
  'whose checkpoint is of another root': withEntry(({ checkpoint }) => {
    const [name, size, , ...rest] = checkpoint.split('\n')
    return { checkpoint: [name, size, Buffer.alloc(32).toString('base64'), ...rest].join('\n') }
  }),
  'whose checkpoint has no signature': withEntry(({ checkpoint }) => ({
    checkpoint: checkpoint.replace(/\n— .*\n$/s, '\n'),
  })),
}
const titles = Object.keys(forgeries)

t.test('the verifier of the console accepts no forged receipt, and the true one', async t => {
  const signer = await loadIdentity(certs, 'sender')
  const document = await sign(await openTemplate(t, makeDocument()), signer)
  const trust = asFiles(await trustOf(certs))
  const verify = (receipt: Buffer) =>
    verifyEvidence({ evidence: asFiles({ 'receipt.xml': receipt, 'document.xml': document }), trust }, new Date())
  // Behind others in its log, so that its proof has hashes to cut.
  for (const id of ['first-0', 'first-1', 'first-2'])
    await makeReceipt(await sign(await openTemplate(t, makeDocument({ id })), signer), certs)
  const receipt = await makeReceipt(document, certs)
  t.ok((await verify(receipt)).isVerified)
  const facts = verifyReceipt(receipt, () => {})
  for (const title of titles) {
    const { isVerified, first } = await verify(await forgeries[title]!({ document, facts }))
    t.notOk(isVerified, `a receipt ${title}`)
    t.match(first, { state: 'failed' }, `a receipt ${title}: ${first?.detail}`)
  }
})

t.test('sender send accepts no forged receipt, and the true one beside them', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'seg-receipts-'))
  const receiver = await startReceiver(t, certs, async (response, document) => {
    const number = /id="doc-(\d+)"/.exec(document.toString())?.[1]
    const receipt = await makeReceipt(document, certs)
    if (number === undefined) return answerReceipt(response, receipt)
    answerReceipt(
      response,
      await forgeries[titles[Number(number)]!]!({ document, facts: verifyReceipt(receipt, () => {}) }),
    )
  })
  const files = await Promise.all(
    ['true-0', 'true-1', 'true-2', ...titles.map((_, i) => `doc-${i}`), 'true-3'].map(async id => {
      const file = join(folder, `${id}.xml`)
      await writeFile(file, makeDocument({ id }))
      return file
    }),
  )
  const args = ['--json', '--to', receiver.url.origin, '--certs', certs, '--data', join(folder, 'data')]
  const { exitCode, stdout, stderr } = await runSender(folder, ['send', ...files, ...args])
  t.equal(exitCode, 6, stderr)
  const ends = JSON.parse(stdout).deliveries
  t.equal(ends.length, files.length)
  for (const end of ends) {
    const number = /doc-(\d+)/.exec(end.file)?.[1]
    if (number === undefined) t.match(end, { ok: true, state: 'delivered' }, end.file)
    else {
      const title = titles[Number(number)]!
      t.match(end, { ok: false, state: 'unverified', code: 'receipt-invalid', exitCode: 6 }, `a receipt ${title}`)
      const kept = / is kept in (.*)$/.exec(end.detail)?.[1]
      t.type(await readFile(kept ?? ''), Buffer, 'and keeps it')
    }
  }
})
