import { mkdir } from 'node:fs/promises'
import { duplexPair } from 'node:stream'
import { HELD_IN_MEMORY, makeCertificateChain, stagingFolder } from '@seg/ledger'
import t from 'tap'
import { CredentialsReplaced } from '../acceptance/record-document.ts'
import { makeFolder } from '../testing/gateway.ts'
import { type Handlers, ProcessChannel } from './channel.ts'
import type { AcceptQuestion } from './messages.ts'
import { openRemoteLedger } from './remote-ledger.ts'

t.test('a document is offered with the credentials that it was judged by, however long its file takes', async t => {
  const data = await makeFolder(t)
  await mkdir(stagingFolder(data))
  let inUse = 1
  const handlers: Handlers = {
    async accept({ value }) {
      return { value: (value as AcceptQuestion).snapshot === inUse ? { index: 0, replay: false } : 'replaced' }
    },
  }
  const [here, there] = duplexPair()
  new ProcessChannel(here, handlers, () => {})
  const channel = new ProcessChannel(there, {}, () => {})
  t.teardown(() => channel.close())
  const ledger = openRemoteLedger(channel, { data, number: 1 }, () => inUse)
  const staging = ledger.stage()
  await staging.write(Buffer.alloc(2 * HELD_IN_MEMORY))
  const document = { sender: 'a', id: 'b', acceptedAt: '', bytes: staging.bytes, sha256: '', referenceDigest: '' }
  const accepting = ledger.accept({ ...document, chain: makeCertificateChain([]) }, staging)
  inUse = 2
  t.ok((await accepting.catch(error => error)) instanceof CredentialsReplaced)
  await staging.discard()
})
