// Errors of PostgreSQL and of the way to it become the Fault `storage-unavailable`; everything else
// is a mistake of ours and passes as it is.
import { Fault, isSystemError } from '@seg/core'

/**
 * Classes of SQLSTATE (PostgreSQL, Appendix A) that say that the server, not the statement, is at
 * fault: connections, login, read-only, rolled back, undefined database, resources, limits,
 * operators, system, configuration, damage.
 */
const storageClasses = ['08', '25', '28', '3D', '40', '42501', '53', '54', '55', '57', '58', 'F0', 'XX']
const refusedLogins = ['28', '3D', '42501']

export async function onPostgres<Result>(task: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw postgresFault(task, error)
  }
}

/** What to throw for `error`: a Fault that says what could not be done, or the error itself. */
export function postgresFault(task: string, error: unknown): unknown {
  if (error instanceof Fault) return error
  const state = sqlState(error)
  if (state !== undefined && !startsWithOne(state, storageClasses)) return error
  // pg has no code for a connection that ended, and for an answer that did not come in time.
  const isConnection = isSystemError(error) || /^(Connection|Query read timeout|timeout|Client)/.test(messageOf(error))
  if (state === undefined && !isConnection) return error
  return new Fault('storage-unavailable', `cannot ${task}: ${state ? `${state} ` : ''}${messageOf(error)}`, {
    cause: error,
  })
}

/** Whether the server let nobody in: an error of the setting, not of the moment. */
export function isLoginRefused(error: unknown): boolean {
  const state = sqlState(error instanceof Fault ? error.cause : error)
  return state !== undefined && startsWithOne(state, refusedLogins)
}

/** What to throw then: `where` the database is, and what of it, by the name of its setting. */
export function loginRefused(where: string, setting: string, cause: Fault): Fault {
  return new Fault(
    'configuration',
    `${where}: ${cause.detail}; ` +
      `expected the user and the database of --${setting}, with the password in the file of --${setting}-password`,
    { cause },
  )
}

function startsWithOne(state: string, classes: readonly string[]): boolean {
  return classes.some(one => state.startsWith(one))
}

function sqlState(error: unknown): string | undefined {
  const { code, severity } = Object(error) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}

function messageOf(error: unknown): string {
  return String((error as Error | undefined)?.message ?? error)
}
