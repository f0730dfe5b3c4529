// Revocation lists that have an address are fetched in the background. The copy in the data folder
// is the one in use, also after a restart; only a list that follows it replaces it.
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { amount, Fault, type Looks, makeDurableFolder, quote, writeDurableFile } from '@seg/core'
import { type Crl, checkCrlFollows, fetchedListsFolder, type ListFile, listFilesOf, readCrls } from '@seg/pki'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { fetchOctets } from './fetch-octets.ts'
import { LEAST_REFRESH, lookEachSecond, RefreshTimes, USUAL_REFRESH } from './refresh-times.ts'

/** Some two million entries, in half a minute. */
const LARGEST = 96 * 1024 * 1024
const FETCH_TIME = 30_000

type Wanted = ListFile & { readonly url: string; readonly refresh: number }

/** Looks at once, and each second. `onNew` takes a new copy into use. */
export function followLists(
  { data }: { readonly data: string },
  { credentials, now }: Pick<Gate, 'credentials' | 'now'>,
  logger: Logger,
  onNew: () => Promise<void>,
): Looks {
  const times = new RefreshTimes(now)
  const stop = new AbortController()

  const lookOnce = async () => {
    for (const wanted of wantedOf(credentials.current, data)) {
      if (stop.signal.aborted) return
      const { path, authority, url, refresh } = wanted
      if (!times.isDue(path)) continue
      await times.fetch(
        path,
        { refresh, retry: LEAST_REFRESH },
        () => refreshList(wanted),
        ({ code, detail }, wait) => {
          if (stop.signal.aborted) return
          const again = `again in ${wait / 1000} s`
          const line = `the revocation list of ${quote(authority)} is not refreshed: ${detail}; ${again}`
          logger.warn({ code, authority, url }, line)
        },
      )
    }
  }

  const refreshList = async (wanted: Wanted): Promise<number> => {
    const { nextUpdate, isNew } = await fetchList(wanted)
    if (isNew) await onNew()
    return nextUpdate
  }

  const fetchList = async ({ authority, path, url }: Wanted) => {
    const octets = await fetchOctets({ url, most: LARGEST, time: FETCH_TIME, signal: stop.signal })
    const { policy } = credentials.current
    const found = policy.anchors.authorities.find(({ name }) => name === authority)
    if (found === undefined) throw new Fault('configuration', `the authority ${quote(authority)} is gone`)
    const crls = await readCrls(octets, [...found.anchors, ...found.intermediates])
    for (const crl of crls) for (const known of policy.crls) checkCrlFollows(crl, known)
    const nextUpdate = Math.min(...crls.map(crl => crl.nextUpdate))
    const before = await readFile(path).catch(() => undefined)
    if (before?.equals(octets)) return { nextUpdate, isNew: false }
    await makeDurableFolder(dirname(path))
    // Crash before: the copy from before counts. After: this one, and none with a lower number.
    await writeDurableFile(path, octets, { mode: 0o600, replace: true })
    logger.info({ authority, url }, crls.map(crl => describe(crl)).join('; '))
    return { nextUpdate, isNew: true }
  }

  return lookEachSecond(lookOnce, stop)
}

function wantedOf({ record, file }: Gate['credentials']['current'], data: string): Wanted[] {
  if (record.mode === 'ca') return []
  return record.authorities.flatMap(authority =>
    listFilesOf(authority, { file, fetched: fetchedListsFolder(data) }).flatMap(({ url, ...rest }) =>
      url === undefined ? [] : [{ ...rest, url, refresh: authority.refresh ?? USUAL_REFRESH }],
    ),
  )
}

function describe({ issuer, number, count, nextUpdate }: Crl): string {
  return (
    `a revocation list of ${issuer} is there: number ${number}, ` +
    `${amount(count, 'entry')}, the next one by ${new Date(nextUpdate).toISOString()}`
  )
}
