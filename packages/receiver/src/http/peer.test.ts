import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { DEFAULT_TRUST, loadIdentity, loadTrust, makeOwnPolicy } from '@seg/pki'
import t from 'tap'
import { openCredentials } from '../credentials/live-credentials.ts'
import { makeCerts, makeDefaultDocuments } from '../testing/gateway.ts'
import { identifyPeer } from './peer.ts'

t.test('refuses a connection without a certificate, even where TLS let it through', async t => {
  const certs = await makeCerts(t)
  const [trust, identity, seal] = await Promise.all([
    loadTrust(certs),
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'seal'),
  ])
  const documents = await makeDefaultDocuments()
  const policy = makeOwnPolicy(trust)
  const live = openCredentials({
    identity,
    seal,
    trust,
    policy,
    documents,
    record: DEFAULT_TRUST,
    file: '',
    responder: undefined,
  })
  t.throws(() => identifyPeer(new Socket(), live, new Date()), { code: 'certificate-untrusted' })
  t.throws(() => identifyPeer(new TLSSocket(new Socket()), live, new Date()), { code: 'certificate-untrusted' })
})
