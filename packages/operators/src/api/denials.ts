// Who was refused for want of a right: a record of the audit trail, bounded in number.
import { asFault, type Fault } from '@seg/core'
import type { Operator } from '../access/access-store.ts'
import { Attempts } from '../access/attempts.ts'
import { BadCredential, Denied } from '../access/authenticate.ts'
import { actorOf, placeOfRequest } from './api-act.ts'
import type { ApiParts } from './parts.ts'

/** Records a minute of one address, and of all; and lines of the log about logins. */
const EACH = 20
const ALL = 200
const LINES = 20

type Asked = {
  readonly method: string
  readonly id: string
  readonly ip: string
  readonly routeOptions: { url?: string | undefined }
}

export class Denials {
  readonly #parts: Pick<ApiParts, 'audit' | 'now' | 'complain'>
  readonly #attempts = new Attempts()
  /** Of all addresses, however many there are. */
  readonly #all = new Attempts()
  readonly #lines = new Attempts()

  constructor(parts: Pick<ApiParts, 'audit' | 'now' | 'complain'>) {
    this.#parts = parts
  }

  /** Who shows no credential at all tries none, and has no record. */
  note(fault: Fault, { method, id, ip, routeOptions }: Asked, operator: Operator | undefined): void {
    const isLogin = fault instanceof BadCredential || fault.code === 'login-refused'
    if (!isLogin && !(fault instanceof Denied) && fault.code !== 'cross-site') return
    const { audit, now, complain } = this.#parts
    const at = now()
    const number = this.#attempts.attempt(ip, at)
    const all = this.#all.attempt('all', at)
    // Then only each tenfold, which says how many there were.
    if (isLeftOut(number, EACH) || isLeftOut(all, ALL)) return
    const credential = fault instanceof BadCredential ? fault.credential : undefined
    const detail = `${fault.detail}${number > EACH ? `; ${number} within a minute` : ''}`
    if (fault.code === 'login-refused' && this.#lines.attempt('all', at) <= LINES)
      complain(`a login is refused: ${detail} (${id})`)
    try {
      audit.add(
        {
          action: isLogin ? 'authentication.login-refused' : 'authorization.denied',
          category: isLogin ? 'authentication' : 'authorization',
          actor: operator ? actorOf(operator) : { id: credential ?? `unknown at ${ip}`, method: 'unproven' },
          from: placeOfRequest({ address: ip, id }),
          on: { kind: 'route', id: `${method} ${routeOptions.url ?? 'unknown'}` },
          reason: { code: fault.code, detail },
        },
        'failure',
        at,
      )
    } catch (error) {
      complain(`a denial has no audit record: ${asFault(error).message}`)
    }
  }
}

function isLeftOut(number: number, most: number): boolean {
  return number > most && !/^10+$/.test(`${number}`)
}
