// Health: whether documents are taken, check by check, and what the gateway uses.
import { useAsked } from '../api/use-asked.ts'
import { gatewayState } from '../gateway-state.ts'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { FactList, FullTime } from '../parts/values.tsx'
import { me } from '../session.ts'
import { formatAgo, formatCount, formatDuration, formatShare, formatSize } from '../texts/formats.ts'
import { HealthTabs } from './health-tabs.tsx'
import { findingInWords, healthTexts } from './health-texts.ts'

const EVERY = 10_000

export function HealthPage() {
  const texts = healthTexts()
  const now = useNow(1000)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/health', {}, { every: EVERY })
  return (
    <>
      <h1>{texts.title}</h1>
      <HealthTabs />
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <>
          <p class="lead" role="status">
            <span class={answer.ready ? 'tag accepted' : 'tag refused'}>
              {answer.ready ? texts.ready : texts.notReady}
            </span>
          </p>
          <p class="under">{texts.lookedAt(formatAgo(new Date(answer.at), now))}</p>
          <Table
            caption={texts.checks}
            rows={answer.checks}
            keyOf={({ check }) => check}
            columns={[
              { title: texts.check, cell: finding => findingInWords(finding).name },
              {
                title: texts.state,
                isNarrow: true,
                cell: ({ ok }) => (
                  <span class={ok ? 'tag accepted' : 'tag refused'}>{ok ? texts.ok : texts.notOk}</span>
                ),
              },
              { title: texts.found, cell: finding => findingInWords(finding).found },
            ]}
          />
          <p class="beside">{texts.diagnose}</p>
          <Command text="pnpm --filter receiver diagnose" />
        </>
      )}
      <section class="section" aria-labelledby="uses">
        <h2 id="uses">{texts.uses}</h2>
        <Uses />
      </section>
    </>
  )
}

/** By the metrics. What the gateway does not measure is left out. */
function Uses() {
  const texts = healthTexts()
  const { metrics } = gatewayState.value
  const gateway = me.value?.gateway
  if (metrics === undefined) return null
  const shown = (name: string, form: (value: number) => string, of?: Readonly<Record<string, string>>) => {
    const value = metrics.sum(name, of)
    return value === undefined ? undefined : form(value)
  }
  const free = metrics.sum('seg_storage_free_bytes')
  const total = metrics.sum('seg_storage_total_bytes')
  const parts = metrics
    .series('seg_storage_used_bytes')
    .map(({ labels, value }) => `${labels.part ?? ''} ${formatSize(value)}`)
  return (
    <FactList
      rows={[
        [texts.version, gateway?.version],
        [texts.started, gateway && <FullTime at={gateway.startedAt} />],
        [
          texts.free,
          free !== undefined && total
            ? texts.freeOf(formatSize(free), formatSize(total), formatShare(free / total))
            : undefined,
        ],
        [texts.parts, parts.join(', ')],
        [texts.entries, shown('seg_log_entries', formatCount)],
        [texts.connections, shown('seg_connections_active', formatCount)],
        [texts.memory, shown('process_resident_memory_bytes', formatSize)],
        [
          texts.delay,
          shown('seg_event_loop_delay_seconds', seconds => formatDuration(seconds * 1000), { quantile: '0.99' }),
        ],
        [texts.lag, shown('seg_desk_lag_entries', formatCount)],
      ]}
    />
  )
}
