import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { loadTrust } from '@seg/pki'
import t from 'tap'
import { makeCerts } from '../testing/gateway.ts'
import { identifyPeer } from './peer.ts'

t.test('refuses a connection without a certificate, whatever let it through', async t => {
  const trust = await loadTrust(await makeCerts(t))
  t.throws(() => identifyPeer(new Socket(), trust, new Date()), { code: 'partner-unknown' })
  t.throws(() => identifyPeer(new TLSSocket(new Socket()), trust, new Date()), { code: 'partner-unknown' })
})
