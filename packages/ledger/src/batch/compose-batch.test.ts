// What a commit means does not depend on the store: a ledger in memory keeps the whole contract.
import t from 'tap'
import { verifierKeyOf } from '../log/checkpoint.ts'
import { testLedger } from '../testing/ledger-contract.ts'
import { MemoryEvidence } from '../testing/memory-evidence.ts'
import { openMemoryLedger } from '../testing/memory-ledger.ts'
import { MemoryReader } from '../testing/memory-reader.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { logKey } from '../testing/test-log.ts'

/** What is stored, by the folder that stands for it. */
const stores = new Map<string, MemoryStore>()

testLedger(t, {
  open: (folder, { queue = 1024, sealer = 'plain-sealer' } = {}) =>
    openMemoryLedger(storeOf(folder), { queue, sealer }),
  openReader: folder => new MemoryReader(storeOf(folder)),
  openEvidence: folder => new MemoryEvidence(storeOf(folder)),
})

function storeOf(folder: string): MemoryStore {
  const store = stores.get(folder) ?? new MemoryStore(verifierKeyOf(logKey))
  stores.set(folder, store)
  return store
}
