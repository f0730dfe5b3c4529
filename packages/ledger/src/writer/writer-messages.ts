// Messages between the writer's thread and others: each holds many requests, or many outcomes. All
// that is text goes as one, and octets in one piece of memory: an object for each, and memory for
// each, cost both threads more than what is in them.
import { Fault, type FaultCode } from '@seg/core'
import type { AcceptRequest, ResealRequest, WriteOutcome, WriteRequest } from '../batch/requests.ts'
import { NEEDS_OWN_MEMORY } from '../files/release-octets.ts'
import type { LogKey } from '../log/checkpoint.ts'

/** A Fault in a message between threads. */
export type SentFault = { readonly code: FaultCode; readonly detail: string }

type Accepted = Extract<WriteOutcome, { kind: 'accepted' }>
/** So many octets, behind those of the item before, in the memory that comes with them. */
type InMemory = { readonly inMemory: number }
type SentRequest =
  | Exclude<WriteRequest, AcceptRequest | ResealRequest>
  | Omit<ResealRequest, 'data'>
  | (Omit<AcceptRequest, 'content'> & { readonly content: { readonly file: string } | InMemory | InOwnMemory })
type SentOutcome =
  | Exclude<WriteOutcome, Accepted | { kind: 'failed' }>
  | (Omit<Accepted, 'receipt'> & { readonly receipt: InMemory })
  | { readonly kind: 'failed'; readonly fault: SentFault; readonly isDoubtful: boolean }

/** Octets of a document too large to be copied, which are the next of those that come along. */
type InOwnMemory = { readonly isLarge: true }
/**
 * `json`: an array. `sealing`: the data of each `reseal` and the key of each `rotate`; JSON would
 * lose a key object, and the clone that threads exchange keeps it.
 */
type Packed = {
  readonly json: string
  readonly memory: Uint8Array
  readonly large: readonly Uint8Array[]
  readonly sealing?: readonly unknown[]
}
/**
 * To the thread: requests, in order, or `close`. From it: `ready` or what kept it from that;
 * outcomes in the order of the requests.
 */
export type ToWriter = Packed | 'close'
export type FromWriter = 'ready' | SentFault | Packed

/** A message, and the memory that is transferred with it. */
type Packet = { readonly message: Packed; readonly handedOver: ArrayBuffer[] }

export function packRequests(requests: readonly WriteRequest[]): Packet {
  const small: Uint8Array[] = []
  const large: Uint8Array[] = []
  const sealing: unknown[] = []
  const items = requests.map((request): SentRequest => {
    if (request.kind === 'reseal') {
      sealing.push(request.data)
      return { kind: 'reseal' }
    }
    if (request.kind === 'rotate') {
      sealing.push(request.key)
      return { ...request, key: undefined }
    }
    if (request.kind !== 'accept') return request
    const { content } = request
    if (!('octets' in content)) return { ...request, content }
    const { octets } = content
    const isLarge = octets.length >= NEEDS_OWN_MEMORY
    ;(isLarge ? large : small).push(octets)
    return { ...request, content: isLarge ? { isLarge } : { inMemory: octets.length } }
  })
  const { message, handedOver } = pack(items, small, large)
  return { message: sealing.length === 0 ? message : { ...message, sealing }, handedOver }
}

export function unpackRequests({ json, memory, large, sealing = [] }: Packed): WriteRequest[] {
  const read = openReader(memory)
  const nextLarge = large.values()
  const nextSealing = sealing.values()
  return (JSON.parse(json) as SentRequest[]).map((item): WriteRequest => {
    if (item.kind === 'reseal') return { kind: 'reseal', data: nextSealing.next().value }
    if (item.kind === 'rotate') return { ...item, key: nextSealing.next().value as LogKey | undefined }
    if (item.kind !== 'accept' || 'file' in item.content) return item as WriteRequest
    const octets = 'isLarge' in item.content ? nextLarge.next().value! : read(item.content)
    return { ...item, content: { octets } }
  })
}

export function packOutcomes(outcomes: readonly WriteOutcome[]): Packet {
  const receipts: Uint8Array[] = []
  const items = outcomes.map((outcome): SentOutcome => {
    if (outcome.kind === 'failed') {
      const { fault, isDoubtful } = outcome
      return { kind: 'failed', fault: { code: fault.code, detail: fault.detail }, isDoubtful }
    }
    if (outcome.kind !== 'accepted') return outcome
    const { kind, index, replay, receipt } = outcome
    receipts.push(receipt)
    return { kind, index, replay, receipt: { inMemory: receipt.length } }
  })
  return pack(items, receipts)
}

export function unpackOutcomes({ json, memory }: Packed): WriteOutcome[] {
  const read = openReader(memory)
  return (JSON.parse(json) as SentOutcome[]).map((item): WriteOutcome => {
    if (item.kind === 'failed') return { ...item, fault: new Fault(item.fault.code, item.fault.detail) }
    return item.kind === 'accepted' ? { ...item, receipt: read(item.receipt) } : item
  })
}

function pack(items: readonly object[], pieces: readonly Uint8Array[], large: readonly Uint8Array[] = []): Packet {
  const memory = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    memory.set(piece, at)
    at += piece.length
  }
  const handedOver = [memory, ...large].map(({ buffer }) => buffer as ArrayBuffer)
  return { message: { json: JSON.stringify(items), memory, large }, handedOver }
}

function openReader({ buffer, byteOffset }: Uint8Array): (piece: InMemory) => Buffer {
  let at = byteOffset
  return ({ inMemory }) => {
    const octets = Buffer.from(buffer as ArrayBuffer, at, inMemory)
    at += inMemory
    return octets
  }
}
