// The second opinion on a document that we would accept. It can refuse, or raise an alarm; it never
// makes a refused document acceptable.
import { Fault, type FaultCode } from '@seg/core'
import type { ExchangeGate } from '../gate.ts'
import type { AdmittedDocument, ValidDocument } from './admission.ts'

/**
 * With `require`, throws the Fault `second-opinion` when xml-crypto disagrees, cannot finish, or
 * may not see so large a document, and `rate-limit` or `overloaded` when too much waits for it.
 * With `report`, a disagreement is noted as the document's `doubt`; documents too large for it are
 * not asked about, nor those for which too much waits, which is noted as `unasked`.
 */
export async function confirmDocument(
  document: ValidDocument,
  gate: Pick<ExchangeGate, 'secondOpinion' | 'limits'>,
): Promise<AdmittedDocument> {
  const { mode } = gate.secondOpinion
  const { bytes } = document.received
  const isSmall = bytes <= gate.limits.opinionBytes
  if (mode === 'off' || (mode === 'report' && !isSmall)) return admit(document)
  try {
    if (!isSmall)
      throw new Fault(
        'second-opinion',
        `expected at most ${gate.limits.opinionBytes} bytes to ask xml-crypto about, found ${bytes}`,
      )
    await askAbout(document, gate)
    return admit(document)
  } catch (fault) {
    if (mode === 'require' || !(fault instanceof Fault)) throw fault
    const note = notes[fault.code]
    if (note === undefined) throw fault
    return admit(document, { [note]: fault })
  }
}

/** What becomes of a Fault that does not keep the document out. */
const notes: Partial<Record<FaultCode, 'doubt' | 'unasked'>> = {
  'second-opinion': 'doubt',
  'rate-limit': 'unasked',
  overloaded: 'unasked',
}

async function askAbout(
  { received, facts }: ValidDocument,
  { secondOpinion }: Pick<ExchangeGate, 'secondOpinion'>,
): Promise<void> {
  const { digestAlgorithm, digest } = facts.signature
  const { peer, upload, signer } = received
  const document = Buffer.concat(await Array.fromAsync(upload.staging.read()))
  await secondOpinion.ask(peer.id, { document, certificate: signer.path[0]!.raw, digestAlgorithm, digest })
}

function admit({ received, facts }: ValidDocument, notes: { doubt?: Fault; unasked?: Fault } = {}): AdmittedDocument {
  return { received, facts, ...notes } as AdmittedDocument
}
