// Fresh certificates in a folder that goes with the test.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type GenerateOptions, generate } from '../issuing/generate.ts'

export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-pki-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What `pki gen` makes, with P-256 keys (the quickest) by default. */
export async function makeCerts(t: Test, options: Partial<GenerateOptions> = {}): Promise<string> {
  const out = await makeFolder(t)
  await generate({ out, key: 'ec-p256', ...options })
  return out
}
