// Metrics as the gateway writes them for Prometheus, as far as pages show them.

export type MetricsRead = {
  /** Over all labels, or those that `of` names; undefined where the gateway has no such value. */
  sum(name: string, of?: Readonly<Record<string, string>>): number | undefined
  /** The labels and the value of each. */
  series(name: string): readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

export function readMetrics(text: string): MetricsRead {
  const rows = [...text.matchAll(LINE)].map(([, name = '', labels = '', value = '']) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key = '', quoted = '']) => [key, unquote(quoted)])),
    value: Number(value),
  }))
  const series = (name: string) => rows.filter(row => row.name === name)
  return {
    series,
    sum(name, of = {}) {
      const found = series(name).filter(({ labels }) =>
        Object.entries(of).every(([key, value]) => labels[key] === value),
      )
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
    },
  }
}

function unquote(text: string): string {
  return text.replace(/\\(.)/g, (_all, character: string) => (character === 'n' ? '\n' : character))
}
