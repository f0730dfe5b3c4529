// A receiver that lies: whatever it answers in place of the true receipt, the document does not
// count as delivered.
import { readFile } from 'node:fs/promises'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { answerReceipt, makeReceipt, type Reply, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openSender, openTemplate } from '../testing/gateways.ts'
import { sendTemplate } from './send.ts'

const certs = await makeCerts(t)
const [tlsKey, ownSender] = await Promise.all(
  (['receiver', 'sender'] as const).map(profile => loadIdentity(certs, profile)),
)
const foreignSeal = await loadIdentity(await makeCerts(t), 'seal')
const template = await openTemplate(t, makeDocument())

const answer = (make: (received: Buffer) => Promise<string | Buffer>): Reply => {
  return async (response, received) => answerReceipt(response, await make(received))
}
const changed = async (received: Buffer, from: string, to: string) =>
  (await makeReceipt(received, certs)).toString().replace(from, to)

const lies: Record<string, [Reply, RegExp]> = {
  'sealed under another CA': [answer(received => makeReceipt(received, certs, {}, foreignSeal)), /certificate-invalid/],
  'sealed with the TLS certificate': [
    answer(received => makeReceipt(received, certs, {}, tlsKey)),
    /certificate-purpose/,
  ],
  "sealed with the sender's own certificate": [
    answer(received => makeReceipt(received, certs, {}, ownSender)),
    /certificate-purpose/,
  ],
  "in another receiver's name": [
    answer(received => makeReceipt(received, certs, { receiverId: 'MINISTRY 3_SEG01' })),
    /owner/,
  ],
  'for another sender': [
    answer(received => makeReceipt(received, certs, { senderId: 'MINISTRY 9' })),
    /the sender in the receipt/,
  ],
  'for another document id': [
    answer(received => makeReceipt(received, certs, { documentId: 'doc124' })),
    /the document id in the receipt/,
  ],
  'with another document digest': [
    answer(received => makeReceipt(received, certs, { documentDigest: Buffer.alloc(32) })),
    /SHA-256 digest/,
  ],
  'with another Reference digest': [
    answer(received => makeReceipt(received, certs, { referenceDigest: Buffer.alloc(32) })),
    /Reference digest/,
  ],
  'changed after it was sealed': [answer(received => changed(received, '<AcceptedAt>2', '<AcceptedAt>3')), /./],
  'that is garbage': [answer(async () => '\u0000not a receipt\u001b[31m'), /./],
  'that is empty': [answer(async () => ''), /./],
  'that has no end in sight': [answer(async () => Buffer.alloc(1 << 20, 'a')), /too long/],
  'that is a web page': [
    response => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>welcome</p>'),
    /"text\/html"/,
  ],
}

for (const [title, [lie, detail]] of Object.entries(lies)) {
  t.test(`refuses a receipt ${title}`, async t => {
    const data = await makeFolder(t)
    const receiver = await startReceiver(t, certs, lie)
    const send = async () => sendTemplate(template, receiver.url, await openSender(certs, data, 5000))
    const fault = await send().catch(error => error)
    t.match(fault, { code: 'receipt-invalid', exitCode: 6, detail })
    t.notMatch(fault.detail, '\u001b')
    const kept = / is kept in (.*)$/.exec(fault.detail)?.[1]
    t.type(await readFile(kept ?? ''), Buffer)
    await t.rejects(send(), { code: 'receipt-invalid' }, 'nor the next time')
    t.equal(receiver.received.length, 2)
  })
}
