// The XML of the browser's verifier against the engine, which shares no code with it: the same
// documents are well-formed, the same octets canonical, the same signatures good.
import { generate, loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { canonicalizationOf, canonicalize } from '../../packages/console/src/verifier/canonical.ts'
import { NotProven } from '../../packages/console/src/verifier/not-proven.ts'
import { areSameOctets, decodeText } from '../../packages/console/src/verifier/octets.ts'
import { readSentDocument } from '../../packages/console/src/verifier/sent-document.ts'
import { parseXml } from '../../packages/console/src/verifier/xml.ts'
import { isDigestRight, readXmlSignature } from '../../packages/console/src/verifier/xml-signature.ts'
import { makeFolder } from '../../packages/sender/src/testing/gateways.ts'
import { writeDocument } from '../fuzz/grammar.ts'
import { mutate } from '../fuzz/mutate.ts'
import { writeSigned } from '../fuzz/signed-documents.ts'
import { Tape } from '../fuzz/tape.ts'
import { judge, readCanonical } from '../fuzz/verdict.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'

const DOCUMENTS = 200
const MUTANTS = 6

t.test('documents have the same canonical octets, and are well-formed for both or for neither', t => {
  const differences: string[] = []
  let refused = 0
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const [tape, changes] = tapesOf(seed, 400)
    const document = Buffer.from(writeDocument(tape, { isLoose: true, depth: 5 }))
    const list = ['', 'p', 'q', 'ü', 'absent'].filter(() => tape.below(3) === 0)
    for (const algorithm of [EXCLUSIVE, INCLUSIVE, INCLUSIVE_11]) {
      const prefixes = algorithm === EXCLUSIVE ? list : []
      for (const octets of [document, ...Array.from({ length: MUTANTS }, () => mutate(document, changes))]) {
        const ours = readCanonical([octets], { method: methodOf(algorithm, prefixes) })
        const theirs = outcomeOf(() =>
          canonicalize(parseXml(decodeText(octets, 'document')), canonicalizationOf(algorithm, prefixes)),
        )
        if (ours instanceof Error) refused++
        const isSame = ours instanceof Error ? theirs instanceof NotProven : isOctets(theirs, ours)
        if (!isSame) differences.push(`${JSON.stringify(octets.toString())}: ${ours} / ${theirs}`)
      }
    }
  }
  t.same(differences, [])
  t.ok(refused > DOCUMENTS, `${refused} documents that both refuse`)
  t.end()
})

t.test('signed documents verify for both or for neither, and say the same', async t => {
  const folder = await makeFolder(t)
  await generate({ out: folder, key: 'ec-p256' })
  const key = await loadIdentity(folder, 'sender')
  const spki = Uint8Array.from(key.certificate.publicKey.export({ type: 'spki', format: 'der' }))
  const certificate = Uint8Array.from(key.certificate.raw)
  const differences: string[] = []
  let accepted = 0
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const [tape, changes] = tapesOf(seed, 240)
    const document = writeSigned(tape, key)
    for (const octets of [document, ...Array.from({ length: MUTANTS }, () => mutate(document, changes))]) {
      const ours = judge(() => verifyDocument(octets, key.certificate))
      const theirs = await outcomeOf(async () => {
        const root = parseXml(decodeText(octets, 'document'))
        const signature = await readXmlSignature(root)
        const isOfKey = signature.certificates.every(one => areSameOctets(one, certificate))
        const isGood = isOfKey && isDigestRight(signature) && (await signature.isValueOf(spki))
        if (!isGood) throw new NotProven('not signed')
        const { id, sender, receiver, signedAt } = readSentDocument(root)
        return `${id} ${sender} ${receiver} ${signedAt}`
      })
      const said = ours instanceof Error ? undefined : `${ours.id} ${ours.senderId} ${ours.receiverId} ${ours.signedAt}`
      if (said !== undefined) accepted++
      const isSame = said === undefined ? theirs instanceof NotProven : theirs === said
      if (!isSame) differences.push(`${JSON.stringify(octets.toString())}: ${ours} / ${theirs}`)
    }
  }
  t.same(differences, [])
  t.ok(accepted > DOCUMENTS, `${accepted} documents that both accept`)
})

/** What `read` gives, or why nothing is proven; any other error is a defect. */
function outcomeOf<T>(read: () => Promise<T>): Promise<T | NotProven>
function outcomeOf<T>(read: () => T): T | NotProven
function outcomeOf<T>(read: () => T | Promise<T>): unknown {
  const note = (error: unknown) => {
    if (error instanceof NotProven) return error
    throw error
  }
  try {
    const found = read()
    return found instanceof Promise ? found.catch(note) : found
  } catch (error) {
    return note(error)
  }
}

function isOctets(one: unknown, other: Uint8Array): boolean {
  return one instanceof Uint8Array && areSameOctets(one, other)
}

/** Choices that are always the same (a linear congruential generator). */
function tapesOf(seed: number, length: number): [Tape, Tape] {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  }
  const bytes = () => Array.from({ length }, next)
  return [new Tape(bytes()), new Tape(bytes())]
}
