// The rules as Prometheus reads them: deploy/prometheus/seg.rules.yml is what this writes.
import { rules } from './rules.ts'

export function writePrometheusRules(): string {
  const lines = rules.flatMap(({ name, when, for: held, severity, isSecurity, summary, impact, command }) => [
    `      - alert: ${name}`,
    `        expr: ${writeScalar(when.expression)}`,
    `        for: ${held}s`,
    `        labels: { severity: ${severity}, security: "${isSecurity === true}" }`,
    '        annotations:',
    `          summary: ${JSON.stringify(summary)}`,
    `          impact: ${JSON.stringify(impact)}`,
    `          command: ${JSON.stringify(command)}`,
  ])
  return [
    '# Written from packages/operators/src/alerts/rules.ts.',
    'groups:',
    '  - name: seg',
    '    rules:',
    ...lines,
    '',
  ].join('\n')
}

/** YAML's single quotes for what holds double ones. */
function writeScalar(text: string): string {
  return text.includes('"') ? `'${text.replaceAll("'", "''")}'` : `"${text}"`
}
