// Whether all is well, and what needs somebody: asked for while a page is open, in one place.
import type { ApiSchemas } from './api/api-types.ts'
import { type AnswerOf, askApi, hasSessionEnded } from './api/client.ts'
import { gatewayTime } from './api/gateway-clock.ts'
import { type MetricsRead, readMetrics } from './api/metrics.ts'
import { signal } from './preact.ts'

type Certificate = AnswerOf<'GET /api/v1/certificates'>['data'][number]

/** Something for a person to do, the worst first. */
export type Need =
  | { readonly kind: 'health'; readonly check: string; readonly found: string }
  | { readonly kind: 'alert'; readonly alert: ApiSchemas['Alert'] }
  | { readonly kind: 'approval'; readonly approval: ApiSchemas['Approval'] }
  | { readonly kind: 'rollover'; readonly rollover: ApiSchemas['Rollover'] }
  | { readonly kind: 'dead-letters'; readonly count: number }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }

type GatewayState = {
  /** Undefined until all was asked for once. */
  readonly needs: readonly Need[] | undefined
  readonly metrics: MetricsRead | undefined
  /** Certificates of which a third of the lifetime is left, or less. */
  readonly due: readonly Certificate[]
  /** Of each certificate in use, in milliseconds since 1970. */
  readonly ends: readonly { readonly at: number; readonly isDue: boolean }[]
  /** The next one to end. */
  readonly next: Certificate | undefined
  readonly at: Date | undefined
}

const INTERVAL = 15_000

export const gatewayState = signal<GatewayState>({
  needs: undefined,
  metrics: undefined,
  due: [],
  ends: [],
  next: undefined,
  at: undefined,
})

export async function lookAtGateway(): Promise<void> {
  const [health, alerts, approvals, certificates, rollovers, text] = await Promise.all([
    askApi('GET /api/v1/health', {}),
    askApi('GET /api/v1/alerts', {}),
    askApi('GET /api/v1/approvals', {}),
    askApi('GET /api/v1/certificates', {}),
    askApi('GET /api/v1/rollovers', {}),
    askApi('GET /metrics', {}),
  ])
  const metrics = readMetrics(text)
  const now = gatewayTime()
  const due = certificates.data.filter(certificate => isDue(certificate, now))
  const letters = metrics.sum('seg_dead_letters') ?? 0
  const needs: Need[] = [
    ...health.checks.filter(({ ok }) => !ok).map(({ check, found }) => ({ kind: 'health', check, found }) as const),
    ...alerts.data
      .filter(({ state, acknowledgedAt, mutedUntil }) => state === 'firing' && !acknowledgedAt && !mutedUntil)
      .sort((a, b) => Number(b.severity === 'page') - Number(a.severity === 'page'))
      .map(alert => ({ kind: 'alert', alert }) as const),
    ...approvals.data
      .filter(({ acts }) => acts.some(({ name, isAllowed }) => name === 'approve' && isAllowed))
      .map(approval => ({ kind: 'approval', approval }) as const),
    ...rollovers.data
      .filter(({ state }) => state === 'waiting')
      .map(rollover => ({ kind: 'rollover', rollover }) as const),
    ...(letters > 0 ? [{ kind: 'dead-letters', count: letters } as const] : []),
    ...due.map(certificate => ({ kind: 'certificate', certificate }) as const),
  ]
  const ends = certificates.data.map(one => ({ at: Date.parse(one.validTo), isDue: due.includes(one) }))
  gatewayState.value = { needs, metrics, due, ends, next: certificates.data[0], at: new Date(now) }
}

/** By the lifetime of each, not by days: short-lived ones would warn for ever. */
function isDue({ validFrom, validTo }: Certificate, now: number): boolean {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  return to - now < (to - from) / 3
}

/** Until the page is closed. What fails once is asked for again. */
export function watchGateway(): void {
  const look = () => {
    if (!document.hidden && !hasSessionEnded.value) lookAtGateway().catch(() => {})
  }
  look()
  setInterval(look, INTERVAL)
  document.addEventListener('visibilitychange', look)
}
