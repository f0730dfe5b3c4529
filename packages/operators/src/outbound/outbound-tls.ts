// TLS towards the operator's own systems: webhooks, collectors of syslog, mail servers.
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { Fault, readInput, readSecretFile, TLS13_CIPHERS } from '@seg/core'

/** All of TLS 1.3, and those of TLS 1.2 that have forward secrecy and authenticated encryption. */
const CIPHERS = `${TLS13_CIPHERS}:ECDHE+AESGCM:ECDHE+CHACHA20`
/** Set explicitly: otherwise environment variables and options of Node decide. */
export const outboundProtocol = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: CIPHERS } as const

/**
 * Files in PEM; without `ca`: the public CAs that come with Node, to which no environment variable
 * can add.
 */
export type OutboundFiles = {
  readonly ca?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

/** Throws the Fault `configuration`. */
export async function loadOutboundContext({ ca, certificate, key }: OutboundFiles): Promise<SecureContext> {
  try {
    return createSecureContext({
      ca: ca === undefined ? [...rootCertificates] : readCertificates(ca),
      ...(certificate !== undefined && { cert: readCertificates(certificate) }),
      ...(key !== undefined && { key: await readSecretFile(key) }),
      ...outboundProtocol,
    })
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const files = [ca, certificate, key].filter(file => file !== undefined).join(', ')
    throw new Fault('configuration', `cannot use ${files || 'the public CAs'}: ${(cause as Error).message}`, { cause })
  }
}

/** OpenSSL takes a file without certificates for no file at all. */
function readCertificates(file: string): string {
  const pem = readInput(file).toString('utf8')
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  throw new Fault('configuration', `expected certificates in PEM in ${file}, found none`)
}
