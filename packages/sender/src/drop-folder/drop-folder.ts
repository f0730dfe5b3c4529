// The drop folder: a complete file in outgoing/ is queued; it is moved beside its receipt or its
// reason when the outcome is known.
import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { advice, asFault, Fault, faults, isOwnFailure, makeDurableFolder, pollLoop, quote, Wake } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import { type Destination, findReceiver } from '../credentials/destination.ts'
import type { SendingGateway } from '../delivery/gateway.ts'
import { codeOf } from '../delivery/outcome.ts'
import { deliveryOf, queueUnder } from '../delivery/queue-document.ts'
import { faultOf } from '../delivery/settled-entry.ts'
import { openDroppedFile } from '../document/document-file.ts'
import type { Template } from '../document/sign-template.ts'
import { STAGING } from '../files/staging.ts'
import { shortenName, textOfName } from './dropped-name.ts'
import { moveBeside } from './move-file.ts'

/** Milliseconds between two polls of the folder. */
const LOOK_INTERVAL = 500
/** Files taken in one poll, and how many of them at the same time. */
const TAKEN_AT_A_LOOK = 64
const LANES = 4
/** Milliseconds without a change before a file is read. */
const QUIET_TIME = 1_000
/**
 * Milliseconds that a file may end in the middle of the document: it may still be written.
 */
const PATIENCE_WITH_WRITERS = 30_000
/** Milliseconds between two tries to read such a file. */
const RETRY_TIME = 5_000
/** Milliseconds after which a file with the name of an unfinished one is reported. */
const ABANDONED = 3_600_000

/** `path` is octets, because a name need not be UTF-8; `name` is text for people. */
type Dropped = {
  readonly path: Buffer
  readonly name: string
  /** Unique for each file. */
  readonly key: string
  readonly kind: string | undefined
}

type Found = {
  readonly key: string
  /** Changes when the file does. */
  readonly identity: string
  /** Milliseconds of the monotonic clock, as `nextLook`. */
  readonly changedAt: number
  /** Of its entry in the outbox. */
  number?: number
  nextLook: number
  complaint?: string
}

export class DropFolder {
  readonly #gateway: SendingGateway
  readonly #destination: () => Destination
  readonly #onRefused: (file: string, fault: Fault) => void
  readonly #found = new Map<string, Found>()
  readonly #wake = new Wake()

  /** `destination`: as it is at the moment. */
  constructor(
    gateway: SendingGateway,
    destination: () => Destination,
    onRefused: (file: string, fault: Fault) => void,
  ) {
    this.#gateway = gateway
    this.#destination = destination
    this.#onRefused = onRefused
  }

  async open(): Promise<void> {
    for (const name of ['outgoing', 'sent', 'refused']) await makeDurableFolder(join(this.#gateway.data, name), 0o700)
  }

  async watch(signal: AbortSignal): Promise<void> {
    await pollLoop(() => this.look(), {
      interval: LOOK_INTERVAL,
      wake: this.#wake,
      signal,
      complain: this.#gateway.note,
    })
  }

  /**
   * One poll of the folder. All state is in the outbox and in the folder: a file that is queued
   * already is recognized by its content, so a crash or a second process changes nothing.
   */
  async look(): Promise<void> {
    const folder = join(this.#gateway.data, 'outgoing')
    const entries = (await readdir(folder, { withFileTypes: true, encoding: 'buffer' })).map(entry =>
      describe(folder, entry),
    )
    const keys = new Set(entries.map(({ key }) => key))
    for (const key of this.#found.keys()) if (!keys.has(key)) this.#found.delete(key)
    const remaining = entries.values()
    let taken = 0
    const work = async () => {
      for (const dropped of remaining) {
        if (await this.#lookAtOne(dropped)) taken++
        if (taken >= TAKEN_AT_A_LOOK) return
      }
    }
    await Promise.all(Array.from({ length: LANES }, work))
    // Files that were taken first may have an outcome by now.
    if (taken >= TAKEN_AT_A_LOOK) this.#wake.trigger()
  }

  /**
   * Whether a file was taken, or an attempt failed. A failure with one file affects no other,
   * except a failure of the outbox.
   */
  async #lookAtOne(dropped: Dropped): Promise<boolean> {
    const { name, key, kind } = dropped
    try {
      if (kind !== undefined) await this.#mention(dropped, kind)
      else return await this.#lookAt(dropped)
    } catch (error) {
      const fault = asFault(error)
      if (fault.code === 'storage-unavailable') throw fault
      const found = this.#found.get(key)
      if (found === undefined) return false
      found.nextLook = this.#gateway.clock.elapsed() + RETRY_TIME
      this.#complain(name, found, `waits in outgoing: ${fault.message}`)
    }
    return false
  }

  /** Reports, once, a file that is not taken. */
  async #mention({ name, path, key }: Dropped, kind: string): Promise<void> {
    const known = this.#found.get(key)
    const stats = known?.complaint === undefined ? await lstat(path).catch(() => undefined) : undefined
    if (stats === undefined) return
    const found = known ?? { key, identity: kind, changedAt: this.#gateway.clock.elapsed(), nextLook: 0 }
    this.#found.set(key, found)
    if (kind !== UNFINISHED)
      this.#complain(name, found, `in outgoing is ${kind}: it is not taken; put the document itself there`)
    else if (stats.mtimeMs < this.#gateway.clock.now().getTime() - ABANDONED)
      this.#complain(
        name,
        found,
        `in outgoing is unfinished by its name, and has not changed for an hour: it is not taken until it is renamed`,
      )
  }

  #complain(name: string, found: Found, complaint: string): void {
    if (found.complaint !== complaint) this.#gateway.note(`${quote(name)} ${complaint}`)
    found.complaint = complaint
  }

  async #lookAt({ name, path, key }: Dropped): Promise<boolean> {
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined) return false
    const now = this.#gateway.clock.elapsed()
    const known = this.#found.get(key)
    if (known?.identity !== identityOf(stats)) {
      this.#found.set(key, { key, identity: identityOf(stats), changedAt: now, nextLook: now + QUIET_TIME })
      return false
    }
    if (now < known.nextLook) return false
    if (known.number === undefined) {
      await this.#take(name, path, known, stats)
      return true
    }
    const entry = await this.#gateway.outbox.find(known.number)
    if (entry !== undefined && entry.state !== 'queued') await this.#settle(name, path, known, entry)
    // The more files wait, the less often each is checked.
    else known.nextLook = now + Math.max(LOOK_INTERVAL, this.#found.size / 10)
    return false
  }

  /** Queues a file, or finds its earlier outcome. */
  async #take(name: string, path: Buffer, found: Found, { ctimeMs, nlink }: Stats): Promise<void> {
    try {
      await using input = await openDroppedFile(path, name)
      const gateway = { ...this.#gateway }
      const template: Template = { file: name, input, id: undefined, stripComments: false, types: gateway.types }
      const receiver = await findReceiver(template, this.#destination(), gateway.receivers)
      const delivery = await deliveryOf(template, receiver)
      const earlier = await this.#gateway.outbox.latest(delivery)
      // A file from before the outcome, or one with a second name, was only not moved yet. A newer
      // file is to be sent again.
      const isUnmoved = earlier?.settledAt !== undefined && (earlier.settledAt >= ctimeMs || nlink > 1)
      if (isUnmoved && earlier.state !== 'delivered') return await this.#settle(name, path, found, earlier)
      const queued = await queueUnder(delivery, template, receiver, gateway)
      found.number = 'receipt' in queued ? queued.number : queued.entry.number
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault
      const mayGrow =
        fault.code === 'xml-malformed' && this.#gateway.clock.elapsed() < found.changedAt + PATIENCE_WITH_WRITERS
      found.nextLook = this.#gateway.clock.elapsed() + RETRY_TIME
      // The file stays where it is.
      if (isOwnFailure(fault.code)) this.#complain(name, found, `waits in outgoing: ${fault.message}`)
      else if (!mayGrow) await this.#refuse(name, path, found, fault)
    }
  }

  async #settle(name: string, path: Buffer, found: Found, entry: OutboxEntry): Promise<void> {
    if (entry.state !== 'delivered') return this.#refuse(name, path, found, faultOf(entry), entry)
    const receipt = await this.#gateway.outbox.receipt(entry.number)
    if (receipt === undefined) throw new TypeError(`entry ${entry.number} is delivered without a receipt`)
    await this.#move(path, found, 'sent', name, { suffix: '.receipt.xml', content: receipt })
  }

  async #refuse(name: string, path: Buffer, found: Found, fault: Fault, entry?: OutboxEntry): Promise<void> {
    const code = codeOf(fault)
    const reason = {
      state: entry?.state ?? 'refused',
      code,
      sentence: faults[code].sentence,
      detail: fault.detail,
      advice: advice[code],
    }
    const more = entry === undefined ? {} : { number: entry.number, id: entry.document.id, tries: entry.tries }
    const content = `${JSON.stringify({ ...reason, ...more }, undefined, 2)}\n`
    await this.#move(path, found, 'refused', name, { suffix: '.reason.json', content })
    // Entries of the outbox are reported by the delivery loop, with their last try.
    if (entry === undefined) this.#onRefused(name, fault)
  }

  async #move(
    path: Buffer,
    found: Found,
    folder: string,
    name: string,
    beside: { suffix: string; content: string | Buffer },
  ): Promise<void> {
    // A file that was overwritten meanwhile is another document.
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined || identityOf(stats) !== found.identity) return
    const { data } = this.#gateway
    await moveBeside(path, join(data, folder), shortenName(name), { ...beside, staging: join(data, STAGING) })
    this.#found.delete(found.key)
  }
}

const UNFINISHED = 'unfinished'

const kinds = {
  isSymbolicLink: 'a symbolic link',
  isDirectory: 'a folder',
  isFIFO: 'a FIFO',
  isSocket: 'a socket',
  isBlockDevice: 'a device',
  isCharacterDevice: 'a device',
} as const

/** `kind`: the reason why a file is not taken. */
function describe(folder: string, entry: Dirent<Buffer>): Dropped {
  const name = textOfName(entry.name)
  const key = entry.name.toString('latin1')
  const path = Buffer.concat([Buffer.from(`${folder}/`), entry.name])
  if (entry.isFile()) return { path, name, key, kind: isUnfinished(name) ? UNFINISHED : undefined }
  const tests = Object.keys(kinds) as (keyof typeof kinds)[]
  const test = tests.find(known => entry[known]())
  return { path, name, key, kind: test === undefined ? 'no file' : kinds[test] }
}

/** Names that programs give to unfinished files; none is a name for an XML file. */
function isUnfinished(name: string): boolean {
  return /^\.|\.(tmp|part|partial|filepart|crdownload|swp)$|~$/i.test(name)
}

function identityOf({ dev, ino, size, mtimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs}`
}
