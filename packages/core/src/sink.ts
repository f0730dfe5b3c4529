// A standard stream, or a file, that is written to without ever waiting for a reader.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Fault } from './fault.ts'
import { nameKind } from './files/input.ts'

/**
 * Writes as much as there is room for now, and returns how many octets that was. Throws errors of
 * the system, EAGAIN among them.
 */
export type Sink = (octets: Uint8Array) => number

const OPEN_AGAIN = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** `descriptor`: 1 or 2. It stays as it is, since other processes may share it. */
export function openSink(descriptor: 1 | 2): Sink {
  const stats = fstatSync(descriptor)
  // A file, or a disk: it does not wait for a reader.
  if (!stats.isFIFO() && !stats.isCharacterDevice() && !stats.isSocket()) return octets => writeSync(descriptor, octets)
  const own = openOwn(descriptor)
  return own === undefined ? openStreamSink(descriptor) : octets => writeSync(own, octets)
}

export type FileSink = { readonly write: Sink; close(): void }

const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Appends to a regular file, which is made for its owner only when it is not there. Throws the
 * Fault `configuration`: a pipe or a device could make us wait.
 */
export function openFileSink(path: string): FileSink {
  let descriptor: number
  try {
    descriptor = openSync(path, APPEND, 0o600)
  } catch (cause) {
    throw new Fault('configuration', `cannot write the log to ${path}: ${(cause as Error).message}`, { cause })
  }
  const found = fstatSync(descriptor)
  if (!found.isFile()) {
    closeSync(descriptor)
    throw new Fault('configuration', `expected a file for the log at ${path}, found ${nameKind(found)}`)
  }
  return { write: octets => writeSync(descriptor, octets), close: () => closeSync(descriptor) }
}

/**
 * An open file description of our own (Linux, proc_pid_fd(5)): O_NONBLOCK on the shared one would
 * change it for all who have it.
 */
function openOwn(descriptor: number): number | undefined {
  try {
    const own = openSync(`/proc/self/fd/${descriptor}`, OPEN_AGAIN)
    const [mine, shared] = [fstatSync(own), fstatSync(descriptor)]
    if (mine.ino === shared.ino && mine.dev === shared.dev) return own
    closeSync(own)
  } catch {
    // A socket, a pipe of another user, or no /proc.
  }
  return undefined
}

/**
 * Node's own stream queues what has no room: one piece at a time, of which the caller gets the
 * size.
 */
function openStreamSink(descriptor: 1 | 2): Sink {
  const stream = descriptor === 1 ? process.stdout : process.stderr
  let failure: Error | undefined
  stream.on('error', error => {
    failure = error
  })
  return octets => {
    const found = failure
    failure = undefined
    if (found !== undefined) throw found
    if (stream.writableLength > 0) return 0
    stream.write(octets)
    return octets.length
  }
}
