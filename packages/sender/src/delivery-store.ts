// What this gateway remembers of its deliveries: one folder each, named by what was asked for, so that asking again finds it.
import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FaultCode, isFaultCode, writeDurableFile } from '@seg/core'
import { onFile } from './file-fault.ts'

/** What makes two requests the same delivery; `inputDigest` is the SHA-256 of the input file. */
export type DeliveryRequest = { readonly inputDigest: Uint8Array; readonly id: string | undefined; readonly receiver: URL }

/** A document on its way to the disk. A Fault that comes out of it is passed on, and nothing is kept. */
export type Pieces = AsyncIterable<Uint8Array>

/** A refusal that was remembered: the code and when. */
export type PastRefusal = { readonly code: FaultCode; readonly at: string }

export type DeliveryRecord = {
  readonly documentPath: string
  readonly receiptPath: string
  /** Whether there are bytes of an earlier try at `documentPath`. */
  hasDocument(): Promise<boolean>
  /** Keeps the bytes before their first try. Resolves with false when another process was first: then its bytes count. */
  keepDocument(pieces: Pieces): Promise<boolean>
  /** Puts new bytes in the place of those that are known never to have been accepted. */
  replaceDocument(pieces: Pieces): Promise<void>
  receipt(): Promise<Buffer | undefined>
  keepReceipt(receipt: Buffer): Promise<void>
  refusal(): Promise<PastRefusal | undefined>
  keepRefusal(refusal: PastRefusal): Promise<void>
  /** Keeps an answer that is no receipt of ours, for whoever looks into it; returns where. */
  keepUnverified(answer: Buffer): Promise<string>
}

/** Opens the record of a delivery under `folder`; nothing is written yet. All methods throw Fault `file-unreadable` when the disk fails. */
export function openDelivery(folder: string, request: DeliveryRequest): DeliveryRecord {
  const home = join(folder, 'deliveries', deliveryKey(request))
  const path = (name: string) => join(home, name)
  return {
    documentPath: path('document.xml'),
    receiptPath: path('receipt.xml'),
    hasDocument: () => exists(path('document.xml')),
    // Crash before it resolves: nothing was sent. After: these bytes go out on every try, so the receiver can take at most one document.
    keepDocument: pieces => write(path('document.xml'), pieces, false),
    async replaceDocument(pieces) {
      // Crash before: the old bytes are refused once more and replaced then. After: as with the first bytes.
      await write(path('document.xml'), pieces, true)
    },
    receipt: () => read(path('receipt.xml')),
    async keepReceipt(receipt) {
      // Crash before: the next try is a replay and gets the same receipt. After: delivered, and no network is needed to know it.
      await write(path('receipt.xml'), receipt, true)
    },
    async refusal() {
      const text = await read(path('refusal.json'))
      return text && parseRefusal(text.toString('utf8'))
    },
    async keepRefusal(refusal) {
      // Crash before: the refusal is forgotten; sending again asks the receiver again anyway.
      await write(path('refusal.json'), `${JSON.stringify(refusal)}\n`, true)
    },
    async keepUnverified(answer) {
      await write(path('unverified-receipt'), answer, true)
      return path('unverified-receipt')
    },
  }
}

/** SHA-256 over the three parts, each with its length before it, in hex: safe as a folder's name whatever they hold. */
export function deliveryKey({ inputDigest, id, receiver }: DeliveryRequest): string {
  const hash = createHash('sha256')
  for (const part of [inputDigest, Buffer.from(id ?? ''), Buffer.from(receiver.origin)]) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

function parseRefusal(text: string): PastRefusal | undefined {
  try {
    const { code, at } = JSON.parse(text)
    return isFaultCode(code) && typeof at === 'string' ? { code, at } : undefined
  } catch {
    return undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return onFile('read', path, async () => {
    await access(path)
    return true
  }).catch(error => (isMissing(error.cause) ? false : Promise.reject(error)))
}

async function read(path: string): Promise<Buffer | undefined> {
  return onFile('read', path, () => readFile(path)).catch(error => (isMissing(error.cause) ? undefined : Promise.reject(error)))
}

function isMissing(cause: unknown): boolean {
  return Object(cause).code === 'ENOENT'
}

/** Whether the bytes were written; false when something is there already and `replace` is false. */
async function write(path: string, bytes: string | Uint8Array | Pieces, replace: boolean): Promise<boolean> {
  return onFile('write', path, async () => {
    try {
      await writeDurableFile(path, bytes, { replace })
      return true
    } catch (cause) {
      if (!replace && Object(cause).code === 'EEXIST') return false
      throw cause
    }
  })
}
