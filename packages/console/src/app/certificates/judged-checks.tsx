// Each check of a certificate that may follow the one in use: nothing is hidden that passed.
import type { AnswerOf } from '../api/client.ts'
import { FoundByCheck } from './found-by-check.tsx'
import { renewalTexts } from './renewal-texts.ts'

type ShownCheck = AnswerOf<'POST /api/v1/renewals/{use}/check'>['checks'][number]

export function JudgedChecks({ checks }: { readonly checks: readonly ShownCheck[] }) {
  const texts = renewalTexts()
  return (
    <>
      <h3 class="beside">{texts.checks}</h3>
      <ul class="judged">
        {checks.map(check => (
          <li key={check.name}>
            <span class={`tag ${check.isPassed ? 'accepted' : 'refused'}`}>
              {check.isPassed ? texts.passed : texts.failed}
            </span>{' '}
            <strong>{texts.names[check.name] ?? check.name}</strong>
            <FoundByCheck check={check} />
          </li>
        ))}
      </ul>
    </>
  )
}
