// The field Idempotency-Key: an act that is asked for twice is done once, and answered twice.
import { Fault, quote } from '@seg/core'
import type { Operator } from '../access/access-store.ts'
import { shownCredential } from '../access/authenticate.ts'
import type { AnswerStore, KeptAnswer, KeyedAct } from './answer-store.ts'

/** What an HTTP server knows of a request. */
type Asked = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

/** Acts under way with a key of their own, by their requests. */
export class Idempotency {
  readonly #open: () => Promise<AnswerStore>
  readonly #underWay = new WeakMap<object, { store: AnswerStore; asking: KeyedAct }>()

  constructor(open: () => Promise<AnswerStore>) {
    this.#open = open
  }

  /**
   * The answer that was given before, if there is one. Throws the Faults `parameter-invalid`,
   * `idempotency-key-reused`, `idempotency-pending`, `overloaded` and `storage-unavailable`.
   */
  async begin(request: Asked, operator: Operator | undefined, now: Date): Promise<KeptAnswer | undefined> {
    const key = request.headers['idempotency-key']
    if (key === undefined) return undefined
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
      throw new Fault(
        'parameter-invalid',
        `expected an Idempotency-Key of 1 to 200 visible characters, found ${quote(`${key}`)}`,
      )
    const { method, url, headers, body } = request
    const asking = {
      ...{ secret: shownCredential(headers), owner: `${operator?.id}`, key, at: now.getTime() },
      request: JSON.stringify([method, url, headers['if-match'] ?? null, body ?? null]),
    }
    const store = await this.#open()
    const answer = store.begin(asking)
    if (answer === undefined) this.#underWay.set(request, { store, asking })
    return answer
  }

  /** A failure of the gateway is no answer: the same request may be made again. */
  end(request: object, status: number, type: string, body: unknown): void {
    const underWay = this.#underWay.get(request)
    if (underWay === undefined) return
    this.#underWay.delete(request)
    const isKept = status < 500 && (typeof body === 'string' || Buffer.isBuffer(body))
    underWay.store.end(underWay.asking, isKept ? { status, type, body: body.toString() } : undefined)
  }
}
