// What came of a task: the checks of a diagnosis, the folder of a backup, or why there is nothing.
import type { ApiSchemas } from '../api/api-types.ts'
import { faultInWords } from '../help/fault-in-words.ts'
import { type DiagnosisCheck, diagnosisInWords } from './diagnosis-texts.ts'
import { taskTexts } from './task-texts.ts'

type Task = ApiSchemas['Task']
export function TaskResult({ task: { progress, result, reason } }: { readonly task: Task }) {
  if (reason !== null)
    return (
      <>
        <a class="mono" href={`/help/${reason.code}`}>
          {reason.code}
        </a>{' '}
        {faultInWords(reason.code, { sentence: '', remedy: '' }).sentence} <span lang="en">{reason.detail}</span>
      </>
    )
  if (result === null) return <span class="muted">{progress}</span>
  const { checks, backup } = result as { readonly checks?: readonly DiagnosisCheck[]; readonly backup?: string }
  if (checks !== undefined) return <Diagnosis checks={checks} />
  return <span class="mono">{backup ?? ''}</span>
}

/** Failures first; what is in order on demand. */
function Diagnosis({ checks }: { readonly checks: readonly DiagnosisCheck[] }) {
  const texts = taskTexts()
  const wrong = checks.filter(({ status }) => status === 'failure' || status === 'warning')
  const rest = checks.filter(check => !wrong.includes(check))
  const failures = wrong.filter(({ status }) => status === 'failure').length
  return (
    <>
      <span class={failures > 0 ? 'tag refused' : wrong.length > 0 ? 'tag waiting' : 'tag accepted'}>
        {texts.diagnosis(failures, wrong.length - failures)}
      </span>
      {wrong.length > 0 && <CheckList checks={wrong} />}
      <details>
        <summary>{texts.rest(rest.length)}</summary>
        <CheckList checks={rest} />
      </details>
    </>
  )
}

function CheckList({ checks }: { readonly checks: readonly DiagnosisCheck[] }) {
  return (
    <ul>
      {checks.map((check, number) => {
        const { name, words, said } = diagnosisInWords(check)
        return (
          // One that warns twice has two.
          <li key={`${check.id} ${number}`}>
            <strong>{name}</strong>: {words}
            {words !== '' && said !== '' && ' – '}
            <span lang="en">{said}</span>
            {check.command !== undefined && (
              <>
                {' '}
                <code>{check.command}</code>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}
