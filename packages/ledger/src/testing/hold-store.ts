// A process that keeps a store open until it is killed: `hold-store.ts FOLDER`.
import { openDocumentStore } from '../file-document-store.ts'

await openDocumentStore(process.argv[2] ?? '')
process.stdout.write('open\n')
setInterval(() => {}, 1000)
