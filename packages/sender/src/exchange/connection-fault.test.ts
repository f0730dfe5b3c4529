// The errors are those that Node 24 and undici 8 give; send.test.ts meets most of them on real
// connections.
import { Fault } from '@seg/core'
import t from 'tap'
import { readConnectionFailure } from './connection-fault.ts'

const error = (code: string, message = 'as it says') => Object.assign(new Error(message), { code })

t.test('takes a network that fails for a reason to try again', async t => {
  const codes = [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
  ]
  for (const code of codes) t.type(readConnectionFailure(error(code)), 'string', code)
  t.equal(
    readConnectionFailure(AbortSignal.abort(new DOMException('time is up', 'TimeoutError')).reason),
    'no answer in time',
  )
  t.match(readConnectionFailure(error('ERR_SSL_WRONG_VERSION_NUMBER')), /does not speak our TLS 1.3/)
})

t.test('takes a certificate that does not verify for the end', async t => {
  const codes = [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'CERT_HAS_EXPIRED',
    'INVALID_PURPOSE',
  ]
  for (const code of [...codes, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']) {
    t.throws(
      () => readConnectionFailure(error(code, 'from \u001b[31mtheir certificate')),
      { code: 'certificate-invalid', detail: /\\u001b/ },
      code,
    )
  }
})

t.test('takes a TLS alert about our certificate for a refusal', async t => {
  const alerts = [
    'TLSV1_ALERT_UNKNOWN_CA',
    'SSLV3_ALERT_CERTIFICATE_EXPIRED',
    'TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'SSLV3_ALERT_BAD_CERTIFICATE',
  ]
  for (const alert of alerts) {
    t.throws(() => readConnectionFailure(error(`ERR_SSL_${alert}`)), { code: 'delivery-refused', exitCode: 3 }, alert)
  }
})

t.test('passes on other errors than failures of a connection', async t => {
  for (const other of [
    new TypeError('a defect'),
    new Fault('receiver-mismatch', 'found before'),
    error('ERR_INVALID_ARG_TYPE'),
  ]) {
    t.throws(() => readConnectionFailure(other), { message: other.message })
  }
})
