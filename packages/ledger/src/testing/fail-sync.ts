// Accepts one document, and tells in JSON how that and what follows ended: `fail-sync.ts FOLDER`. Run where fsync fails.
import type { Fault } from '@seg/core'
import { openDocumentStore } from '../file-document-store.ts'
import { makeSample, sender } from './sample-documents.ts'

const store = await openDocumentStore(process.argv[2] ?? '')
const told = {
  accept: await outcome(() => accept('doc1')),
  retry: await outcome(() => accept('doc1')),
  find: await outcome(() => store.find(sender, 'doc1')),
  receipt: await outcome(() => store.receipt(sender, 'doc1')),
  another: await outcome(() => accept('doc2')),
}
process.stdout.write(JSON.stringify(told))

function accept(id: string) {
  const { document, bytes, receipt } = makeSample(id)
  return store.accept(document, bytes, receipt)
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (fault) {
    return (fault as Fault).message
  }
}
