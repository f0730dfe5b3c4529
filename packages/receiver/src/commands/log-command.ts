// `receiver log verify`: everything recomputed from the documents up, and the first thing named
// that does not fit.
import { isatty } from 'node:tty'
import { type Command, openOutput, readSection, readSettings, standardError } from '@seg/core'
import { openEvidence, type VerifiedLedger, verifyLedger } from '@seg/ledger'
import { fetchedListsFolder, loadTrust, loadTrustPolicy, loadVerifierKeys } from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'
import { readTrust } from '../credentials/read-trust.ts'
import { openOriginCheck } from '../stored/verify-origin.ts'
import { openReceiptCheck } from '../stored/verify-sealed-receipt.ts'

/** Milliseconds between two lines of progress on a terminal. */
const PROGRESS_TIME = 500

export async function runLogVerify(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const trust = await loadTrust(certs)
  const { record, path } = await readTrust(command.opts().config)
  const { value: types } = readSection(command.opts().config, documentsSection)
  const verifierKeys = await loadVerifierKeys(certs)
  const checks = {
    checkReceipt: openReceiptCheck(trust),
    checkOrigin: openOriginCheck(
      await loadTrustPolicy(record, trust, { certs, file: path, fetched: fetchedListsFolder(data) }),
      types,
    ),
  }
  const verification = verifyLedger(openEvidence(data), verifierKeys.join('\n'), checks)
  const isShown = isatty(2) && !output.json
  let shown = performance.now()
  for (let step = await verification.next(); ; step = await verification.next()) {
    if (step.done) {
      if (isShown) standardError.write('\r\u001b[K')
      const { head, ...counts } = step.value
      const root = head.root.toString('base64')
      return output.report({ ok: true, size: head.size, root, ...counts }, describe(step.value, root))
    }
    if (!isShown || performance.now() - shown < PROGRESS_TIME) continue
    shown = performance.now()
    standardError.write(`\r\u001b[K${step.value.entries} of ${step.value.of} entries verified`)
  }
}

function describe(
  { head, documents, withoutCertificate, erased, checkpoints, setBacks }: VerifiedLedger,
  root: string,
): string {
  return [
    `the log is whole: ${head.size} entries, ${documents} documents with their receipts, ${checkpoints} checkpoints; root ${root}`,
    `${documents - withoutCertificate} documents proven: signed by their senders, with certificates that were valid when they were accepted`,
    ...(withoutCertificate > 0
      ? [`${withoutCertificate} documents not provable: accepted before certificates were kept`]
      : []),
    ...(setBacks > 0
      ? [
          `the clock was set back before ${setBacks} starts: times from there on, up to the later ones before, are its word alone`,
        ]
      : []),
    ...(erased > 0 ? [`${erased} entries with facts erased`] : []),
  ].join('\n')
}
