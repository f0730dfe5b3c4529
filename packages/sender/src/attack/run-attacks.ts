// Runs the library against one receiver: first an honest document, without which no refusal would
// mean anything, then each attack, those that take long beside each other.
import { type KeyObject, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, type Identity, type KeyKind, loadIdentity, type Trust } from '@seg/pki'
import { escapeText } from '../document/escape-text.ts'
import { type ForgingKey, forge } from './forging.ts'
import { listAttacks } from './library.ts'
import { openScene } from './scene.ts'
import { openTarget, type Target } from './target.ts'

/** `refused-otherwise`: no hole, yet not the code that stands for this attack. */
export type AttackState = 'held' | 'refused-otherwise' | 'accepted' | 'unanswered'

export type AttackResult = {
  readonly kind: string
  readonly name: string
  readonly expected: string
  readonly met: string
  readonly state: AttackState
}

export type AttackSettings = {
  readonly url: URL
  readonly identity: Identity
  readonly key: ForgingKey
  readonly trust: Trust
  /** The receiver's id. */
  readonly receiver: string
  /** Of the library; all without them. */
  readonly kinds?: readonly string[] | undefined
  readonly onResult: (result: AttackResult) => void
}

/** For a list of the library. */
export function describeLibrary(): readonly Omit<AttackResult, 'met' | 'state'>[] {
  const scene = openScene({ id: 'id', sender: 'SENDER', receiver: 'RECEIVER' })
  return listAttacks(scene).map(({ kind, name, expected }) => ({ kind, name, expected }))
}

/** Throws the Fault `delivery-refused` when the receiver does not take an honest document. */
export async function runAttacks(settings: AttackSettings): Promise<readonly AttackResult[]> {
  const { url, identity, key, trust, receiver, kinds, onResult } = settings
  const scene = openScene({
    id: `attack-${randomUUID()}`,
    sender: escapeText(identity.id),
    receiver: escapeText(receiver),
  })
  const target = openTarget({ url, identity, trust }, { key, other: await makeStranger(identity.id, receiver, key) })
  await checkHonest(target, forge(scene.write({ id: `${scene.id}-honest` }), key))
  const results: AttackResult[] = []
  for (const { kind, name, expected, run } of listAttacks(scene)) {
    if (kinds !== undefined && !kinds.includes(kind)) continue
    const met = await run(target).catch(() => 'no answer')
    const result = { kind, name, expected, met, state: stateOf(expected, met) }
    results.push(result)
    onResult(result)
  }
  return results
}

async function checkHonest(target: Target, document: string): Promise<void> {
  const { verdict } = await target.post(Buffer.from(document))
  if (verdict !== '201')
    throw new Fault(
      'delivery-refused',
      'the receiver does not take an honest document, ' +
        `so that its refusals would prove nothing: expected 201, found ${verdict}`,
      { command: 'pnpm --filter sender diagnose --to URL' },
    )
}

function stateOf(expected: string, met: string): AttackState {
  if (met === expected) return 'held'
  if (/(?:^|, )2\d\d/.test(met)) return 'accepted'
  return met === 'no answer' ? 'unanswered' : 'refused-otherwise'
}

/** Of the same kind, so that a refusal is not about that. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyKind {
  if (asymmetricKeyType === 'ed25519') return 'ed25519'
  if (asymmetricKeyType === 'rsa-pss') return 'rsa-pss-3072'
  if (asymmetricKeyType === 'rsa') return 'rsa-2048'
  return curves[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'ec-p256'
}

const curves: Readonly<Record<string, KeyKind>> = { secp384r1: 'ec-p384', secp521r1: 'ec-p521' }

/** Keys and certificates of the same names, by a CA that nobody relies on. */
async function makeStranger(senderId: string, receiverId: string, { key }: ForgingKey): Promise<Identity> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-stranger-'))
  try {
    await generate({ out: folder, key: kindOf(key), senderId, receiverId })
    return await loadIdentity(folder, 'sender')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
