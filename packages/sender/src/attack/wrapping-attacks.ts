// Signature wrapping, after Somorovsky et al., "On Breaking SAML": what was signed is kept
// somewhere, and another document stands where it is read.
import { type ForgingKey, forge, forgeSignature } from './forging.ts'
import { changed, type DocumentAttacks, type Scene } from './scene.ts'

type Wrapping = {
  readonly id: string
  readonly original: string
  readonly originalSigned: string
  readonly signature: string
  signatureWith(content: string): string
  root(last: string): string
  rootAround(first: string, inPayload: string, last?: string): string
}

const wrappings: Readonly<Record<string, [code: string, make: (wrap: Wrapping) => string]>> = {
  'XSW1: the original in an Object of the Signature of a forged root': [
    '422 signature-malformed',
    w => w.root(w.signatureWith(`<Object>${w.original}</Object>`)),
  ],
  'XSW2: the original beside the Signature in a forged root': [
    '422 signature-reference',
    w => w.root(w.original + w.signature),
  ],
  'XSW3: the signed original in a forged root, before its children': [
    '422 signature-misplaced',
    w => w.rootAround(w.originalSigned, ''),
  ],
  'XSW4: the signed original in the payload of a forged root': [
    '422 signature-misplaced',
    w => w.rootAround('', w.originalSigned),
  ],
  'XSW5: the Signature moved to a forged root, the original behind it': [
    '422 signature-reference',
    w => w.root(w.signature + w.original),
  ],
  'XSW6: the original as a child of the moved Signature': [
    '422 signature-malformed',
    w => w.root(w.signatureWith(w.original)),
  ],
  'XSW7: the original in an Extensions element of a forged root': [
    '422 signature-reference',
    w => w.root(`<Extensions>${w.original}</Extensions>${w.signature}`),
  ],
  'XSW8: the original in an Object, in front of SignedInfo': [
    '422 signature-malformed',
    w => w.root(w.signature.replace('<SignedInfo', `<Object>${w.original}</Object><SignedInfo`)),
  ],
  'a forged root with the id of the original': [
    '422 signature-digest',
    w => w.root(w.signature).replace('id="evil"', `id="${w.id}"`),
  ],
  'a forged root with the Signature over "" of another document': [
    '422 signature-digest',
    w => w.root(w.signature.replace(`URI="#${w.id}"`, 'URI=""')),
  ],
}

export function wrappingAttacks(scene: Scene): DocumentAttacks {
  return Object.fromEntries(
    Object.entries(wrappings).map(([name, [code, make]]) => [name, [code, key => make(wrap(scene, key))]]),
  )
}

function wrap({ honest, id, write }: Scene, key: ForgingKey): Wrapping {
  const signature = forgeSignature(honest, key, { uri: `#${id}` })
  const rootAround = (first: string, inPayload: string, last = '') =>
    write({ id: 'evil', payload: `<Data>Dinner</Data>${inPayload}` })
      .replace('<SenderID>', `${first}<SenderID>`)
      .replace('</Payload></CriticalDocument>', `</Payload>${last}</CriticalDocument>`)
  return {
    id,
    original: honest,
    originalSigned: forge(honest, key, { uri: `#${id}` }),
    signature,
    signatureWith: content => changed(signature, '</Signature>', `${content}</Signature>`),
    root: last => rootAround('', '', last),
    rootAround,
  }
}
