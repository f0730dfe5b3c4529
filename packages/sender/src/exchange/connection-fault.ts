// What a failed connection means: the network (try again), a server we must not trust, or a server
// that refuses our certificate.
import { Fault, quote } from '@seg/core'
import { DeliveryRefused } from './problem.ts'

type Meaning = 'network' | 'untrusted' | 'unwanted' | 'not-ours'

/**
 * Returns a sentence for a failure worth another try. Throws a Fault for one that would only repeat
 * itself, and the error itself when it is no failure of a connection.
 */
export function readConnectionFailure(error: unknown): string {
  if (error instanceof Fault) throw error
  const { code, message } = describe(error)
  switch (meaningOf(error, code)) {
    case 'network':
      return explainNetwork(code, message)
    case 'untrusted':
      throw new Fault(
        'certificate-invalid',
        `the server's certificate is not accepted (${code}): ${quote(message)}; ${adviceOn(code)}nothing was sent`,
        { cause: error },
      )
    case 'unwanted':
      throw new DeliveryRefused(
        {
          code: 'certificate-invalid',
          sentence: `The receiver ended the TLS handshake: it does not accept our certificate (${code}).`,
        },
        { cause: error },
      )
    case 'not-ours':
      throw error
  }
}

/** What OpenSSL does not say: of which certificates it may be true, and what helps. */
function adviceOn(code: string): string {
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code))
    return "it, or a CA between it and one in ca.crt, is out of date by our clock: expected its owner's renewed one; "
  if (/ISSUER|SELF_SIGNED|LEAF_SIGNATURE/.test(code))
    return (
      'expected a path of signatures to a CA in ca.crt: ' +
      'put there the CA of this receiver, if it is to be trusted; '
    )
  return ''
}

function describe(error: unknown): { code: string; message: string } {
  const { code, message, name } = Object(error)
  // undici's error about what is no HTTP/1.1 has no code.
  const known = typeof code === 'string' ? code : name === 'HTTPParserError' ? 'HPE_INVALID' : ''
  return { code: known, message: String(message) }
}

function meaningOf(error: unknown, code: string): Meaning {
  if (/^ERR_SSL_.*ALERT.*(CERTIFICATE|CERT_|UNKNOWN_CA|ACCESS_DENIED)/.test(code)) return 'unwanted'
  if (/^ERR_SSL_/.test(code) || isNetwork(error, code)) return 'network'
  return /CERT|CRL|ISSUER|SIGNATURE|INVALID_CA|PURPOSE|PATH_LENGTH|HOSTNAME/.test(code) ? 'untrusted' : 'not-ours'
}

function isNetwork(error: unknown, code: string): boolean {
  return /^(UND_ERR|HPE)_/.test(code) || /^E[A-Z]+(_[A-Z]+)?$/.test(code) || Object(error).name === 'TimeoutError'
}

export function explainNetwork(code: string, message: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there (connection refused)'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name of the receiver cannot be resolved'
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') {
    return 'the connection was closed without an answer; if that repeats, the receiver may not accept our certificate'
  }
  if (code.startsWith('ERR_SSL_')) return `what listens there does not speak our TLS 1.3 (${code})`
  if (code.startsWith('HPE_')) return 'what listens there does not answer in HTTP/1.1'
  return code === '' ? 'no answer in time' : `${code}: ${quote(message)}`
}
