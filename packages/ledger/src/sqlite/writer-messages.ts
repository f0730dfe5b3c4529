// What the writer's thread and the others tell each other. Octets of many requests, and of many receipts, go in one piece of memory: one for each
// costs both threads more than what is in it.
import { Fault, type FaultCode } from '@seg/core'
import { NEEDS_OWN_MEMORY } from '../staged-document.ts'
import type { AcceptRequest, Content, Outcome, Request } from './ledger-writer.ts'

/** A Fault on its way between threads. */
export type SentFault = { readonly code: FaultCode; readonly detail: string }

type Accepted = Extract<Outcome, { kind: 'accepted' }>
/** So many octets, behind those of the item before, in the memory that comes with them. */
type InMemory = { readonly inMemory: number }
type SentRequest = Exclude<Request, AcceptRequest> | (Omit<AcceptRequest, 'content'> & { readonly content: Content | InMemory })
type SentOutcome =
  | Exclude<Outcome, Accepted | { kind: 'failed' }>
  | (Omit<Accepted, 'receipt'> & { readonly receipt: InMemory })
  | { readonly kind: 'failed'; readonly fault: SentFault; readonly isDoubtful: boolean }

type Packed<Item> = { readonly items: readonly Item[]; readonly memory: Uint8Array }
/** To the thread: requests, in order, or `close`. From it: `ready` or what kept it from that; outcomes in the order of the requests. */
export type ToWriter = Packed<SentRequest> | 'close'
export type FromWriter = 'ready' | SentFault | Packed<SentOutcome>

/** A message, and the memory that is handed over with it. */
type Packet<Item> = { readonly message: Packed<Item>; readonly handedOver: ArrayBuffer[] }

export function packRequests(requests: readonly Request[]): Packet<SentRequest> {
  const small: Uint8Array[] = []
  const large: ArrayBuffer[] = []
  const items = requests.map(request => {
    if (request.kind !== 'accept' || !('octets' in request.content)) return request
    const { octets } = request.content
    if (octets.length >= NEEDS_OWN_MEMORY) {
      large.push(octets.buffer as ArrayBuffer)
      return request
    }
    small.push(octets)
    return { ...request, content: { inMemory: octets.length } }
  })
  return pack(items, small, large)
}

export function unpackRequests({ items, memory }: Packed<SentRequest>): Request[] {
  const next = openReader(memory)
  return items.map(item => {
    if (item.kind !== 'accept' || !('inMemory' in item.content)) return item as Request
    return { ...item, content: { octets: next(item.content) } }
  })
}

export function packOutcomes(outcomes: readonly Outcome[]): Packet<SentOutcome> {
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

export function unpackOutcomes({ items, memory }: Packed<SentOutcome>): Outcome[] {
  const next = openReader(memory)
  return items.map((item): Outcome => {
    if (item.kind === 'failed') return { ...item, fault: new Fault(item.fault.code, item.fault.detail) }
    return item.kind === 'accepted' ? { ...item, receipt: next(item.receipt) } : item
  })
}

function pack<Item>(items: readonly Item[], pieces: readonly Uint8Array[], handedOver: ArrayBuffer[] = []): Packet<Item> {
  const memory = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    memory.set(piece, at)
    at += piece.length
  }
  return { message: { items, memory }, handedOver: [...handedOver, memory.buffer] }
}

function openReader({ buffer, byteOffset }: Uint8Array): (piece: InMemory) => Buffer {
  let at = byteOffset
  return ({ inMemory }) => {
    const octets = Buffer.from(buffer as ArrayBuffer, at, inMemory)
    at += inMemory
    return octets
  }
}
