// Whether all is well, in one sentence; under it what this gateway is.
import { gatewayState } from '../gateway-state.ts'
import { useNow } from '../parts/use-now.ts'
import { me } from '../session.ts'
import { formatShare } from '../texts/formats.ts'
import { describeNeed } from './needs.tsx'
import { nowTexts } from './now-texts.ts'

export function Sentence({ accepted }: { readonly accepted: number | undefined }) {
  const texts = nowTexts()
  const now = useNow(60_000)
  const { needs, metrics } = gatewayState.value
  const gateway = me.value?.gateway
  const [first] = needs ?? []
  const under = [
    gateway?.id,
    gateway && texts.up(now.getTime() - Date.parse(gateway.startedAt)),
    hybridShare(),
    metrics && texts.head(metrics.sum('seg_log_entries') ?? 0),
  ]
  return (
    <div class="sentence">
      <h1>
        {needs === undefined ? (
          texts.looking
        ) : first === undefined ? (
          <>
            <span class="mark-well" aria-hidden="true">
              ●
            </span>{' '}
            {texts.well} {accepted !== undefined && texts.sinceMidnight(accepted)}
          </>
        ) : (
          <>
            <span class="mark-needs" aria-hidden="true">
              ▲
            </span>{' '}
            {texts.needs(needs.length)} <span class="first-need">{describeNeed(first).what}</span>
          </>
        )}
      </h1>
      <p class="under">{under.filter(part => part !== undefined).join(' · ')}</p>
    </div>
  )
}

/** Of documents since the start; undefined before the first. */
function hybridShare(): string | undefined {
  const series = gatewayState.value.metrics?.series('seg_tls_documents_total') ?? []
  const sum = (rows: typeof series) => rows.reduce((total, { value }) => total + value, 0)
  const all = sum(series)
  if (all === 0) return undefined
  const hybrid = sum(series.filter(({ labels }) => labels.group === 'X25519MLKEM768'))
  return nowTexts().hybrid(formatShare(hybrid / all))
}
