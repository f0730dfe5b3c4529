import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import { isSigned, prepareDocument, signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openInput,
  openTemplate,
  receiverId,
  senderId,
  sign,
} from '../testing/gateways.ts'
import { openDocumentFile } from './document-file.ts'
import { chooseId, isTimestampOurs, readOutline, signTemplate } from './sign-template.ts'

// RSA-PKCS1 signatures are the same each time, so that whole documents can be compared.
const certs = await makeFolder(t)
await generate({ out: certs, key: 'rsa-2048', senderId, receiverId, hosts: ['localhost'] })
const signer = await loadIdentity(certs, 'sender')
const now = new Date('2026-11-23T12:00:00Z')

const filler = (length: number) => '\u00e4 & b'.replace('&', '&amp;').repeat(length).slice(0, length)
const documents: Record<string, string> = {
  'of the usual form': makeDocument().toString(),
  'with comments and instructions everywhere': makeDocument()
    .toString()
    .replace('<CriticalDocument', '<!-- a --><?b c?><CriticalDocument')
    .replace('<ReceiverID>', '<!-- d --><ReceiverID>')
    .replace('YYYY-MM-DDTHH:MM:SSZ', '<!-- e -->')
    .replace('</Payload>', '<?f?></Payload><!-- g -->'),
  'longer than a piece': makeDocument()
    .toString()
    .replace('Lunch', `<!-- ${filler(300_000).replaceAll('&amp;', '')} -->${'Lunch '.repeat(200_000)}`),
  'with more behind the document element than fits a piece': `${makeDocument()}${' \n'.repeat(400_000)}`,
  'without a time': makeDocument()
    .toString()
    .replace(/ *<Time.*\n/, ''),
}

for (const [title, text] of Object.entries(documents)) {
  t.test(`signs a document ${title} as it is signed in memory`, async t => {
    const template = {
      file: 'input.xml',
      input: await openInput(t, Buffer.from(text)),
      id: 'other',
      stripComments: true,
    }
    const signed = await sign(template, signer, now)
    t.ok(
      signed.equals(
        await signDocument(prepareDocument(Buffer.from(text), { now, id: 'other', stripComments: true }), signer),
      ),
    )
    t.match(verifyDocument(signed, signer.certificate), { id: 'other', timestamp: '2026-11-23T12:00:00Z' })
    t.ok(isSigned(signed))
  })
}

t.test('returns the facts of what it passed on', async t => {
  const template = await openTemplate(t, makeDocument())
  let bytes = 0
  const { facts } = await signTemplate(template, await readOutline(template), signer, now, async (pieces, envelope) => {
    t.match(envelope, { id: 'doc123', senderId })
    for await (const piece of pieces) bytes += piece.length
  })
  t.match(facts, { bytes, document: { id: 'doc123' } })
})

t.test('passes on no end of a document that changes while it is signed', async t => {
  const path = join(await makeFolder(t), 'input.xml')
  await writeFile(path, makeDocument())
  await using input = await openDocumentFile(path)
  const template = { file: path, input, id: undefined, stripComments: false }
  const taken: Buffer[] = []
  const signing = signTemplate(template, await readOutline(template), signer, now, async pieces => {
    await writeFile(path, makeDocument().toString().replace('Saturday', 'Thursday'))
    for await (const piece of pieces) taken.push(Buffer.from(piece))
  })
  await t.rejects(signing, { code: 'file-unreadable', detail: /changed/ })
  t.notMatch(Buffer.concat(taken).toString(), '</CriticalDocument>')
})

t.test('refuses a second Signature', async t => {
  const template = await openTemplate(t, await sign(await openTemplate(t, makeDocument()), signer))
  await t.rejects(sign(template, signer), { code: 'signature-multiple' })
})

t.test('knows whose the time is', async t => {
  const isOurs = async (bytes: Uint8Array) => isTimestampOurs(await readOutline(await openTemplate(t, bytes)))
  t.ok(await isOurs(makeDocument()))
  t.ok(await isOurs(makeDocument({ timestamp: ' \n ' })))
  t.notOk(await isOurs(makeDocument({ timestamp: '2020-01-01T00:00:00Z' })))
  t.notOk(await isOurs(makeDocument({ timestamp: '<b/>' })))
  t.notOk(await isOurs(await sign(await openTemplate(t, makeDocument()), signer)))
})

t.test('does not sign with a key that belongs to another certificate', async t => {
  const other = await loadIdentity(await makeCerts(t), 'sender')
  const template = await openTemplate(t, makeDocument())
  await t.rejects(sign(template, { key: signer.key, certificate: other.certificate }), { code: /^signature-/ })
})

t.test('takes ids that a document can have', async t => {
  t.equal(chooseId(undefined), undefined)
  t.equal(chooseId('a-1'), 'a-1')
  t.match(chooseId('auto'), /^doc-[0-9a-f-]{36}$/)
  t.throws(() => chooseId(' '), { code: 'usage' })
})
