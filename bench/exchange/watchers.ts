// Who watches a receiver: readers of its events, and a scraper of its metrics.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { setInterval as every } from 'node:timers/promises'
import { openAccess } from '../../packages/operators/src/access/access-store.ts'

const DAY = 24 * 3600 * 1000
const SCRAPES = 1000

export type Watchers = AsyncDisposable & {
  /** Events, gaps and scrapes until now. */
  readonly seen: { events: number; gaps: number; scrapes: number }
}

/** `url`: of the operators' listener of the receiver with this data. */
export async function openWatchers(certs: string, data: string, url: string, readers: number): Promise<Watchers> {
  const access = await openAccess(data)
  const { text } = access.addKey(
    { name: 'bench', role: 'viewer', madeBy: 'bench', endsAt: Date.now() + DAY },
    new Date(),
  )
  access.close()
  const ca = await readFile(join(certs, 'ca.crt'))
  const seen = { events: 0, gaps: 0, scrapes: 0 }
  const ask = async (path: string): Promise<IncomingMessage> => {
    const asked = request(new URL(path, url), { ca, headers: { authorization: `Bearer ${text}` }, agent: false })
    asked.on('error', () => {}).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`)
    return answer
  }
  const streams = await Promise.all(Array.from({ length: readers }, () => ask('/api/v1/events')))
  for (const stream of streams) {
    stream.on('error', () => {})
    stream.on('data', (piece: Buffer) => {
      seen.events += count(piece, '\nevent: ')
      seen.gaps += count(piece, '\nevent: gap')
    })
  }
  const stop = new AbortController()
  const scraping = (async () => {
    for await (const _ of every(SCRAPES, undefined, { signal: stop.signal })) {
      for await (const _piece of await ask('/metrics'));
      seen.scrapes++
    }
  })().catch(error => {
    if (!stop.signal.aborted) throw error
  })
  return {
    seen,
    async [Symbol.asyncDispose]() {
      stop.abort()
      for (const stream of streams) stream.destroy()
      await scraping
    },
  }
}

/** Makes no text of it: on the same machine, what readers do is taken from the receiver. */
function count(piece: Buffer, what: string): number {
  let found = 0
  for (let at = piece.indexOf(what); at !== -1; at = piece.indexOf(what, at + 1)) found++
  return found
}
