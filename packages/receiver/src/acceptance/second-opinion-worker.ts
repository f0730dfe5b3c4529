// The thread of the second opinion: a question in, an answer out.
import { X509Certificate } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { Fault } from '@seg/core'
import type { SignatureFacts } from '@seg/xmldsig'
import { askXmlCrypto } from '@seg/xmldsig/second-opinion'
import { LOADED } from '../shares/bounded-thread.ts'

export type OpinionQuestion = Pick<SignatureFacts, 'digestAlgorithm'> & {
  readonly document: Uint8Array
  /** In DER. */
  readonly certificate: Uint8Array
  /** The Reference's digest. */
  readonly digest: Uint8Array
}

/** The disagreement; nothing when there is none. */
export type OpinionAnswer = { readonly fault?: string }

parentPort?.on('message', (question: OpinionQuestion) => parentPort?.postMessage(answer(question)))
parentPort?.postMessage(LOADED)

function answer({ document, certificate, ...expected }: OpinionQuestion): OpinionAnswer {
  try {
    askXmlCrypto(document, new X509Certificate(certificate), expected)
    return {}
  } catch (error) {
    if (error instanceof Fault) return { fault: error.detail }
    throw error
  }
}
