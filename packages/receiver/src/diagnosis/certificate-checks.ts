// Our certificates and keys: there, readable, belonging together, and good for what they are used
// for now.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Check, Fault, type Finding } from '@seg/core'
import {
  checkForPeers,
  checkIdentity,
  expiryWarnings,
  type Identity,
  lackOf,
  loadIdentity,
  loadPeerTrust,
  loadSeal,
  renewalCommand,
  type SealIdentity,
  type Trust,
} from '@seg/pki'
import { checkSealName, proveSeal } from '../credentials/load-credentials.ts'
import { hostWarnings } from './host-warnings.ts'
import { type Facts, row, type Settings } from './receiver-facts.ts'

type AnyIdentity = Identity | SealIdentity

export function certificateChecks(now: () => Date): readonly Check<Facts>[] {
  const checkUse = ({ certs }: Settings, profile: 'receiver' | 'seal', identity: AnyIdentity, trust: Trust) => {
    checkIdentity(identity, profile, certs, trust, now())
    const command = renewalCommand('dates', { certs, profile, id: identity.id })
    return expiryWarnings(`${profile}.crt`, identity.certificate, now(), command)
  }
  const found = <Found extends AnyIdentity>(value: Found): Finding<Found> => {
    return { value, found: `${value.id}, SHA-256 ${value.certificate.fingerprint256}` }
  }
  return [
    row(
      'receiver.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => found(await loadIdentity(certs, 'receiver')),
      ({ configuration: { certs, host } }, fault) =>
        renewalCommand(lackOf(fault), { certs, profile: 'receiver', host }),
    ),
    row(
      'receiver.crt in use',
      ['configuration', 'ca.crt', 'receiver.crt'],
      async ({ configuration, 'ca.crt': trust, 'receiver.crt': identity }) => {
        const warnings = checkUse(configuration, 'receiver', identity, trust)
        const found = `until ${identity.certificate.validTo}`
        return { value: true, found, warnings: [...warnings, ...hostWarnings(identity, configuration)] }
      },
      ({ configuration: { certs, host }, 'receiver.crt': { id, certificate } }, fault) =>
        renewalCommand(lackOf(fault, certificate, now()), { certs, profile: 'receiver', id, host }),
    ),
    row(
      'seal.crt',
      ['configuration'],
      async ({ configuration: { certs } }) => {
        const seal = await loadSeal(certs)
        await proveSeal(seal)
        return found(seal)
      },
      ({ configuration: { certs } }, fault) => renewalCommand(lackOf(fault), { certs, profile: 'seal' }),
    ),
    row(
      'seal.crt in use',
      ['configuration', 'ca.crt', 'receiver.crt', 'seal.crt'],
      async ({ configuration, 'ca.crt': trust, 'receiver.crt': identity, 'seal.crt': seal }) => {
        const warnings = checkUse(configuration, 'seal', seal, trust)
        checkSealName(identity, seal)
        return { value: true, found: `until ${seal.certificate.validTo}`, warnings }
      },
      ({ configuration: { certs }, 'receiver.crt': { id }, 'seal.crt': { certificate } }, fault) =>
        renewalCommand(lackOf(fault, certificate, now()), { certs, profile: 'seal', id }),
    ),
    row(
      'console.crt',
      ['configuration'],
      ({ configuration }) => judgeConsole(configuration, now()),
      ({ configuration: { certs } }, fault) => renewalCommand(lackOf(fault), { certs, profile: 'console' }),
    ),
  ]
}

/** Without the certificate, by itself, there is no listener, and the receiver starts. */
async function judgeConsole({ certs, adminPort }: Settings, now: Date): Promise<Finding<true>> {
  const profile = 'console'
  if (adminPort === 'off') return { value: true, found: "not needed: the operators' listener is off" }
  try {
    const { id, certificate } = await loadIdentity(certs, profile)
    const warnings = expiryWarnings('console.crt', certificate, now, renewalCommand('dates', { certs, profile, id }))
    return { value: true, found: `until ${certificate.validTo}`, warnings }
  } catch (error) {
    if (adminPort !== 'auto' || !(error instanceof Fault)) throw error
    const found = 'no listener for operators'
    if (!existsSync(join(certs, 'console.crt'))) return { value: true, found: `${found}: console.crt is missing` }
    const command = error.command ?? renewalCommand(lackOf(error), { certs, profile })
    return { value: true, found, warnings: [{ cause: error.detail, command }] }
  }
}

/** As senders judge them, that have the `ca.crt` and `ca.crl` of this folder. */
export function certificateChecksOfSenders(now: () => Date): readonly Check<Facts>[] {
  const checkWithList = async ({ certs }: Settings, profile: 'receiver' | 'seal', { certificate }: AnyIdentity) => {
    checkForPeers(certificate, profile, await loadPeerTrust(certs), now())
    return { value: true as const, found: 'counts by ca.crt and ca.crl' }
  }
  return [
    row(
      'receiver.crt for senders',
      ['configuration', 'receiver.crt', 'receiver.crt in use', 'authorities and lists'],
      ({ configuration, 'receiver.crt': identity }) => checkWithList(configuration, 'receiver', identity),
      ({ configuration: { certs, host }, 'receiver.crt': { id, certificate } }, fault) =>
        renewalCommand(lackOf(fault, certificate, now()), { certs, profile: 'receiver', id, host }),
    ),
    row(
      'seal.crt for senders',
      ['configuration', 'seal.crt', 'seal.crt in use', 'authorities and lists'],
      ({ configuration, 'seal.crt': seal }) => checkWithList(configuration, 'seal', seal),
      ({ configuration: { certs }, 'seal.crt': { id, certificate } }, fault) =>
        renewalCommand(lackOf(fault, certificate, now()), { certs, profile: 'seal', id }),
    ),
  ]
}
