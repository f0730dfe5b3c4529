// Signed notes and checkpoints, from c2sp.org/signed-note and c2sp.org/tlog-checkpoint.
import { expectProven, NotGiven } from './not-proven.ts'
import {
  areSameOctets,
  digestOctets,
  encodeText,
  hexOf,
  joinOctets,
  octetsOfBase64,
  quoteFound,
  type RawOctets,
} from './octets.ts'

export type TrustedKey = { readonly name: string; readonly hash: string; readonly key: RawOctets }
export type SignedTree = {
  readonly origin: string
  readonly size: number
  readonly root: RawOctets
  readonly by: TrustedKey
}

const ED25519 = 1
const FORM = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/

/** `log.pub`: a line for each key. */
export async function readTrustedKeys(text: string): Promise<TrustedKey[]> {
  const keys: TrustedKey[] = []
  for (const line of text.split(/\r?\n/).filter(line => line !== '')) {
    const [, name = '', hash = '', encoded = ''] = FORM.exec(line) ?? []
    const octets = octetsOfBase64(encoded, 'log.pub')
    expectProven(
      octets.length === 33 && octets[0] === ED25519,
      `log.pub: expected Ed25519 keys, found ${quoteFound(line)}`,
    )
    const found = hexOf((await digestOctets(joinOctets(encodeText(`${name}\n`), octets))).subarray(0, 4))
    expectProven(found === hash, `log.pub: the key of ${quoteFound(name)} has the hash ${found}, not ${hash}`)
    keys.push({ name, hash, key: octets.subarray(1) })
  }
  return keys
}

export function isLogKeys(text: string): boolean {
  const lines = text.split(/\r?\n/).filter(line => line !== '')
  return lines.length > 0 && lines.every(line => FORM.test(line))
}

/** Throws NotGiven without a key of the log that is named `origin`. */
export async function openSignedTree(note: string, keys: readonly TrustedKey[], origin: string): Promise<SignedTree> {
  const fields = ['Checkpoint']
  const own = keys.filter(({ name }) => name === origin)
  if (keys.length === 0) throw new NotGiven(`the key of the receiver's log (log.pub), of the name ${origin}`)
  expectProven(own.length > 0, `log.pub has no key of the log ${quoteFound(origin)}`, ['ReceiverID'])
  const end = note.lastIndexOf('\n\n')
  expectProven(end > 0 && note.endsWith('\n') && !/[\0-\x09\x0b-\x1f]/.test(note), 'expected a signed note', fields)
  const text = note.slice(0, end + 1)
  const found = note
    .slice(end + 2, -1)
    .split('\n')
    .map(readSignature)
    .flatMap(({ name, octets }) =>
      own
        .filter(key => key.name === name && key.hash === hexOf(octets.subarray(0, 4)))
        .map(by => ({ by, value: octets.subarray(4) })),
    )
  const [first] = found
  expectProven(first !== undefined, `the checkpoint has no signature by a key of ${quoteFound(origin)}`, fields)
  for (const { by, value } of found)
    expectProven(
      await isEd25519(by.key, value, encodeText(text)),
      `the signature by ${by.name}+${by.hash} does not verify`,
      fields,
    )
  const [name, size = '', root = '', ...extensions] = text.slice(0, -1).split('\n')
  expectProven(name === origin, `the checkpoint is of ${quoteFound(name ?? '')}, expected ${quoteFound(origin)}`, [
    'ReceiverID',
    ...fields,
  ])
  expectProven(
    /^(?:0|[1-9]\d{0,15})$/.test(size) && Number.isSafeInteger(Number(size)) && !extensions.includes(''),
    'tlog-checkpoint: expected origin, tree size and root hash',
    fields,
  )
  const hash = octetsOfBase64(root, 'root hash')
  expectProven(hash.length === 32, 'tlog-checkpoint: expected a root hash of 32 octets', fields)
  return { origin, size: Number(size), root: hash, by: first.by }
}

/** The name of a receiver's log: its id, percent-encoded but for A-Z a-z 0-9 - _ . ~ */
export function logNameOf(id: string): string {
  return encodeURIComponent(id).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * The root that the proof leads to (RFC 9162 2.1.3.2), by the bits of index and size; undefined for
 * a proof of another length.
 */
export async function rootOfProof(
  leaf: RawOctets,
  index: number,
  size: number,
  proof: readonly RawOctets[],
): Promise<RawOctets | undefined> {
  if (index >= size) return undefined
  let at = BigInt(index)
  let last = BigInt(size) - 1n
  let hash = await digestOctets(joinOctets(Uint8Array.of(0), leaf))
  for (const sibling of proof) {
    if (last === 0n) return undefined
    const isRight = (at & 1n) === 1n || at === last
    hash = await digestOctets(joinOctets(Uint8Array.of(1), ...(isRight ? [sibling, hash] : [hash, sibling])))
    while (isRight && at !== 0n && (at & 1n) === 0n) {
      at >>= 1n
      last >>= 1n
    }
    at >>= 1n
    last >>= 1n
  }
  return last === 0n ? hash : undefined
}

export async function isIncluded(
  leaf: RawOctets,
  index: number,
  proof: readonly RawOctets[],
  { size, root }: Pick<SignedTree, 'size' | 'root'>,
): Promise<boolean> {
  const found = await rootOfProof(leaf, index, size, proof)
  return found !== undefined && areSameOctets(found, root)
}

function readSignature(line: string): { readonly name: string; readonly octets: RawOctets } {
  const [dash, name = '', encoded = '', ...more] = line.split(' ')
  expectProven(dash === '\u2014' && name !== '' && more.length === 0, 'signed-note: expected a signature', [
    'Checkpoint',
  ])
  const octets = octetsOfBase64(encoded, 'Checkpoint')
  expectProven(octets.length > 4, 'signed-note: a signature that is too short', ['Checkpoint'])
  return { name, octets }
}

async function isEd25519(key: RawOctets, value: RawOctets, signed: RawOctets): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', imported, value, signed)
}
