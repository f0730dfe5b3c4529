// The second opinion on a document that we would accept. It can refuse, or raise an alarm; it never makes a refused document acceptable.
import { Fault } from '@seg/core'
import type { AdmittedDocument, TimelyDocument } from './admission.ts'
import type { Gate } from './gate.ts'

/**
 * With `require`, throws the Fault `second-opinion` when xml-crypto disagrees, cannot finish, or may not see so large a document. With `report`,
 * a disagreement is noted as the document's `doubt`, and documents too large for it are not asked about.
 */
export async function confirmDocument(
  document: TimelyDocument,
  gate: Pick<Gate, 'secondOpinion' | 'limits'>,
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
    if (mode === 'require' || !(fault instanceof Fault) || fault.code !== 'second-opinion') throw fault
    return admit(document, fault)
  }
}

async function askAbout(
  { received, facts }: TimelyDocument,
  { secondOpinion }: Pick<Gate, 'secondOpinion'>,
): Promise<void> {
  const { digestAlgorithm, digest } = facts.signature
  const document = Buffer.concat(await Array.fromAsync(received.upload.staging.read()))
  await secondOpinion.ask({ document, certificate: received.peer.certificate.raw, digestAlgorithm, digest })
}

function admit({ received, facts }: TimelyDocument, doubt?: Fault): AdmittedDocument {
  return { received, facts, doubt } as AdmittedDocument
}
