// Revocation lists by their dates: one that is needed and out of date stops all that its CA issued.
import { join } from 'node:path'
import { Fault, shellWord, type Trouble } from '@seg/core'
import { listFilesOf, type TrustPolicy, type TrustRecord } from '@seg/pki'

type Place = { readonly certs: string; readonly file: string; readonly fetched: string }
type Source = { readonly title: string; readonly needs: boolean; readonly grace: number; readonly command: string }

/**
 * Warnings of lists that are out of date and not needed, or within their grace, and of those that
 * were never fetched. Throws the Fault `revocation-unknown` for one that is needed.
 */
export function judgeLists({ crls }: TrustPolicy, record: TrustRecord, place: Place, now: number): Trouble[] {
  const sources = sourcesOf(record, place)
  const troubles = crls.flatMap(({ thisUpdate, nextUpdate, issuer, path }) => {
    const { title, needs, grace, command } = sources.get(path)!
    if (thisUpdate <= now && now <= nextUpdate) return []
    const [from, to, at] = [thisUpdate, nextUpdate, now].map(time => new Date(time).toISOString())
    const cause =
      `${title}, the list of ${issuer}, is out of date: ` +
      `expected one in date at ${at}, found one from ${from} to ${to}`
    const counts = thisUpdate <= now && now <= nextUpdate + grace
    if (needs && !counts)
      throw new Fault('revocation-unknown', `${cause}; nothing that this CA issued is accepted`, { command })
    return [{ cause, command }]
  })
  const missing = [...sources].filter(([path]) => /\.crl$/.test(path) && !crls.some(crl => crl.path === path))
  return [
    ...troubles,
    ...missing.flatMap(([path, { title, command }]) =>
      title === path
        ? []
        : [{ cause: `${title}: this list was never fetched; a running receiver fetches it`, command }],
    ),
  ]
}

/** By the path of the file. */
function sourcesOf({ mode, authorities }: TrustRecord, { certs, ...place }: Place): ReadonlyMap<string, Source> {
  if (mode === 'ca') {
    const path = join(certs, 'ca.crl')
    const command = `pnpm --filter pki revoke --certs ${shellWord(certs)}`
    return new Map([[path, { title: path, needs: false, grace: 0, command }]])
  }
  return new Map(
    authorities.flatMap(record =>
      listFilesOf(record, place).map(({ path, url }): [string, Source] => {
        const show = `openssl crl -in ${shellWord(path)} -noout -issuer -lastupdate -nextupdate`
        const command = url === undefined ? show : `curl --fail --output /dev/null ${shellWord(url)}`
        return [path, { title: url ?? path, needs: record.needsCrl, grace: record.grace, command }]
      }),
    ),
  )
}
