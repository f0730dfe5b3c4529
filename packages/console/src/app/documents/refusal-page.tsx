// One refusal: the step that failed, what it expected and found, what to do, and what to write to
// the partner.
import { useAsked } from '../api/use-asked.ts'
import { gatewayState } from '../gateway-state.ts'
import type { PageProps } from '../page.ts'
import { CopyButton } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { useEffect } from '../preact.ts'
import { formatCount, formatDuration, formatTime } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { pathTexts } from './path-texts.ts'
import { DocumentPath, explanationInWords } from './stations.tsx'

export function RefusalPage({ params: { id = '' } }: PageProps) {
  const texts = pathTexts()
  const { answer, refusal, again } = useAsked('GET /api/v1/refusals/{id}', { path: { id } })
  useEffect(() => {
    if (answer === undefined) return
    const { code, document: name, partner } = answer.fact
    document.title = `${texts.refusedHead(code ?? '')} – ${name ?? partner ?? ''}`
  }, [answer, texts])
  if (answer === undefined)
    return (
      <>
        <h1>{texts.refusedTitle}</h1>
        {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      </>
    )
  const { fact, explanation } = answer
  const code = fact.code ?? ''
  const words = explanation && explanationInWords(code, explanation)
  const toPartner =
    words &&
    texts.toPartner(
      fact.document ?? '',
      formatTime(new Date(fact.at)),
      code,
      words.meaning,
      words.remedy,
      fact.request ?? '',
    )
  return (
    <>
      <h1>{texts.refusedHead(code)}</h1>
      <p class="lead">
        {fact.partner === null ? texts.fromUnknown : texts.from(fact.partner)} <FullTime at={fact.at} />
      </p>
      <Others code={code} />
      <div class="document">
        <section aria-labelledby="path">
          <h2 id="path">{texts.path}</h2>
          <DocumentPath fact={fact} explanation={explanation} />
        </section>
        <section aria-labelledby="facts">
          <h2 id="facts">{texts.facts}</h2>
          <FactList
            rows={[
              [texts.id, fact.document && <span class="mono">{fact.document}</span>],
              [
                texts.sender,
                fact.partner && (
                  <a href={`/documents?${new URLSearchParams({ partner: fact.partner })}`}>{fact.partner}</a>
                ),
              ],
              [texts.refusedAt, <FullTime at={fact.at} />],
              [texts.detail, fact.detail],
              [texts.index, fact.index !== null && <a href={`/log/${fact.index}`}>{formatCount(fact.index)}</a>],
              [texts.bytes, fact.bytes !== null && sharedTexts().bytes(fact.bytes)],
              [texts.sha256, fact.sha256 && <DigestText hex={fact.sha256} />],
              [texts.certificate, fact.certificate && <DigestText hex={fact.certificate} />],
              [texts.connection, [fact.tlsVersion, fact.cipher, fact.group].filter(part => part).join(', ')],
              [texts.request, fact.request && <span class="mono">{fact.request}</span>],
              [texts.address, fact.address && <span class="mono">{fact.address}</span>],
              [texts.took, fact.totalTime !== null && formatDuration(fact.totalTime)],
            ]}
          />
          {toPartner && (
            <>
              <h3 class="for-partner">
                {texts.forPartner} <CopyButton text={toPartner} of={texts.forPartner} />
              </h3>
              <blockquote>{toPartner}</blockquote>
              <p class="under">{texts.forPartnerHow}</p>
            </>
          )}
        </section>
      </div>
    </>
  )
}

/** How often, and whether it is one partner alone. */
function Others({ code }: { readonly code: string }) {
  const texts = pathTexts()
  const series = (gatewayState.value.metrics?.series('seg_documents_refused_total') ?? []).filter(
    ({ labels, value }) => labels.code === code && value > 0,
  )
  const times = series.reduce((sum, { value }) => sum + value, 0)
  const partners = new Set(series.map(({ labels }) => labels.partner)).size
  return (
    <p class="under">
      {times > 0 && `${texts.seen(times, partners)} `}
      <a href={`/documents/refused?code=${code}`}>{texts.others}</a> · <a href={`/help/${code}`}>{texts.help}</a>
    </p>
  )
}
