// What this gateway remembers of its deliveries: one folder each, named by what was asked for, so that asking again finds it.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, type FaultCode, isFaultCode, writeDurableFile } from '@seg/core'

/** What makes two requests the same delivery. */
export type DeliveryRequest = { readonly input: Uint8Array; readonly id: string | undefined; readonly receiver: URL }

/** A refusal that was remembered: the code and when. */
export type PastRefusal = { readonly code: FaultCode; readonly at: string }

export type DeliveryRecord = {
  readonly documentPath: string
  readonly receiptPath: string
  /** The bytes of every try so far, or undefined before the first one. */
  document(): Promise<Buffer | undefined>
  /** Keeps the bytes before their first try. Returns what is kept: another process may have been first, and then its bytes count. */
  keepDocument(bytes: Buffer): Promise<Buffer>
  /** Puts new bytes in the place of those that are known never to have been accepted. */
  replaceDocument(bytes: Buffer): Promise<Buffer>
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
    document: () => read(path('document.xml')),
    async keepDocument(bytes) {
      // Crash before: nothing was sent. After: these bytes go out on every try, so the receiver can take at most one document.
      const kept = await write(path('document.xml'), bytes, false)
      return kept ? bytes : ((await read(path('document.xml'))) ?? bytes)
    },
    async replaceDocument(bytes) {
      // Crash before: the old bytes are refused once more and replaced then. After: as with the first bytes.
      await write(path('document.xml'), bytes, true)
      return bytes
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
export function deliveryKey({ input, id, receiver }: DeliveryRequest): string {
  const hash = createHash('sha256')
  for (const part of [input, Buffer.from(id ?? ''), Buffer.from(receiver.origin)]) hash.update(`${part.length}:`).update(part)
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

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (Object(cause).code === 'ENOENT') return undefined
    throw new Fault('file-unreadable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Whether the bytes were written; false when something is there already and `replace` is false. */
async function write(path: string, bytes: string | Uint8Array, replace: boolean): Promise<boolean> {
  try {
    await writeDurableFile(path, bytes, { replace })
    return true
  } catch (cause) {
    if (!replace && Object(cause).code === 'EEXIST') return false
    throw new Fault('file-unreadable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}
