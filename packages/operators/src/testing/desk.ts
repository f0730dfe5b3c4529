// A desk in a folder of its own, and facts for it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '@seg/ledger'
import type { Test } from 'tap'
import type { DeskFilter } from '../desk/desk-query.ts'
import { deskMigrations } from '../desk/desk-schema.ts'
import { DeskSearch } from '../desk/desk-search.ts'
import { DeskStore } from '../desk/desk-store.ts'
import type { Fact } from '../desk/fact.ts'
import type { KeptFact } from '../desk/fact-columns.ts'
import { MetricStore } from '../metrics/metric-store.ts'

export type TestDesk = { readonly database: DatabaseSync; readonly store: DeskStore; readonly search: DeskSearch }

export async function openTestDesk(t: Test): Promise<TestDesk> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-desk-'))
  const database = await openDatabase(join(folder, 'desk.sqlite'), deskMigrations)
  t.teardown(async () => {
    database.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { database, store: new DeskStore(database, new MetricStore()), search: new DeskSearch(database) }
}

/** When the first of the facts happened; milliseconds since 1970. */
export const begin = Date.parse('2026-11-01T00:00:00.000Z')
export const sha256 = 'ab'.repeat(32)
export const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'

/** An accepted document, a millisecond after the one before. */
export const noted = (index: number): Fact => ({
  kind: 'document',
  outcome: 'accepted',
  at: begin + index,
  index,
  partner: 'M1',
  document: `doc${index}`,
  bytes: 100,
  sha256,
  certificate: 'AA:'.repeat(31).concat('AA'),
  tlsVersion: 'TLSv1.3',
  receiveTime: 1.5,
  request,
  address: '192.0.2.7',
})

export function allFacts(search: DeskSearch, filter: DeskFilter = {}): readonly KeptFact[] {
  return search.page(filter, { limit: 1000 }).facts
}
