// What `receiver diagnose` checks, a row each, with the functions that a start uses: what is said
// here is what a start would say, all of it at once.
import { join } from 'node:path'
import { amount, type Check, flagFor, shellWord, type Trouble } from '@seg/core'
import { caWarnings, fetchedListsFolder, loadLogKey, loadTrust, loadTrustPolicy, renewalCommand } from '@seg/pki'
import { readTrust } from '../credentials/read-trust.ts'
import { defaultReceiverLimits } from '../limits.ts'
import { openDocumentPolicy } from '../schemas/document-policy.ts'
import { certificateChecks, certificateChecksOfSenders } from './certificate-checks.ts'
import { dataChecks } from './data-checks.ts'
import { judgeLists } from './judge-lists.ts'
import { lookAtPort } from './look-at-port.ts'
import { type Facts, row, type Settings } from './receiver-facts.ts'

export type DiagnosisEdge = {
  /** Throws the Faults of a start. */
  readonly readSettings: () => Settings
  /** Doubts about its targets. */
  readonly findHandOffDoubts: () => Promise<readonly Trouble[]>
  readonly now: () => Date
}

export function receiverChecks({ readSettings, findHandOffDoubts, now }: DiagnosisEdge): readonly Check<Facts>[] {
  return [
    row(
      'configuration',
      [],
      async () => {
        const value = readSettings()
        return { value, found: value.config ?? 'flags, environment and seg.yaml' }
      },
      () => 'pnpm --filter receiver start --help',
    ),
    row(
      'hand-off',
      ['configuration'],
      async () => {
        const warnings = await findHandOffDoubts()
        return { value: true, found: 'its targets can be used', warnings }
      },
      () => 'pnpm --filter receiver start --help',
    ),
    row(
      'ca.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const value = await loadTrust(certs)
        return { value, found: `${amount(value.authorities.length, 'CA')}`, warnings: caWarnings(value, certs, now()) }
      },
      ({ configuration: { certs } }) => caCommand(certs),
    ),
    ...certificateChecks(now),
    row(
      'log.key',
      ['configuration', 'receiver.crt'],
      async ({ configuration: { certs }, 'receiver.crt': { id } }) => {
        const value = await loadLogKey(certs, id)
        return { value, found: value.verifierKey }
      },
      ({ configuration: { certs } }) => `pnpm --filter pki log-key --certs ${shellWord(certs)}`,
    ),
    row(
      'partners',
      ['configuration'],
      async ({ configuration: { config } }) => {
        const value = await readTrust(config)
        const { mode, partners } = value.record
        return { value, found: `trust ${mode}, ${amount(partners.length, 'partner')} listed` }
      },
      ({ configuration: { config } }) => `pnpm --filter receiver partners list${flagFor('config', config)}`,
    ),
    row(
      'document types',
      ['configuration'],
      async ({ configuration: { config } }) => {
        const { types, schemas } = await openDocumentPolicy(config, defaultReceiverLimits)
        await schemas.close()
        const withSchema = types.filter(({ xsd }) => xsd.length > 0).length
        return { value: true, found: `${types.map(({ name }) => name).join(', ')}; ${withSchema} with a schema` }
      },
      ({ configuration: { config } }) => `pnpm seg config check${flagFor('config', config)}`,
    ),
    row(
      'authorities and lists',
      ['configuration', 'ca.crt', 'partners'],
      async ({ configuration: { certs, data }, 'ca.crt': trust, partners: { record, path } }) => {
        const place = { certs, file: path, fetched: fetchedListsFolder(data) }
        const value = await loadTrustPolicy(record, trust, place)
        const warnings = judgeLists(value, record, place, now().getTime())
        return {
          value,
          found: `${amount(value.anchors.authorities.length, 'authority')}, ${amount(value.crls.length, 'list')}`,
          warnings,
        }
      },
      ({ configuration: { certs } }) => `pnpm --filter pki revoke --certs ${shellWord(certs)}`,
    ),
    ...certificateChecksOfSenders(now),
    row('port', ['configuration', 'receiver.crt'], lookAtPort, ({ configuration: { port } }) =>
      port === 0 ? 'ss -ltn' : `ss -ltnp 'sport = :${port}'`,
    ),
    ...dataChecks(now),
  ]
}

function caCommand(certs: string): string {
  const lack = renewalCommand('missing', { certs, profile: 'receiver' })
  // Without anything there, all is made at once; otherwise only the CA itself can bring its own.
  return lack.includes(' gen ') ? lack : `openssl x509 -in CA.pem -out ${shellWord(join(certs, 'ca.crt'))}`
}
