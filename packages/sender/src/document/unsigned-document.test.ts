// What we signed, taken apart and signed again: the template is not needed for it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { makeCerts, makeDocument, makeFolder, openTemplate, receiverId, senderId } from '../testing/gateways.ts'
import { readOutline, signTemplate, type Template } from './sign-template.ts'
import { openUnsigned } from './unsigned-document.ts'

const first = await loadIdentity(await makeCerts(t), 'sender')
const rsa = await makeFolder(t)
await generate({ out: rsa, key: 'rsa-2048', senderId, receiverId, hosts: ['localhost'] })
// Its Signature is longer, and so is its certificate.
const second = await loadIdentity(rsa, 'sender')
const [then, now] = [new Date('2026-11-23T12:00:00Z'), new Date('2026-11-24T13:14:15Z')]

async function signInto(
  template: Template,
  outline: Parameters<typeof signTemplate>[1],
  signer: typeof first,
  time: Date,
) {
  return signTemplate(template, outline, signer, time, async pieces => {
    const taken: Buffer[] = []
    for await (const piece of pieces) taken.push(Buffer.from(piece))
    return Buffer.concat(taken)
  })
}

/**
 * Signs a template, takes the document apart and signs it again with another key at another time.
 */
async function signTwice(t: Test, text: string | Buffer, options: Partial<Template> = {}) {
  const template = { ...(await openTemplate(t, Buffer.from(text))), ...options }
  const original = await signInto(template, await readOutline(template), first, then)
  const path = join(await makeFolder(t), 'signed.xml')
  await writeFile(path, original.kept)
  await using unsigned = await openUnsigned(path, original.own)
  const again = await signInto(unsigned.template, unsigned.outline, second, now)
  return { template, original, again }
}

const text = makeDocument().toString()
const cases: Record<string, [text: string, options?: Partial<Template>]> = {
  'of the usual form': [text],
  'with another id, and comments left out': [
    text.replace('<Payload>', '<!-- <TimestampForSignature> --><Payload>'),
    { id: 'x', stripComments: true },
  ],
  'that had no time': [text.replace(/ *<Time.*\n/, '')],
  'with white space behind the document element': [`${text}\n\n  \n`],
  'longer than a piece': [text.replace('Lunch', 'Lunch '.repeat(100_000))],
  'whose time is further on than a piece': [text.replace('<SenderID>', `${' '.repeat(600_000)}<SenderID>`)],
  'that names our tags in its payload': [text.replace('Lunch', '<TimestampForSignature>no</TimestampForSignature>')],
}

for (const [what, [document, options]] of Object.entries(cases)) {
  t.test(`signs again a document ${what}, as its template would be`, async t => {
    const { template, original, again } = await signTwice(t, document, options)
    const direct = await signInto(template, await readOutline(template), second, now)
    // RSA-PKCS1 signatures are the same each time.
    t.ok(again.kept.equals(direct.kept))
    t.same(again.own, original.own, 'and it can be done once more')
    t.match(verifyDocument(again.kept, second.certificate), {
      id: options?.id ?? 'doc123',
      timestamp: '2026-11-24T13:14:15Z',
    })
  })
}

t.test('leaves a time alone that the template had', async t => {
  const { again, original } = await signTwice(t, makeDocument({ timestamp: '2026-01-02T03:04:05Z' }))
  t.notOk(original.own.fillsTime)
  t.match(verifyDocument(again.kept, second.certificate), { timestamp: '2026-01-02T03:04:05Z' })
})
