// Revocation lists that have an address are fetched again and again, in the background. What counts
// is the copy in the data folder, which is replaced by a list that follows it, and by no other:
// also after a restart.
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { amount, Fault, type Looks, makeDurableFolder, quote, writeDurableFile } from '@seg/core'
import { type Crl, checkCrlFollows, fetchedListsFolder, type ListFile, listFilesOf, readCrls } from '@seg/pki'
import type { Gate } from '../gate.ts'
import { toFault } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import { fetchOctets } from './fetch-octets.ts'

/** Milliseconds between two searches for lists that are due. */
const LOOK_INTERVAL = 1000
/** Milliseconds between two fetches where the authority says nothing, and the least. */
const [USUAL_REFRESH, LEAST_REFRESH] = [3_600_000, 60_000]
/** Some two million entries, in half a minute. */
const LARGEST = 96 * 1024 * 1024
const FETCH_TIME = 30_000

type Wanted = ListFile & { readonly url: string; readonly refresh: number }
type State = { readonly at: number; readonly due: number; readonly failures: number }

/** Looks at once, and each second. `onNew` takes a new copy into use. */
export function followLists(
  { data }: { readonly data: string },
  { credentials, now }: Pick<Gate, 'credentials' | 'now'>,
  logger: Logger,
  onNew: () => Promise<void>,
): Looks {
  const states = new Map<string, State>()
  const stop = new AbortController()

  const lookOnce = async () => {
    for (const wanted of wantedOf(credentials.current, data)) {
      if (stop.signal.aborted) return
      const state = states.get(wanted.path)
      const at = now().getTime()
      // A clock that was set back makes nothing wait longer than one interval.
      const isDue = state === undefined || at >= state.due || at < state.at
      if (isDue) states.set(wanted.path, await refresh(wanted, state?.failures ?? 0))
    }
  }

  const refresh = async (wanted: Wanted, failures: number): Promise<State> => {
    try {
      const { nextUpdate, isNew } = await fetchList(wanted)
      if (isNew) await onNew()
      const at = now().getTime()
      const wait = Math.min(wanted.refresh, Math.max(LEAST_REFRESH, nextUpdate - at))
      return { at, due: at + wait, failures: 0 }
    } catch (error) {
      const at = now().getTime()
      const wait = Math.min(wanted.refresh, LEAST_REFRESH * 2 ** failures)
      const { code, detail } = toFault(error)
      if (!stop.signal.aborted)
        logger.warn(
          { code, authority: wanted.authority, url: wanted.url },
          `the revocation list of ${quote(wanted.authority)} is not refreshed: ${detail}; again in ${wait / 1000} s`,
        )
      return { at, due: at + wait, failures: failures + 1 }
    }
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

  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  return {
    look,
    async close() {
      clearInterval(timer)
      stop.abort()
      await looking
    },
  }
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
  return `a revocation list of ${issuer} is there: number ${number}, ${amount(count, 'entry')}, the next one by ${new Date(nextUpdate).toISOString()}`
}
