// Revocation lists by their dates: one that is needed and out of date stops all that its CA issued.
import { join, resolve } from 'node:path'
import { Fault, shellWord, type Trouble } from '@seg/core'
import type { TrustPolicy, TrustRecord } from '@seg/pki'

type Place = { readonly certs: string; readonly file: string }
type Source = { readonly path: string; readonly needs: boolean; readonly grace: number; readonly command: string }

/**
 * Warnings of lists that are out of date and not needed, or within their grace. Throws the Fault
 * `revocation-unknown` for one that is needed.
 */
export function judgeLists({ crls }: TrustPolicy, record: TrustRecord, place: Place, now: number): Trouble[] {
  const sources = sourcesOf(record, place)
  return crls.flatMap(({ thisUpdate, nextUpdate, issuer }, i) => {
    const { path, needs, grace, command } = sources[i]!
    if (thisUpdate <= now && now <= nextUpdate) return []
    const [from, to, at] = [thisUpdate, nextUpdate, now].map(time => new Date(time).toISOString())
    const cause = `${path}, the list of ${issuer}, is out of date: expected one in date at ${at}, found one from ${from} to ${to}`
    const counts = thisUpdate <= now && now <= nextUpdate + grace
    if (needs && !counts)
      throw new Fault('revocation-unknown', `${cause}; nothing that this CA issued is accepted`, { command })
    return [{ cause, command }]
  })
}

/** In the order in which the policy read its lists. */
function sourcesOf({ mode, authorities }: TrustRecord, { certs, file }: Place): Source[] {
  if (mode === 'ca') {
    const path = join(certs, 'ca.crl')
    return [{ path, needs: false, grace: 0, command: `pnpm --filter pki revoke --certs ${shellWord(certs)}` }]
  }
  return authorities.flatMap(({ crls, needsCrl, grace }) =>
    crls.map(name => {
      const path = resolve(file, '..', name)
      const command = `openssl crl -in ${shellWord(path)} -noout -issuer -lastupdate -nextupdate`
      return { path, needs: needsCrl, grace, command }
    }),
  )
}
