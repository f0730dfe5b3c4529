// The only writer of durable state: today the accepted documents, as files.
export { readDocuments } from './document-files.ts'
export { type AcceptedDocument, type DocumentReader, type DocumentStore, HELD_IN_MEMORY, type Staging } from './document-store.ts'
export { openDocumentStore } from './file-document-store.ts'
