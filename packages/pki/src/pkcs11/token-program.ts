// The process of a token: the vendor's module runs here, apart from documents, TLS keys and
// everything else of the gateway, and can be ended when it hangs. It ends with the process that
// started it.

import type { TokenAnswer, TokenQuestion } from './token-messages.ts'
import { openToken, type TokenSession, TokenTrouble } from './token-session.ts'

let session: TokenSession | undefined

// A terminal sends these to all processes of a command; this one ends when its work is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => {
  session?.close()
  process.exit()
})
process.on('message', async (question: TokenQuestion) => {
  process.send!(await answer(question))
})

async function answer(question: TokenQuestion): Promise<TokenAnswer> {
  try {
    if (question.kind === 'open') {
      session = await openToken(question.address, question.pin)
      return { kind: 'opened' }
    }
    if (session === undefined) throw new TypeError('the token is not open')
    if (question.kind === 'public-key') return { kind: 'public-key', key: session.publicKey() }
    return { kind: 'signed', value: session.sign(Buffer.from(question.octets), question.method) }
  } catch (error) {
    const failure = error instanceof TokenTrouble ? error.failure : 'lost'
    return { kind: 'failed', failure, detail: (error as Error).message }
  }
}
