// Every single-bit flip of a small signed document: accepted only where nothing that is signed
// changes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { forgeSignature, x509 } from '../packages/sender/src/attack/forging.ts'
import { exclusiveC14n } from '../packages/xmldsig/src/c14n/canonicalizer.ts'
import { canonicalize, withDocument } from './fuzz/libxml2.ts'
import { verifyByTree } from './fuzz/signed-documents.ts'

/** Written in ways that one bit can change without a change of meaning. */
const document = `<?xml version="1.0" encoding="UTF-8"?>
<CriticalDocument\tid="doc1" xmlns:p='urn:p'>
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID >MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>
  <Payload><p:a p:b="1"\tc="&#xd;ü"/><![CDATA[<&]]>&lt;\r\n&#97;&#x61;</Payload>
</CriticalDocument>
`

/** Where a flip is accepted, what stands there, and how many flips of it are accepted. */
const harmless: readonly (readonly [what: string, text: string, flips: number])[] = [
  ['the case of the declared encoding', 'UTF', 3],
  ['the tab in the document element', '\tid', 1],
  ['the tab in an element of the payload', '\tc', 1],
  ['the case of a hexadecimal digit in a reference', '&#xd;', 1],
]

const folder = await mkdtemp(join(tmpdir(), 'seg-flips-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
await generate({ out: folder, key: 'ec-p256' })
const key = await loadIdentity(folder, 'sender')

t.test('a flipped bit is accepted only where the canonical form and the envelope stay as they were signed', async t => {
  const canonical = withDocument(Buffer.from(document), tree => canonicalize(tree, exclusiveC14n)!.toString())
  const signature = forgeSignature(canonical, key, { keyInfo: `<KeyInfo>${x509(key.certificate)}</KeyInfo>` })
  const signed = Buffer.from(document.replace('</CriticalDocument>', `${signature}</CriticalDocument>`))
  const original = verifyByTree(signed, key)
  t.equal(verifyDocument(signed, key.certificate).id, 'doc1', 'as signed, it is accepted')

  const accepted = new Map(harmless.map(([what]) => [what, 0]))
  for (let at = 0; at < signed.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(signed)
      flipped[at]! ^= 1 << bit
      if (!isAccepted(flipped)) continue
      t.same(
        verifyByTree(flipped, key),
        original,
        `bit ${bit} of byte ${at}: libxml2 and node:crypto read what was signed`,
      )
      const [what] =
        harmless.find(([, text]) => at >= signed.indexOf(text) && at < signed.indexOf(text) + text.length) ?? []
      if (what === undefined)
        t.fail(`bit ${bit} of byte ${at}: ${JSON.stringify(flipped.toString('latin1', at - 10, at + 10))}`)
      else accepted.set(what, accepted.get(what)! + 1)
    }
  }
  for (const [what, , flips] of harmless) t.equal(accepted.get(what), flips, what)
  t.comment(`${[...accepted.values()].reduce((a, b) => a + b)} of ${signed.length * 8} flips are accepted`)
})

function isAccepted(bytes: Buffer): boolean {
  try {
    verifyDocument(bytes, key.certificate)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}
