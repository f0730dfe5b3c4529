// A refusal or failure with a stable code: the only way an error leaves any part of the gateway.
import { type FaultCode, faults } from './faults.ts'
import { quote } from './shown-text.ts'

/**
 * Thrown for every refusal of input and every failure of the surroundings. `code` is stable and
 * public; `detail` says what was expected and found and may quote the input (escaped), so it goes
 * to logs and local terminals, never to a peer.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly detail: string
  /** The one command that fixes it, where there is one; for `diagnose`. */
  readonly command: string | undefined

  constructor(code: FaultCode, detail: string, options: { cause?: unknown; command?: string } = {}) {
    const { command, ...others } = options
    super(`${code}: ${detail}`, others)
    this.code = code
    this.detail = detail
    this.command = command ?? (options.cause instanceof Fault ? options.cause.command : undefined)
  }

  get status(): number {
    return faults[this.code].status
  }

  get sentence(): string {
    return faults[this.code].sentence
  }

  get exitCode(): number {
    return faults[this.code].exit
  }
}

/**
 * Any error as a Fault: one of ours as it is, `file-unreadable` for an error of the system, and
 * `internal` for anything else, which is a defect of ours.
 */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = quote(String((error as Error)?.message ?? error)).slice(1, -1)
  if (isSystemError(error)) return new Fault('file-unreadable', message, { cause: error })
  return new Fault('internal', `${(error as Error)?.name ?? 'thrown'}: ${message}${placeOf(error)}`, { cause: error })
}

/** Whether `error` comes from a system call, and with one of `codes` when there are any. */
export function isSystemError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false
  return codes.length === 0 || codes.includes(String(error.code))
}

/** The first place of its stack in this program: enough to report a defect with. */
function placeOf(error: unknown): string {
  const place = /packages\/[\w/.-]+:\d+:\d+/.exec((error as Error)?.stack?.replaceAll('\\', '/') ?? '')
  return place === null ? '' : ` (${place[0]})`
}
