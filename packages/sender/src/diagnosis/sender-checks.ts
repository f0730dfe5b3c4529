// What `sender diagnose` checks on this machine, a row each, with the functions of a delivery.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { amount, type Check, flagFor, quote, readSection, shellWord, type Trouble } from '@seg/core'
import { checkWritable, openOutbox, parseVerifierKey, placeOfFolder } from '@seg/ledger'
import {
  caWarnings,
  checkCertificate,
  checkForPeers,
  checkSigning,
  expiryWarnings,
  lackOf,
  loadIdentity,
  loadPeerTrust,
  loadSigningIdentity,
  loadVerifierKeys,
  type PeerTrust,
  proveKey,
  renewalCommand,
} from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'
import { loadRegistered } from '../credentials/sender-credentials.ts'
import { exchangeChecks } from './exchange-checks.ts'
import { senderRow as row, type SenderFacts, type SenderSettings } from './sender-facts.ts'

export type SenderDiagnosis = {
  /** Throws the Faults of a delivery. */
  readonly readSettings: () => SenderSettings
  /** The receiver to try, if any. */
  readonly to: URL | undefined
  readonly now: () => Date
  /** Milliseconds for each connection. */
  readonly patience: number
}

export function senderChecks({ readSettings, to, now, patience }: SenderDiagnosis): readonly Check<SenderFacts>[] {
  return [
    row(
      'configuration',
      [],
      async () => ({ value: readSettings(), found: 'flags, environment and seg.yaml' }),
      () => 'pnpm --filter sender deliver --help',
    ),
    row(
      'ca.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const value = await loadPeerTrust(certs)
        const lists = listWarnings('ca.crl', value, now().getTime(), () => trustCommand(certs, true))
        const warnings = [...caWarnings(value, certs, now()), ...lists]
        return {
          value,
          found: `${amount(value.authorities.length, 'CA')}, ${amount(value.revocation.size, 'list')}`,
          warnings,
        }
      },
      ({ configuration: { certs } }, { code }) => trustCommand(certs, code.startsWith('crl-')),
    ),
    row(
      'receivers',
      ['configuration', 'ca.crt'],
      async ({ configuration: { config }, 'ca.crt': all }) => {
        const value = await loadRegistered(config, { ...all, logs: [] })
        const withOwn = [...value.values()].filter(({ trust }) => trust !== undefined)
        const warnings = withOwn.flatMap(({ id, own }) =>
          listWarnings(`a list of ${quote(id)}`, own, now().getTime(), () => listReceivers(config)),
        )
        return { value, found: `${value.size} registered, ${withOwn.length} with CAs of their own`, warnings }
      },
      ({ configuration: { config } }) => listReceivers(config),
    ),
    row(
      'log.pub',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const value = (await loadVerifierKeys(certs)).map(parseVerifierKey)
        return { value, found: `${amount(value.length, 'key')} of logs` }
      },
      ({ configuration: { certs } }) => `cp RECEIVERS_LOG.pub ${shellWord(join(certs, 'log.pub'))}`,
    ),
    row(
      'sender.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const value = await loadIdentity(certs, 'sender')
        return { value, found: `${value.id}, SHA-256 ${value.certificate.fingerprint256}` }
      },
      ({ configuration: { certs } }, fault) => renewalCommand(lackOf(fault), { certs, profile: 'sender' }),
    ),
    row(
      'sender.crt in use',
      ['configuration', 'ca.crt', 'sender.crt'],
      async ({ configuration: { certs }, 'ca.crt': trust, 'sender.crt': { id, certificate } }) => {
        checkCertificate(certificate, 'sender', trust, now())
        checkForPeers(certificate, 'sender', trust, now())
        const renewal = renewalCommand('dates', { certs, profile: 'sender', id })
        const warnings = expiryWarnings('sender.crt', certificate, now(), renewal)
        return { value: true, found: `until ${certificate.validTo}`, warnings }
      },
      ({ configuration: { certs }, 'sender.crt': { id, certificate } }, fault) =>
        renewalCommand(lackOf(fault, certificate, now()), { certs, profile: 'sender', id }),
    ),
    row(
      'signing.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const signing = await loadSigningIdentity(certs)
        if (signing === undefined) return { value: true, found: 'none: sender.crt signs' }
        const { certificate } = signing
        checkSigning(certificate, now())
        await proveKey(signing)
        const warnings = expiryWarnings('signing.crt', certificate, now(), signingCommand(certs))
        return { value: true, found: `SHA-256 ${certificate.fingerprint256}, until ${certificate.validTo}`, warnings }
      },
      ({ configuration: { certs } }) => signingCommand(certs),
    ),
    row(
      'data',
      ['configuration'],
      async ({ configuration: { data } }) => {
        const { isNew, place } = await placeOfFolder(data)
        // Opening an empty folder would make it an outbox.
        if (!isNew && (await readdir(data)).length > 0) await (await openOutbox(data)).close()
        await checkWritable(place)
        return { value: true, found: isNew ? `${data} is made by the first delivery` : data }
      },
      ({ configuration: { data } }) => `ls -ld ${shellWord(data)}`,
    ),
    row(
      'document types',
      ['configuration'],
      async ({ configuration: { config } }) => {
        const { value: types } = readSection(config, documentsSection)
        return { value: true, found: types.map(({ name }) => name).join(', ') }
      },
      ({ configuration: { config } }) => `pnpm seg config check${flagFor('config', config)}`,
    ),
    ...(to === undefined ? [] : exchangeChecks({ to, now, patience })),
  ]
}

function listReceivers(config: string | undefined): string {
  return `pnpm --filter sender receivers list${flagFor('config', config)}`
}

function signingCommand(certs: string): string {
  return `pnpm --filter pki csr --profile seal --id ID --out ${shellWord(join(certs, 'new-signing'))}`
}

function trustCommand(certs: string, isList: boolean): string {
  if (isList) return `openssl crl -in ${shellWord(join(certs, 'ca.crl'))} -noout -issuer -lastupdate -nextupdate`
  const lack = renewalCommand('missing', { certs, profile: 'sender' })
  return lack.includes(' gen ') ? lack : `openssl x509 -in CA.pem -out ${shellWord(join(certs, 'ca.crt'))}`
}

/** A sender needs no list; what an old one does not say may be revoked. */
function listWarnings(name: string, { revocation }: PeerTrust, now: number, command: () => string): Trouble[] {
  return [...revocation.values()]
    .filter(({ thisUpdate, nextUpdate }) => !(thisUpdate <= now && now <= nextUpdate))
    .map(({ thisUpdate, nextUpdate }) => {
      const [from, to, at] = [thisUpdate, nextUpdate, now].map(time => new Date(time).toISOString())
      return {
        cause: `${name} is out of date: expected a list in date at ${at}, found one from ${from} to ${to}`,
        command: command(),
      }
    })
}
