// Documents that a connection process has verified, on their way into the ledger: durable before it
// is answered. It is one of ours, so what it found is believed; that its credentials are those in
// use is not.
import {
  type CertificateChain,
  type MetDocument,
  makeCertificateChain,
  StagedDocument,
  stagingFolder,
} from '@seg/ledger'
import type { Gate } from '../gate.ts'
import type { Handlers, ReceivedMessage, Reply } from './channel.ts'
import type { HeldShares } from './held-shares.ts'
import type { AcceptAnswer, AcceptQuestion } from './messages.ts'

/** Certificates of documents that are known, for one process; the oldest give way. */
const CHAINS = 4096

/** `snapshot`: the number of the credentials that the process was sent last. */
export function acceptFrom(gate: Gate, shares: HeldShares, snapshot: () => number): Handlers {
  const { ledger, refusals, sealing, data } = gate
  const chainOf = openChains()
  return {
    async accept({ value, octets }) {
      const question = value as AcceptQuestion
      if (question.snapshot !== snapshot()) return answer('replaced')
      const chain = chainOf(question)
      if (chain === undefined) return answer('unknown-chain')
      const { document } = question
      const content = await contentOf(question, octets, data)
      try {
        const { index, replay, receipt } = await refusals.limitConflicts(document.sender, options =>
          ledger.accept({ ...document, chain }, content, options),
        )
        if (!replay) {
          shares.keep(document.sender, document.bytes)
          sealing.signed()
        }
        return answer({ index, replay }, receipt)
      } catch (error) {
        sealing.failed(error)
        throw error
      }
    },
    async again({ value }: ReceivedMessage) {
      const met = value as MetDocument
      return { octets: await refusals.limitConflicts(met.sender, options => ledger.acceptAgain(met, options)) }
    },
  }
}

function answer(value: AcceptAnswer, octets?: Buffer): Reply {
  return { value, octets }
}

function contentOf({ staged }: AcceptQuestion, octets: Buffer, data: string) {
  if (staged === undefined) return StagedDocument.hold(octets)
  return StagedDocument.adopt(stagingFolder(data), staged.file, staged.bytes)
}

/** One object for each chain: the ledger knows by it what it has. */
function openChains() {
  const known = new Map<string, CertificateChain>()
  return ({ fingerprints, certificates }: AcceptQuestion): CertificateChain | undefined => {
    const chain = known.get(fingerprints)
    if (chain !== undefined || certificates === undefined) return chain
    const made = makeCertificateChain(certificates.map(der => Buffer.from(der, 'base64')))
    known.set(fingerprints, made)
    if (known.size > CHAINS) known.delete(known.keys().next().value!)
    return made
  }
}
