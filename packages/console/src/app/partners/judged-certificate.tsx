// What a certificate is that somebody sent, and each check of it: nothing is hidden that passed.
import type { AnswerOf } from '../api/client.ts'
import { FoundByCheck } from '../certificates/found-by-check.tsx'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { newPartnerTexts } from './new-partner-texts.ts'

export type Judgement = AnswerOf<'POST /api/v1/certificates/check'>

export function JudgementView({
  judgement: { form, certificates, checks, partner },
}: {
  readonly judgement: Judgement
}) {
  const texts = newPartnerTexts()
  const [leaf, ...others] = certificates
  return (
    <>
      <section class="section" aria-labelledby="what">
        <h2 id="what">{texts.is}</h2>
        {partner !== null && <p class="notice waiting">{texts.known(partner)}</p>}
        {leaf !== undefined && (
          <FactList
            rows={[
              [texts.subject, leaf.subject],
              [texts.issuer, leaf.issuer],
              [texts.form, others.length === 0 ? form : `${form}, ${texts.chain(others.length)}`],
              [
                texts.serial,
                <span key="serial" class="mono">
                  {leaf.serialNumber}
                </span>,
              ],
              [texts.fingerprint, <DigestText key="fingerprint" hex={leaf.fingerprint} />],
              [texts.validFrom, <FullTime key="from" at={leaf.validFrom} />],
              [texts.validTo, <FullTime key="to" at={leaf.validTo} />],
            ]}
          />
        )}
      </section>
      <section class="section" aria-labelledby="checks">
        <h2 id="checks">{texts.checks}</h2>
        <ul class="judged">
          {checks.map(check => (
            <li key={check.name}>
              {check.isPassed ? (
                <span class="tag accepted">{texts.passed}</span>
              ) : (
                <span class="tag refused">{texts.failed}</span>
              )}{' '}
              <strong>{texts.names[check.name] ?? check.name}</strong>
              <FoundByCheck check={check} />
              {!check.isPassed && check.name === 'partner' && <p class="muted">{texts.partnerLater}</p>}
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}
