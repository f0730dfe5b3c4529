// What a checkpoint says (C2SP tlog-checkpoint), for people: nothing of it is verified here.
import { hexOf, octetsOfBase64 } from '../../verifier/octets.ts'

export type ShownCheckpoint = {
  readonly origin: string
  readonly size: number
  /** In hexadecimal. */
  readonly root: string
  readonly signers: readonly string[]
}

/** Undefined for what is no checkpoint. */
export function readCheckpointText(note: string | null | undefined): ShownCheckpoint | undefined {
  if (!note) return undefined
  const [text = '', signatures = ''] = note.split('\n\n')
  const [origin = '', size = '', root = ''] = text.split('\n')
  try {
    return {
      origin: decodeURIComponent(origin),
      size: Number(size),
      root: hexOf(octetsOfBase64(root, 'root')),
      signers: [...signatures.matchAll(/^\u2014 (\S+) /gm)].map(([, name = '']) => decodeURIComponent(name)),
    }
  } catch {
    return undefined
  }
}
