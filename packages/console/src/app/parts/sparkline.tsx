// A few values over time as one line, without axes: its numbers stand beside it.

const WIDTH = 120
const HEIGHT = 28

type SparklineProps = { readonly values: readonly number[]; readonly kind?: 'accepted' | 'refused' | 'waiting' }

export function Sparkline({ values, kind = 'accepted' }: SparklineProps) {
  const most = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length - 1)
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`,
  )
  return (
    <svg class={`sparkline ${kind}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="base" d={`M0 ${HEIGHT - 1.5}H${WIDTH}`} />
      {values.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  )
}
