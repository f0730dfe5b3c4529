// A ledger for the tests: its log has one key, its receipts are plain.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { AcceptOptions, Ledger, OfferedDocument } from '../ledger.ts'
import { openLedger } from '../sqlite/sqlite-ledger.ts'
import { makeFolder } from './sample-documents.ts'

const NAME = 'ledger.example'
/** An Ed25519 key in PKCS #8 (RFC 8410 7) made of the test's own name: no secret. */
const seed = createHash('sha256').update('a key for tests').digest()
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
})
const octets = Buffer.concat([
  Buffer.of(1),
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32),
])
const keyHash = createHash('sha256').update(`${NAME}\n`).update(octets).digest('hex').slice(0, 8)

/** What signs the checkpoints. */
export const logKey = { name: NAME, privateKey }

export const verifierKey = `${NAME}+${keyHash}+${octets.toString('base64')}`

type TestOptions = {
  readonly queue?: number
  readonly sealer?: 'plain-sealer' | 'entry-sealer'
  readonly note?: (line: string) => void
}

export function openTestLedger(
  folder: string,
  { sealer = 'plain-sealer', ...options }: TestOptions = {},
): Promise<Ledger> {
  const keyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const module = new URL(`./${sealer}.ts`, import.meta.url).href
  return openLedger(folder, { log: { name: NAME, keyPem }, sealer: { module, data: undefined }, ...options })
}

/** A ledger in a folder of its own, both gone after the test. */
export async function makeLedger(t: Test) {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder)
  t.teardown(() => ledger.close())
  return {
    ledger,
    folder,
    staged: () => readdir(join(folder, 'staging')),
    files: () => readdir(join(folder, 'contents')),
  }
}

/** Stages and accepts at once. */
export async function acceptBytes(
  ledger: Ledger,
  document: OfferedDocument,
  bytes: Uint8Array,
  options?: AcceptOptions,
) {
  const staging = ledger.stage()
  await staging.write(bytes)
  return ledger.accept(document, staging, options)
}
