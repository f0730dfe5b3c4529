// What a command reads: a file, or a pipe that has a writer. Nothing else, no more than is
// meant, no wait without an end.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../fault.ts'

/** O_NONBLOCK: a FIFO is opened at once, with a writer or without. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

/** Octets of an input that is held in memory, such as a certificate, a receipt or settings. */
const SMALL = 4 * 1024 * 1024
const PIECE = 64 * 1024

/** Milliseconds until a pipe must have a writer, and between two writes. */
const FIRST_WRITER = 3_000
const LONGEST_SILENCE = 60_000
/** Milliseconds between two reads of a pipe: doubled from the first to the last. */
const FIRST_LOOK = 1
const LAST_LOOK = 64

export type SmallInput = {
  /** Octets at the most. */
  readonly most?: number
  /** Whether a pipe is refused, too. */
  readonly onlyFile?: boolean
  /** Looks at the open file before it is read; throws a Fault. */
  readonly check?: (stats: Stats) => void
}

/**
 * The whole of a small input. Throws the Fault `file-unreadable`, what `check` throws, and errors
 * of the system.
 */
export function readInput(path: string, { most = SMALL, onlyFile = false, check }: SmallInput = {}): Buffer {
  const descriptor = openSync(path, READ)
  try {
    const stats = fstatSync(descriptor)
    check?.(stats)
    const kind = kindOf(stats, path)
    if (onlyFile && kind === 'pipe') throw unexpected(path, stats)
    const pieces: Buffer[] = []
    let length = 0
    for (const wait = new PipeWait(path); ; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, most + 1 - length))
      const count = readNow(() => readSync(descriptor, piece))
      if (count === 'nothing yet' || (kind === 'pipe' && count === 0)) {
        if (!wait.goesOn(count)) return Buffer.concat(pieces)
        sleep(wait.time)
        continue
      }
      wait.begin()
      if (count === 0) return Buffer.concat(pieces)
      pieces.push(piece.subarray(0, count))
      length += count
      if (length > most) throw new Fault('file-unreadable', `expected at most ${most} bytes in ${path}, found more`)
    }
  } finally {
    closeSync(descriptor)
  }
}

export type OpenedInput = { readonly file: FileHandle; readonly kind: 'file' | 'pipe'; readonly size: number }

/** Opens an input of any length. Throws the Fault `file-unreadable`, and errors of the system. */
export async function openInput(path: string): Promise<OpenedInput> {
  const file = await open(path, READ)
  try {
    const stats = await file.stat()
    return { file, kind: kindOf(stats, path), size: stats.size }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * All that comes out of a pipe. A piece is good until the next one is asked for. Throws the Fault
 * `file-unreadable`.
 */
export async function* readPipe({ file }: OpenedInput, path: string): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE)
  for (const wait = new PipeWait(path); ; ) {
    const count = await file.read(piece).then(({ bytesRead }) => bytesRead, nothingYet)
    if (count === 'nothing yet' || count === 0) {
      if (!wait.goesOn(count)) return
      await pause(wait.time)
      continue
    }
    wait.begin()
    yield piece.subarray(0, count)
  }
}

type Count = number | 'nothing yet'

function readNow(read: () => number): Count {
  try {
    return read()
  } catch (error) {
    return nothingYet(error)
  }
}

/** A pipe that has a writer, but no octets. */
function nothingYet(error: unknown): Count {
  if (Object(error).code === 'EAGAIN') return 'nothing yet'
  throw error
}

/**
 * How long a pipe is waited for: an end before any writer may be that of one which has not come
 * yet.
 */
class PipeWait {
  readonly #path: string
  #since = performance.now()
  #hasWriter = false
  time = FIRST_LOOK / 2

  constructor(path: string) {
    this.#path = path
  }

  /** After octets have come. */
  begin(): void {
    this.#hasWriter = true
    this.#since = performance.now()
    this.time = FIRST_LOOK / 2
  }

  /**
   * After none have: whether to look again in `time` milliseconds; false at the end. Throws the
   * Fault `file-unreadable` when it has been too long.
   */
  goesOn(found: 'nothing yet' | 0): boolean {
    if (found === 0 && this.#hasWriter) return false
    if (found === 'nothing yet') this.#hasWriter = true
    const longest = this.#hasWriter ? LONGEST_SILENCE : FIRST_WRITER
    if (performance.now() - this.#since >= longest) {
      const what = this.#hasWriter ? 'a pipe into which its writer writes nothing' : 'a pipe without a writer'
      throw new Fault('file-unreadable', `expected a file at ${this.#path}, found ${what} for ${longest / 1000} s`)
    }
    this.time = Math.min(2 * this.time, LAST_LOOK)
    return true
  }
}

function kindOf(stats: Stats, path: string): 'file' | 'pipe' {
  if (stats.isFile()) return 'file'
  if (stats.isFIFO()) return 'pipe'
  throw unexpected(path, stats)
}

function unexpected(path: string, stats: Stats): Fault {
  return new Fault('file-unreadable', `expected a file at ${path}, found ${nameKind(stats)}`)
}

/** For messages: what was found instead of a file. */
export function nameKind(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  if (stats.isSocket()) return 'a socket'
  if (stats.isSymbolicLink()) return 'a symbolic link'
  return stats.isFile() ? 'a file' : 'a device'
}

/** The commands that read small inputs have nothing else to do meanwhile. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/**
 * One digest of all their contents, to see whether they have changed. That a file is not there, or
 * cannot be read, counts as its content.
 */
export async function digestFiles(paths: readonly string[]): Promise<string> {
  const contents = await Promise.all(paths.map(path => readOwn(path).catch(({ code }) => String(code))))
  const digest = createHash('sha256')
  for (const [i, content] of contents.entries()) digest.update(`${paths[i]} ${content.length}\n`).update(content)
  return digest.digest('base64')
}

/** Without waiting for a pipe: a read that waits holds up those of documents. */
async function readOwn(path: string): Promise<Buffer | string> {
  const { file, kind } = await openInput(path)
  await using open = file
  return kind === 'pipe' ? kind : await open.readFile()
}
