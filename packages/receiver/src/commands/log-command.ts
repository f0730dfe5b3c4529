// `receiver log verify`: everything recomputed from the documents up, and the first thing named
// that does not fit.
import { amount, type Command, openOutput, readSettings } from '@seg/core'
import type { VerifiedLedger } from '@seg/ledger'
import { verifyStoredLog } from '../stored/verify-log.ts'
import { showProgress } from './shown-progress.ts'

export async function runLogVerify(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const { config } = command.opts()
  const progress = showProgress(output)
  const verified = await verifyStoredLog(data, { certs, config }, ({ entries, of }) =>
    progress.show(`${entries} of ${amount(of, 'entry')} verified`),
  )
  progress.clear()
  const { head, ...counts } = verified
  const root = head.root.toString('base64')
  output.report({ ok: true, size: head.size, root, ...counts }, describe(verified, root))
}

function describe(
  { head, documents, withoutCertificate, erased, checkpoints, setBacks }: VerifiedLedger,
  root: string,
): string {
  return [
    `the log is whole: ${amount(head.size, 'entry')}, ${amount(documents, 'document')} with their receipts, ` +
      `${amount(checkpoints, 'checkpoint')}; root ${root}`,
    `${amount(documents - withoutCertificate, 'document')} proven: ` +
      'signed by their senders, with certificates that were valid when they were accepted',
    ...(withoutCertificate > 0
      ? [`${amount(withoutCertificate, 'document')} not provable: accepted before certificates were kept`]
      : []),
    ...(setBacks > 0
      ? [
          `the clock was set back before ${amount(setBacks, 'start')}: ` +
            'times from there on, up to the later ones before, are its word alone',
        ]
      : []),
    ...(erased > 0 ? [`${amount(erased, 'entry')} with facts erased`] : []),
  ].join('\n')
}
