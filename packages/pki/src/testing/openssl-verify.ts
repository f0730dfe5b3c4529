// OpenSSL's verdict on a chain: the oracle for our own.
import { spawnSync } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

export type Chain = {
  readonly leaf: X509Certificate
  readonly presented: readonly X509Certificate[]
  readonly anchors: readonly X509Certificate[]
}

/**
 * Whether OpenSSL takes the chain, with every strict check it has. The one that we do not ask for
 * is that key identifiers are there (RFC 5280 4.2.1.1 asks it of CAs, 6.1 of no verifier): where
 * that is all it finds, it is asked again without.
 */
export function askOpenssl(chain: Chain, purpose = 'sslclient'): { readonly ok: boolean; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'seg-openssl-'))
  try {
    const file = (name: string, certificates: readonly X509Certificate[]) => {
      writeFileSync(join(folder, name), certificates.map(certificate => pem(certificate.raw)).join(''))
      return join(folder, name)
    }
    const chainArguments = [
      ...['-partial_chain', '-auth_level', '2', '-purpose', purpose, '-CAfile', file('anchors.pem', chain.anchors)],
      ...(chain.presented.length > 0 ? ['-untrusted', file('presented.pem', chain.presented)] : []),
      file('leaf.pem', [chain.leaf]),
    ]
    const ask = (...flags: string[]) => {
      const { status, stdout, stderr } = spawnSync('openssl', ['verify', ...flags, ...chainArguments], {
        encoding: 'utf8',
      })
      return { ok: status === 0, output: stdout + stderr }
    }
    const strict = ask('-x509_strict')
    // It also fails for a file that it cannot read: that is no verdict.
    if (!strict.ok && !/verification failed/.test(strict.output)) throw new Error(strict.output)
    return /error 8[56] at/.test(strict.output) ? ask() : strict
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
