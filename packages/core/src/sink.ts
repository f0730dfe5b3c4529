// A standard stream that is written to without ever waiting for its reader.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'

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
