// The dashboard for Grafana as it reads it: deploy/grafana/seg.json is what this writes.
import { type DashboardPanel, dashboardSections } from './grafana-panels.ts'

/** Grafana counts 24 columns; a row of numbers has eight, one of graphs three. */
const [COLUMNS, NUMBERS, GRAPHS] = [24, 8, 3]
const [NUMBER_HEIGHT, GRAPH_HEIGHT] = [4, 8]
/** Of Grafana 11; later ones read it. */
const SCHEMA_VERSION = 39

/** With a title, a unit and queries for each panel; no metric that the catalogue does not have. */
export function writeDashboard(): string {
  let [id, y] = [0, 0]
  const panels = dashboardSections.flatMap(({ title, panels }) => {
    const row = {
      id: ++id,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { h: 1, w: COLUMNS, x: 0, y: y++ },
      panels: [],
    }
    const isNumbers = panels[0]?.isNumber === true
    const [columns, h] = isNumbers ? [NUMBERS, NUMBER_HEIGHT] : [GRAPHS, GRAPH_HEIGHT]
    const w = COLUMNS / columns
    const placed = panels.map((panel, i) => {
      const gridPos = { h, w, x: (i % columns) * w, y: y + Math.floor(i / columns) * h }
      return { id: ++id, gridPos, ...describePanel(panel) }
    })
    y += Math.ceil(panels.length / columns) * h
    return [row, ...placed]
  })
  const dashboard = {
    ...{ uid: 'seg', title: 'Secure Exchange Gateway', tags: ['seg'], schemaVersion: SCHEMA_VERSION, version: 1 },
    ...{ editable: true, graphTooltip: 1, refresh: '30s', timezone: 'browser', time: { from: 'now-6h', to: 'now' } },
    templating: { list: [sourceVariable, instanceVariable] },
    annotations: { list: [] },
    links: [],
    panels,
  }
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}

const datasource = { type: 'prometheus', uid: '$datasource' }
const sourceVariable = { name: 'datasource', label: 'Source', type: 'datasource', query: 'prometheus', current: {} }
const instanceVariable = {
  ...{ name: 'instance', label: 'Gateway', type: 'query', datasource, refresh: 2, sort: 1 },
  ...{ multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' } },
  query: { query: 'label_values(seg_build_info, instance)', refId: 'instance' },
}

function describePanel({ title, about: description, unit, queries, isNumber, red, isRedBelow }: DashboardPanel) {
  const [low, high] = isRedBelow ? ['red', 'green'] : ['green', 'red']
  const steps = [{ color: red === undefined ? 'text' : low, value: null }]
  const thresholds = {
    mode: 'absolute',
    steps: [...steps, ...(red === undefined ? [] : [{ color: high, value: red }])],
  }
  const calculation = { calcs: ['lastNotNull'], fields: '', values: false }
  return {
    ...{ type: isNumber ? 'stat' : 'timeseries', title, description, datasource },
    fieldConfig: { defaults: { unit, ...(isNumber && { thresholds }) }, overrides: [] },
    options: isNumber
      ? { reduceOptions: calculation, colorMode: 'value', graphMode: 'none', textMode: 'value' }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
    targets: queries.map(({ expr, legend }, i) => ({
      ...{ refId: String.fromCharCode(65 + i), datasource, editorMode: 'code', expr, legendFormat: legend },
      ...(isNumber ? { instant: true, range: false } : { range: true }),
    })),
  }
}
