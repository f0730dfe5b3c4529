// A ledger for the tests: its log has one key, its receipts are plain.
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { AcceptOptions, Ledger, OfferedDocument } from '../ledger.ts'
import { verifierKeyOf } from '../log/checkpoint.ts'
import { openLedger } from '../sqlite/sqlite-ledger.ts'
import { makeFolder } from './sample-documents.ts'

const NAME = 'ledger.example'

/** What signs the checkpoints, and what does after a rotation. */
export const logKey = { name: NAME, privateKey: keyOf('a key for tests') }
export const nextLogKey = { name: NAME, privateKey: keyOf('the next key for tests') }

export const verifierKey = verifierKeyOf(logKey)

/** An Ed25519 key in PKCS #8 (RFC 8410 7) made of a text: no secret. */
function keyOf(text: string): KeyObject {
  const seed = createHash('sha256').update(text).digest()
  const octets = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' })
}

type TestOptions = {
  readonly queue?: number
  readonly sealer?: 'plain-sealer' | 'entry-sealer'
  readonly note?: (line: string) => void
}

export function openTestLedger(
  folder: string,
  { sealer = 'plain-sealer', ...options }: TestOptions = {},
): Promise<Ledger> {
  const module = new URL(`./${sealer}.ts`, import.meta.url).href
  return openLedger(folder, {
    log: { name: NAME, privateKey: logKey.privateKey },
    sealer: { module, data: undefined },
    ...options,
  })
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
