// The bytes of a receiver's log as they come over mutual TLS, by Node's own client.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Agent, get } from 'node:https'
import { join } from 'node:path'
import { demand } from './rejected.ts'
import type { Fetch } from './tiles.ts'

export type LogClient = { readonly fetch: Fetch; close(): void }

/** `certs` holds ca.crt, sender.crt and sender.key. */
export async function openLogClient(origin: string, certs: string): Promise<LogClient> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'sender.crt', 'sender.key'].map(name => readFile(join(certs, name))),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 4, minVersion: 'TLSv1.3', ca, cert, key })
  const fetch: Fetch = async path => {
    const [answer] = await once(get(`${origin}/v1/log/${path}`, { agent }), 'response')
    const body = Buffer.concat(await answer.toArray())
    demand(answer.statusCode === 200, `${path}: ${answer.statusCode}`)
    const type = path === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream'
    demand(answer.headers['content-type'] === type, `${path} is ${answer.headers['content-type']}`)
    return body
  }
  return { fetch, close: () => agent.destroy() }
}
