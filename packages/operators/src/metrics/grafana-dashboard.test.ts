// The dashboard for Grafana: of metrics that there are, with the labels that they have.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import t from 'tap'
import { metricNames, metricRow } from './catalogue.ts'
import { writeDashboard } from './grafana-dashboard.ts'

type Position = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
type Target = { readonly refId: string; readonly expr: string; readonly legendFormat: string }
type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: Position
  readonly targets?: readonly Target[]
}

const { panels } = JSON.parse(writeDashboard()) as { readonly panels: readonly Panel[] }
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(target => ({ title, ...target })))

/** Series of an expression: the metric of each, and the labels that it is selected by. */
function readSeries(expr: string) {
  return [...expr.matchAll(/\b((?:seg|process)_\w+)\{([^}]*)\}/g)].map(([, series = '', selector = '']) => {
    const name = metricNames.find(one => new RegExp(`^${one}(_sum|_count|_bucket)?$`).test(series))
    const labels = [...selector.matchAll(/(\w+)\s*(?:=~?|!=|!~)/g)].map(([, label]) => label!)
    return { series, name, labels }
  })
}

t.test('deploy/grafana/seg.json is what its rows write', async t => {
  const how = '`node packages/operators/src/testing/write-grafana-dashboard.ts` writes it'
  t.same(
    JSON.parse(readFileSync(join(rootFolder, 'deploy/grafana/seg.json'), 'utf8')),
    JSON.parse(writeDashboard()),
    how,
  )
})

t.test('each query names metrics and labels of the catalogue, and reads them as what they are', async t => {
  t.ok(queries.length > 40, 'there are queries')
  for (const { title, expr, legendFormat } of queries) {
    const found = readSeries(expr)
    t.ok(found.length > 0, `${title}: ${expr}`)
    const known = new Set(['le', 'instance'])
    for (const { series, name, labels } of found) {
      if (name === undefined) {
        t.fail(`${title}: there is no ${series}`)
        continue
      }
      const { type, labels: own } = metricRow(name)
      for (const label of own) known.add(label)
      t.same(
        labels.filter(label => label !== 'instance' && !own.includes(label)),
        [],
        `${title}: labels of ${series}`,
      )
      t.ok(labels.includes('instance'), `${title}: only of the chosen gateways`)
      const isCounted = new RegExp(`(rate|increase)\\(${series}\\{[^}]*\\}\\[`).test(expr)
      t.equal(isCounted, type !== 'gauge', `${title}: ${series} is a ${type}`)
      t.equal(series !== name, type === 'histogram', `${title}: ${series} is a series`)
    }
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/))
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!)
    for (const label of [...grouped, ...shown]) t.ok(known.has(label), `${title}: the label ${label}`)
    for (const label of shown) t.ok(grouped.includes(label), `${title}: ${label} is left by the query`)
  }
})

t.test(
  'each panel has its own place and says what it is about; every metric that has a rule or a number is in one',
  async t => {
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const taken = new Set<string>()
    for (const { type, title, description, gridPos, targets = [] } of panels) {
      t.ok(gridPos.x + gridPos.w <= 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          t.notOk(taken.has(`${x} ${y}`), `${title} lies on nothing`)
          taken.add(`${x} ${y}`)
        }
      if (type === 'row') continue
      t.ok(description && targets.length > 0, title)
      t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
    }
    const used = new Set(queries.flatMap(({ expr }) => readSeries(expr).map(({ name }) => name)))
    // Metrics that another panel covers: silent partners, dates of lists, versions, renewals.
    const others = ['partner_', 'crl_', 'build_', 'log_read_', 'storage_room', 'outbox_oldest', 'alert_channel_']
    others.push('certificate_(not_before|renewal)', 'config_reload_time')
    const elsewhere = new RegExp(`^(seg_(${others.join('|')})|process_start)`)
    for (const name of metricNames) t.ok(used.has(name) || elsewhere.test(name), `${name} is shown`)
  },
)

const hasTool = spawnSync('promtool', ['--version']).status === 0

t.test('Prometheus understands each query', { skip: hasTool ? false : 'promtool is not installed' }, async t => {
  const written = (expr: string) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h').replaceAll('$instance', '.*')
  const rules = queries.map(({ expr }, i) => ({ record: `query_${i}`, expr: written(expr) }))
  const path = join(t.testdir(), 'queries.yml')
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
})
