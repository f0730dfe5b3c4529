// All attacks, by kind.
import { envelopeAttacks } from './envelope-attacks.ts'
import { exchangeAttacks } from './exchange-attacks.ts'
import { floodAttacks } from './flood-attacks.ts'
import { httpAttacks } from './http-attacks.ts'
import type { DocumentAttacks, Scene } from './scene.ts'
import { signatureAttacks } from './signature-attacks.ts'
import type { Attack, Target } from './target.ts'
import { wrappingAttacks } from './wrapping-attacks.ts'
import { xmlAttacks } from './xml-attacks.ts'

export const documentAttacks: Readonly<Record<string, (scene: Scene) => DocumentAttacks>> = {
  signature: signatureAttacks,
  wrapping: wrappingAttacks,
  xml: xmlAttacks,
  envelope: envelopeAttacks,
}

/** In the order of a run: what takes long or asks much of the receiver comes last. */
export function listAttacks(scene: Scene): readonly Attack[] {
  return [
    ...Object.entries(documentAttacks).flatMap(([kind, of]) => toAttacks(kind, of(scene))),
    ...exchangeAttacks(scene),
    ...httpAttacks(scene),
    ...floodAttacks(scene),
  ]
}

function toAttacks(kind: string, documents: DocumentAttacks): Attack[] {
  return Object.entries(documents).map(([name, [expected, make]]) => ({
    name,
    kind,
    expected,
    run: async (target: Target) => (await target.post(Buffer.from(make(target.key, target.other)))).verdict,
  }))
}
