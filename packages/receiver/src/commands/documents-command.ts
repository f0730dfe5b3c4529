// `receiver documents`: what was accepted, read beside a running receiver.
import {
  type Command,
  escapeUnseen,
  Fault,
  openOutput,
  quote,
  resolveUserPath,
  writeList,
  writeOutputFile,
  writeResult,
} from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { type CertificateFacts, describeCertificate, exportCertificates } from '../stored/kept-certificate.ts'
import { withReader } from './with-reader.ts'

type ListOptions = { readonly limit?: number; readonly sender?: string }
type ShowOptions = { readonly sender?: string }
type ExportOptions = ShowOptions & { readonly output?: string; readonly certificate?: boolean }

export async function runDocumentsList({ limit, sender }: ListOptions, command: Command): Promise<void> {
  await withReader(command, async (reader, data) => {
    // Twice over, so that there need not be room for all of it.
    const table = await measureTable(reader.list(), sender)
    const skipped = limit === undefined ? 0 : Math.max(0, table.rows - limit)
    const documents = select(reader.list(), sender, skipped, table.rows)
    const heading = formatRow(heads, table.widths)
    const line = (document: AcceptedDocument) => formatRow(cellsOf(document), table.widths)
    await writeList(command, documents, {
      name: 'documents',
      facts: publicFacts,
      heading,
      line,
      empty: `no documents in ${data} yet`,
    })
  })
}

export async function runDocumentsShow(id: string, { sender }: ShowOptions, command: Command): Promise<void> {
  await withReader(command, async reader => {
    const document = await findDocument(reader, id, sender)
    const facts = publicFacts(document)
    const certificate = await describeCertificate(reader, document)
    const shown = { ...facts, ...describe(certificate) }
    const lines = Object.entries(shown).map(([name, value]) => `${name.padEnd(16)}${escapeUnseen(String(value))}`)
    openOutput(command).report({ ...facts, certificate }, lines.join('\n'))
  })
}

function describe(certificate: CertificateFacts | null): Record<string, string> {
  if (certificate === null) return { certificate: 'none: accepted before certificates were kept' }
  const { sha256, subject, issuer, validFrom, validTo } = certificate
  return { certificate: `sha256 ${sha256}`, subject, issuer, validity: `${validFrom} to ${validTo}` }
}

export async function runDocumentsExport(id: string, options: ExportOptions, command: Command): Promise<void> {
  await withReader(command, async reader => {
    const { sender, output, certificate } = options
    const document = await findDocument(reader, id, sender)
    const content = certificate
      ? exportCertificates(reader, document)
      : await reader.read(document.sender, document.id, { isShared: true })
    if (content === undefined) throw new Fault('storage-unavailable', `the document ${quote(id)} is gone`)
    if (output === undefined) return writeResult(content)
    const file = resolveUserPath(output)
    await writeOutputFile(file, content)
    const what = certificate ? 'the certificate, and that of its CA,' : `${document.bytes} bytes`
    openOutput(command).report({ ...publicFacts(document), file }, `${what} written to ${file}`)
  })
}

async function findDocument(reader: LedgerReader, id: string, sender: string | undefined): Promise<AcceptedDocument> {
  const found: AcceptedDocument[] = []
  if (sender === undefined) {
    for await (const document of reader.list()) if (document.id === id) found.push(document)
  } else {
    const document = await reader.find(sender, id)
    if (document !== undefined) found.push(document)
  }
  const [first, second] = found
  if (first === undefined) {
    const from = sender === undefined ? '' : ` from ${quote(sender)}`
    throw new Fault(
      'not-found',
      `no document ${quote(id)}${from} was accepted; \`receiver documents list\` shows those that were`,
    )
  }
  if (second !== undefined) {
    const senders = found.map(document => quote(document.sender)).join(', ')
    throw new Fault('usage', `${quote(id)} names a document of each of ${senders}; say which with --sender`)
  }
  return first
}

function publicFacts({ sender, id, acceptedAt, bytes, sha256, index, referenceDigest }: AcceptedDocument) {
  return { sender, id, acceptedAt, bytes, sha256, index, referenceDigest }
}

const heads = ['index', 'accepted at', 'sender', 'id', 'bytes'] as const

type Documents = AsyncIterable<AcceptedDocument>

/** What is accepted meanwhile comes behind them. */
async function* select(documents: Documents, sender: string | undefined, from: number, to: number) {
  let row = 0
  for await (const document of documents) {
    if (sender !== undefined && document.sender !== sender) continue
    if (row >= to) return
    if (row++ >= from) yield document
  }
}

async function measureTable(documents: Documents, sender: string | undefined) {
  const widths = heads.map(head => head.length)
  let rows = 0
  for await (const document of select(documents, sender, 0, Number.POSITIVE_INFINITY)) {
    rows++
    for (const [column, { length }] of cellsOf(document).entries()) widths[column] = Math.max(widths[column]!, length)
  }
  return { rows, widths }
}

function cellsOf({ index, acceptedAt, sender, id, bytes }: AcceptedDocument): readonly string[] {
  return [String(index), acceptedAt, escapeUnseen(sender), id, String(bytes)]
}

function formatRow(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column]!))
    .join('  ')
    .trimEnd()
}
