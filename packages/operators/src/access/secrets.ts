// Secrets that are shown once and kept as a hash.
import { createHash, randomBytes } from 'node:crypto'

export type NewSecret = {
  /** Names it for people; may stand anywhere. */
  readonly id: string
  /** Given out once; stored nowhere. */
  readonly text: string
  readonly hash: Buffer
}

const kinds = { key: 'seg', link: 'link', session: 's' } as const

/** `KIND_ID_SECRET`: a scanner of source code finds it by its first letters. */
export function makeSecret(kind: keyof typeof kinds): NewSecret {
  const id = randomBytes(6).toString('hex')
  const text = `${kinds[kind]}_${id}_${randomBytes(32).toString('base64url')}`
  return { id, text, hash: hashSecret(text) }
}

/** A fast hash is enough for 256 random bits. */
export function hashSecret(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
