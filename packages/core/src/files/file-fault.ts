// The disk's failures in one form.
import { Fault } from '../fault.ts'

/**
 * Runs `work`; throws Fault `file-unreadable` for an error of the system, and anything else that
 * comes out of `work` as it is.
 */
export async function onFile<T>(doing: 'read' | 'write', path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault || typeof Object(cause).code !== 'string') throw cause
    throw new Fault('file-unreadable', `cannot ${doing} ${path}: ${whyUnreadable(path, cause)}`, { cause })
  }
}

/** Why the system does not give the file at `path`, in words for people. */
export function whyUnreadable(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES') return 'this user may not'
  if (code !== 'ENOENT') return message
  // Node replaces octets of its arguments that are not UTF-8: what is left names no file.
  if (!path.includes('\u{fffd}')) return 'there is no such file'
  return 'its name is not UTF-8, and cannot be passed to this command: rename it, or give /dev/stdin with < FILE'
}
