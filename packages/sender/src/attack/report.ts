// What came of the attacks: for a terminal, and as a page to keep.
import { amount } from '@seg/core'
import type { AttackResult, AttackState } from './run-attacks.ts'

const words: Readonly<Record<AttackState, string>> = {
  held: 'held',
  'refused-otherwise': 'OTHER CODE',
  accepted: 'ACCEPTED',
  unanswered: 'NO ANSWER',
}

export function describeAttack({ kind, name, expected, met, state }: AttackResult): string {
  const found = state === 'held' ? met : `${met}; expected ${expected}`
  return `${words[state].padEnd(11)} ${kind}: ${name}: ${found}`
}

export function countStates(results: readonly AttackResult[]): Readonly<Record<AttackState, number>> {
  const counts = { held: 0, 'refused-otherwise': 0, accepted: 0, unanswered: 0 }
  for (const { state } of results) counts[state]++
  return counts
}

export function summarize(results: readonly AttackResult[]): string {
  const { held, accepted, unanswered, 'refused-otherwise': other } = countStates(results)
  return (
    `${amount(results.length, 'attack')}: ${held} met what they must, ` +
    `${other} another refusal, ${accepted} were accepted, ${unanswered} got no answer`
  )
}

/**
 * A page of its own, without scripts, styles from elsewhere, or anything that a browser would load.
 */
export function formatPage(title: string, at: Date, results: readonly AttackResult[]): string {
  const rows = results.map(
    ({ kind, name, expected, met, state }) =>
      `<tr class="${state}"><td>${words[state]}</td><td>${escapeHtml(kind)}</td>` +
      `<td>${escapeHtml(name)}</td><td>${escapeHtml(expected)}</td><td>${escapeHtml(met)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>body{font:16px sans-serif;margin:2em}table{border-collapse:collapse}
td,th{border:1px solid #999;padding:.3em .6em;text-align:left}
.accepted,.unanswered{background:#fcc}.refused-otherwise{background:#ffc}</style></head>
<body><h1>${escapeHtml(title)}</h1><p>${at.toISOString()}: ${escapeHtml(summarize(results))}</p>
<table><thead><tr><th>Result</th><th>Kind</th><th>Attack</th><th>Expected</th><th>Met</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></body></html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
