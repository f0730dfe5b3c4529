// The next certificate of this gateway: its request, the checks of the certificate that the CA
// issued, and putting it in place.
import { actOnApi, askApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { ActButtons, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { CopyButton } from '../parts/command.tsx'
import { DropZone } from '../parts/drop-zone.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { useEffect, useMemo, useState } from '../preact.ts'
import { usesInWords } from './certificate-texts.ts'
import { useGivenCertificate } from './given-certificate.ts'
import { ImportPkcs12 } from './import-pkcs12.tsx'
import { JudgedChecks } from './judged-checks.tsx'
import type { OfferedUse, Renewal } from './renewal.ts'
import { renewalTexts } from './renewal-texts.ts'

export function RenewalPage({ params: { use = '' } }: PageProps) {
  const texts = renewalTexts()
  const name = usesInWords([use])
  const { answer, refusal, at, again } = useAsked('GET /api/v1/renewals', {})
  const acting = useActing(again)
  const [imported, setImported] = useState('')
  const renewal = answer?.data.find(row => row.use === use)
  return (
    <>
      <h1>{renewal === undefined ? texts.plain : texts.title(name)}</h1>
      {acting.view}
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {renewal !== undefined && (
        <>
          <WaitingRequest renewal={renewal} name={name} acting={acting} />
          {renewal.request === null ? (
            <ImportPkcs12 renewal={renewal} name={name} acting={acting} onImported={setImported} />
          ) : (
            <NextCertificate renewal={renewal} name={name} acting={acting} imported={imported} />
          )}
        </>
      )}
    </>
  )
}

type PartProps = { readonly renewal: Renewal; readonly name: string; readonly acting: Acting }

function WaitingRequest({ renewal: { use, request, acts }, name, acting }: PartProps) {
  const texts = renewalTexts()
  const path = { use: use as OfferedUse }
  const link = useMemo(
    () => request && URL.createObjectURL(new Blob([request.pem], { type: 'application/pkcs10' })),
    [request?.pem],
  )
  return (
    <section class="section" aria-labelledby="request">
      <h2 id="request">{texts.first}</h2>
      {request === null ? (
        <p>{texts.none}</p>
      ) : (
        <>
          <p>{texts.giveIt}</p>
          <FactList
            rows={[
              [texts.since(''), <FullTime key="made" at={request.madeAt} />],
              [texts.key, <DigestText key="key" hex={request.key} />],
            ]}
          />
          <h3 class="beside">
            {texts.pem} <CopyButton text={request.pem} of={texts.pem} />
          </h3>
          <pre class="record">{request.pem}</pre>
          <p>
            <a class="button" href={link ?? ''} download={`${use}.csr`}>
              {texts.download}
            </a>
          </p>
        </>
      )}
      <ActButtons
        acts={[
          {
            verb: texts.request,
            of: name,
            isFirst: request === null,
            obstacle: obstacleOf(acts, 'request'),
            begin: () =>
              acting.begin({
                title: texts.requestTitle(name),
                verb: texts.request,
                lead: <p>{texts.requestLead}</p>,
                perform: async (given, key) => {
                  await actOnApi('POST /api/v1/renewals/{use}', { path, body: { why: givenReason(given) } }, key)
                  return texts.requested(name)
                },
              }),
          },
          {
            verb: texts.withdraw,
            of: name,
            obstacle: obstacleOf(acts, 'withdraw'),
            begin: () =>
              acting.begin({
                title: texts.withdrawTitle(name),
                verb: texts.withdraw,
                lead: <p>{texts.withdrawLead}</p>,
                perform: async (given, key) => {
                  await actOnApi('DELETE /api/v1/renewals/{use}', { path, query: { why: givenReason(given) } }, key)
                  return texts.withdrawn(name)
                },
              }),
          },
        ]}
      />
    </section>
  )
}

/** `imported`: the certificate of the key that waits, which need not be given again. */
function NextCertificate({
  renewal: { use, acts },
  name,
  acting,
  imported,
}: PartProps & { readonly imported: string }) {
  const texts = renewalTexts()
  const path = { use: use as OfferedUse }
  const judge = async (certificate: string) => ({
    ...(await askApi('POST /api/v1/renewals/{use}/check', { path, body: { certificate } })),
    certificate,
  })
  const { answer: judged, refusal, take, takeText } = useGivenCertificate(judge, texts.tooLarge)
  useEffect(() => {
    if (imported !== '') takeText(imported)
  }, [imported])
  return (
    <section class="section" aria-labelledby="next">
      <h2 id="next">{texts.second}</h2>
      <DropZone label={texts.drop} hint={texts.dropHint} onFiles={take} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} title={texts.notTaken} />}
      {judged !== undefined && (
        <>
          <JudgedChecks checks={judged.checks} />
          <p class="beside">
            <ActButtons
              acts={[
                {
                  verb: texts.install,
                  of: name,
                  isFirst: true,
                  obstacle: judged.isGood ? obstacleOf(acts, 'install') : texts.notGood,
                  begin: () =>
                    acting.begin({
                      title: texts.installTitle(name),
                      verb: texts.install,
                      lead: <p>{texts.installLead}</p>,
                      perform: async (given, key) => {
                        const body = { certificate: judged.certificate, why: givenReason(given) }
                        await actOnApi('POST /api/v1/renewals/{use}/install', { path, body }, key)
                        return texts.installed(name)
                      },
                    }),
                },
              ]}
            />
          </p>
        </>
      )}
    </section>
  )
}
