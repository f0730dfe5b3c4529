// A partner's gateway for tests: documents signed with its key, and one kept-alive connection of
// mutual TLS to post them on.
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { generate, type Identity, loadIdentity, loadTrust, type Trust } from '@seg/pki'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'

export const senderId = 'MINISTRY 1_SEG01'
export const receiverId = 'MINISTRY 2_SEG01'

export type Partner = { readonly identity: Identity; readonly trust: Trust }

/** Makes certificates with EC keys in `certs`, and loads the sender's. */
export async function makePartner(certs: string): Promise<Partner> {
  await generate({ out: certs, key: 'ec-p256', senderId, receiverId })
  return { identity: await loadIdentity(certs, 'sender'), trust: await loadTrust(certs) }
}

export function signLetter(id: string, payload: string, { identity }: Partner): Promise<Buffer> {
  const text = `<CriticalDocument id="${id}">
  <SenderID>${senderId}</SenderID>
  <ReceiverID>${receiverId}</ReceiverID>
  <TimestampForSignature/>
  <Payload>${payload}</Payload>
</CriticalDocument>
`
  return signDocument(prepareDocument(Buffer.from(text), { now: new Date() }), identity)
}

export type Answer = { readonly status: number; readonly body: Buffer }

/** Each method rejects when the answer does not arrive whole. */
export type Client = {
  post(document: Uint8Array): Promise<Answer>
  receipt(id: string): Promise<Answer>
  get(path: string): Promise<Answer>
  /**
   * Sends a document and hangs up: once it is sent, or when its answer begins to come. Resolves
   * when that is done.
   */
  postAndLeave(document: Uint8Array, when: 'finish' | 'response'): Promise<void>
  close(): void
}

export function openClient({ origin }: URL, { identity, trust }: Partner): Client {
  const tls = { ca: trust.caPem, cert: identity.certificatePem, key: identity.keyPem }
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls })
  const call = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Answer> => {
    const outgoing = request(`${origin}${path}`, { method, headers, agent }).end(body)
    const [incoming] = await once(outgoing, 'response')
    // Rejects when the connection ends before the declared length.
    const chunks = await incoming.toArray()
    return { status: incoming.statusCode, body: Buffer.concat(chunks) }
  }
  const headersOf = ({ length }: Uint8Array) => ({
    'content-type': 'application/xml',
    'content-length': String(length),
  })
  return {
    post: document => call('POST', '/v1/documents', headersOf(document), document),
    postAndLeave: async (document, when) => {
      const outgoing = request(`${origin}/v1/documents`, { method: 'POST', headers: headersOf(document), agent }).end(
        document,
      )
      // A connection that is kept alive has been closed at its other end now and then: also a way
      // to lose an answer.
      outgoing.on('error', () => {})
      await Promise.race([once(outgoing, when), once(outgoing, 'close')]).catch(() => {})
      outgoing.destroy()
    },
    receipt: id => call('GET', `/v1/receipts/${id}`, {}),
    get: path => call('GET', path, {}),
    close: () => agent.destroy(),
  }
}
