// A refusal or failure with a stable code: the only way an error leaves any part of the gateway.
import { type FaultCode, faults } from './faults.ts'

/**
 * Thrown for every refusal of input and every failure of the surroundings. `code` is stable and
 * public; `detail` says what was expected and found and may quote the input (escaped), so it goes
 * to logs and local terminals, never to a peer.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly detail: string

  constructor(code: FaultCode, detail: string, options?: { cause?: unknown }) {
    super(`${code}: ${detail}`, options)
    this.code = code
    this.detail = detail
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
