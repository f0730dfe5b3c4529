// The options of TLS, for the start and for each replacement of our certificate: a replacement
// drops all options that are not passed again. TLS proves that the client holds the key of its
// certificate; whom that certificate makes it is ours to say (peer.ts).
import { constants } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import { TLS13_CIPHERS } from '@seg/core'
import type { Identity } from '@seg/pki'
import { KEY_AGREEMENTS } from './client-hello.ts'

export function tlsOptionsOf({ certificatePem, keyPem }: Pick<Identity, 'certificatePem' | 'keyPem'>): TlsOptions {
  return {
    cert: certificatePem,
    key: keyPem,
    // Sends no names of CAs, and makes none of a client's chain valid for TLS, so that Node shows
    // it.
    ca: [],
    // Each said: where nothing is said, the environment and the options of Node decide.
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: TLS13_CIPHERS,
    ecdhCurve: KEY_AGREEMENTS,
    requestCert: true,
    // With `true` the connection would end without a word to a partner whose certificate expired.
    rejectUnauthorized: false,
    // A session that is resumed shows no chain: there are none.
    secureOptions: constants.SSL_OP_NO_TICKET,
    ALPNProtocols: ['http/1.1'],
  }
}
