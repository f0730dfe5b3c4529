// The disk's failures in one form.
import { Fault } from './fault.ts'

/**
 * Runs `work`; throws Fault `file-unreadable` for an error of the system, and anything else that
 * comes out of `work` as it is.
 */
export async function onFile<T>(doing: 'read' | 'write', path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault || typeof Object(cause).code !== 'string') throw cause
    throw new Fault('file-unreadable', `cannot ${doing} ${path}: ${(cause as Error).message}`, { cause })
  }
}
