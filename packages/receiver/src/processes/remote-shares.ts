// Places, rates and room of partners as a connection process has them: all are counted in the
// process with the ledger, so that a bound holds for all processes together. As long as a partner
// is far from every bound, some of its places and room stay here for its next documents: to ask for
// each would cost as much as a signature. They are given back when they are called for.
import { HELD_IN_MEMORY } from '@seg/ledger'
import type { PartnerLimits } from '@seg/pki'
import { DOCUMENT_OVERHEAD } from '../acceptance/storage-room.ts'
import type { ShareCounts, UploadShares } from '../shares/upload-shares.ts'
import type { ProcessChannel } from './channel.ts'
import { type BeginQuestion, type Granted, sendLimits } from './messages.ts'

/** Places, and bytes of room, that are kept for one partner. */
const MOST_PLACES = 16
const MOST_BYTES = 1024 * 1024
/** Milliseconds after which nothing is kept for a partner whose documents do not come. */
const KEEP_TIME = 1_000

/** What this process has of a partner and does not use now. */
type Kept = { places: number; bytes: number; mayKeep: boolean; isUsed: boolean; underWay: number }

export type RemoteShares = UploadShares & {
  /** Gives back what is kept, and keeps nothing for a while: somebody needs it. */
  recall(): void
}

export function openRemoteShares(channel: ProcessChannel): RemoteShares {
  const kept = new Map<string, Kept>()
  let all = 0
  let large = 0
  /** Of a monotonic clock. */
  let recalledUntil = 0
  const of = (partner: string): Kept => {
    const known = kept.get(partner)
    if (known !== undefined) return known
    const made = { places: 0, bytes: 0, mayKeep: false, isUsed: true, underWay: 0 }
    kept.set(partner, made)
    return made
  }
  const release = (partner: string, one: Kept) => {
    const { places: documents, bytes } = one
    if (documents + bytes > 0) channel.tell('back', [partner, { documents, bytes } satisfies ShareCounts])
    one.places = 0
    one.bytes = 0
    if (one.underWay === 0) kept.delete(partner)
  }
  const mayKeep = (one: Kept) => one.mayKeep && performance.now() > recalledUntil
  setInterval(() => {
    for (const [partner, one] of kept) {
      if (!one.isUsed) release(partner, one)
      one.isUsed = false
    }
  }, KEEP_TIME).unref()

  const ask = async (name: 'document' | 'probe', partner: string, own: PartnerLimits, announced: number) => {
    const { value } = await channel.ask(name, { partner, own: sendLimits(own), announced } satisfies BeginQuestion)
    const { bytes, mayKeep } = value as Granted
    const one = of(partner)
    one.bytes += bytes
    one.mayKeep = mayKeep
    begin(one)
  }
  const begin = (one: Kept) => {
    one.underWay++
    one.isUsed = true
    all++
  }
  const askForRoom = async (partner: string, bytes: number) => {
    const { value } = await channel.ask('room', { partner, bytes })
    of(partner).bytes += (value as number) - bytes
  }
  return {
    takeDocument(partner, own, size) {
      const announced = Math.min(size, HELD_IN_MEMORY)
      const one = of(partner)
      const isFree = own.rate === undefined && own.concurrency === undefined
      const bytes = DOCUMENT_OVERHEAD + announced
      if (!isFree || one.places === 0 || one.bytes < bytes) return ask('document', partner, own, announced)
      one.places--
      one.bytes -= DOCUMENT_OVERHEAD
      begin(one)
      return undefined
    },
    takeProbe: (partner, own, size) => ask('probe', partner, own, Math.min(size, HELD_IN_MEMORY)),
    async takeRead(partner, own) {
      await channel.ask('read', { partner, own: sendLimits(own) })
    },
    async takeLarge(partner) {
      await channel.ask('large', partner)
      large++
    },
    takeRoom(partner, bytes) {
      const one = of(partner)
      if (one.bytes < bytes) return askForRoom(partner, bytes)
      one.bytes -= bytes
      return undefined
    },
    checkRoom(partner, bytes) {
      if (of(partner).bytes >= bytes) return undefined
      return channel.ask('check-room', { partner, bytes }).then(() => {})
    },
    giveBack(partner, { documents = 0, bytes = 0, ...others }) {
      all -= documents
      large -= others.large ?? 0
      const one = of(partner)
      one.underWay -= documents
      one.places += documents
      one.bytes += bytes
      const keeps = mayKeep(one)
      const back = {
        ...others,
        documents: keeps ? Math.max(0, one.places - MOST_PLACES) : one.places,
        bytes: keeps ? Math.max(0, one.bytes - MOST_BYTES) : one.bytes,
      } satisfies ShareCounts
      one.places -= back.documents
      one.bytes -= back.bytes
      if (Object.values(back).some(count => count > 0)) channel.tell('back', [partner, back])
      if (one.underWay === 0 && one.places + one.bytes === 0) kept.delete(partner)
    },
    isAmple: () => false,
    active: () => ({ all, large }),
    recall() {
      recalledUntil = performance.now() + KEEP_TIME
      for (const [partner, one] of kept) release(partner, one)
    },
  }
}
