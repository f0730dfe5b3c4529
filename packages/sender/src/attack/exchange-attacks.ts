// Attacks that begin with an accepted document, or with who is there: replays, conflicts, wrong
// peers.
import { amount } from '@seg/core'
import { forge } from './forging.ts'
import type { Scene } from './scene.ts'
import { type Attack, documentHead, type Target } from './target.ts'

const REQUEST = 'GET /v1/log/checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
const kind = 'exchange'

export function exchangeAttacks({ id, honest, write }: Scene): readonly Attack[] {
  return [
    {
      kind,
      name: 'a replay: the receipt is the first one, to the byte',
      expected: '200 the first receipt',
      async run(target) {
        const document = Buffer.from(forge(honest, target.key))
        const first = await target.post(document)
        const again = await target.post(document)
        return again.verdict === '200' && again.body.equals(first.body) ? '200 the first receipt' : again.verdict
      },
    },
    {
      kind,
      name: 'fifty copies of one document at once: one is accepted',
      expected: '200, 201 once',
      async run(target) {
        const copy = Buffer.from(forge(write({ id: `${id}-copies` }), target.key))
        const met = await Promise.all(Array.from({ length: 50 }, () => target.post(copy)))
        const accepted = met.filter(({ verdict }) => verdict === '201').length
        const other = met.find(({ verdict }) => verdict !== '200' && verdict !== '201')
        return other?.verdict ?? (accepted === 1 ? '200, 201 once' : `201 ${amount(accepted, 'time')}`)
      },
    },
    {
      kind,
      name: 'other bytes under the id of an accepted document',
      expected: '409 document-id-conflict',
      run: async target =>
        (await target.post(Buffer.from(forge(write({ payload: '<Data>Dinner</Data>' }), target.key)))).verdict,
    },
    {
      kind,
      name: 'the receipt of a document that the partner did not send',
      expected: '404 not-found',
      run: target =>
        ask(target, `GET /v1/receipts/${id}-never HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
    },
    {
      kind,
      name: 'a peer with a certificate of the same names, of another CA',
      expected: 'closed',
      run: target => ask(target, REQUEST, { cert: target.other.certificatePem, key: target.other.keyPem }),
    },
    {
      kind,
      name: 'a peer without a certificate',
      expected: 'closed',
      run: target => ask(target, REQUEST, { cert: '', key: '' }),
    },
    {
      kind,
      name: 'TLS 1.2',
      expected: 'closed',
      run: target => ask(target, REQUEST, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT' }),
    },
    {
      kind,
      name: 'a document of another peer, by a peer with a certificate of another CA',
      expected: 'closed',
      run: target => {
        const document = forge(write({ id: `${id}-other` }), target.key)
        const head = `${documentHead({ host: 'localhost' })}Content-Length: ${Buffer.byteLength(document)}\r\n\r\n`
        return ask(target, head + document, { cert: target.other.certificatePem, key: target.other.keyPem })
      },
    },
  ]
}

function ask(target: Target, request: string, tls = {}): Promise<string> {
  return target.talk({
    tls,
    write: socket => {
      socket.write(request)
    },
  })
}
