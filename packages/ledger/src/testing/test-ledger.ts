// A ledger on SQLite for the tests: its log has one key, its receipts are plain.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openSqliteLedger } from '../sqlite/sqlite-ledger.ts'
import { makeFolder } from './sample-documents.ts'
import { logKey } from './test-log.ts'

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
  return openSqliteLedger(folder, {
    log: logKey,
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
