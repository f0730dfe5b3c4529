// One certificate: what it is for, until when, and itself in PEM.
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { CopyButton } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useNow } from '../parts/use-now.ts'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { CertificateTag } from './certificate-tag.tsx'
import { certificateTexts, usesInWords } from './certificate-texts.ts'
import { renewalTexts } from './renewal-texts.ts'
import { renewalStart } from './renewal-window.ts'

/** What the API renews. */
const renewable: readonly string[] = ['receiver', 'seal', 'console']

export function CertificatePage({ params }: PageProps) {
  const texts = certificateTexts()
  const now = useNow(60_000)
  const asking = { path: { fingerprint: params.fingerprint ?? '' } }
  const { answer, refusal, at, again } = useAsked('GET /api/v1/certificates/{fingerprint}', asking)
  return (
    <>
      <h1>{answer === undefined ? texts.title : usesInWords(answer.uses)}</h1>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <>
          <p class="lead">
            <CertificateTag certificate={answer} now={now} />
          </p>
          <p>{texts.howToRenew}</p>
          <div class="buttons">
            {answer.uses
              .filter(use => renewable.includes(use))
              .map(use => (
                <a key={use} class="button first" href={`/certificates/renew/${use}`}>
                  {renewalTexts().title(usesInWords([use]))}
                </a>
              ))}
          </div>
          <FactList
            rows={[
              [texts.subject, answer.subject],
              [texts.issuer, answer.issuer],
              [
                texts.serial,
                <span key="serial" class="mono">
                  {answer.serialNumber}
                </span>,
              ],
              [texts.fingerprint, <DigestText key="fingerprint" hex={answer.fingerprint} />],
              [texts.from, <FullTime key="from" at={answer.validFrom} />],
              [texts.due, <FullTime key="due" at={renewalStart(answer).toISOString()} />],
              [texts.to, <FullTime key="to" at={answer.validTo} />],
              [texts.left, answer.daysLeft < 0 ? texts.ago(-answer.daysLeft) : texts.days(answer.daysLeft)],
            ]}
          />
          <section class="section" aria-labelledby="pem">
            <h2 id="pem">
              {texts.pem} <CopyButton text={answer.pem} of={texts.pem} />
            </h2>
            <pre class="record">{answer.pem}</pre>
          </section>
        </>
      )}
      <p class="beside">
        <a href="/certificates">{texts.all}</a>
      </p>
    </>
  )
}
