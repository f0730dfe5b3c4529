// Adding a partner: drop its certificate, see what it is and what is wrong with it, say who it is,
// review the record. Nothing is kept before that.
import { type ApiRefusal, actOnApi, askApi } from '../api/client.ts'
import { asRefusal, useGivenCertificate } from '../certificates/given-certificate.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { givenReason, useActing } from '../parts/acting.tsx'
import { DropZone } from '../parts/drop-zone.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useId, useLocation, useRef, useState } from '../preact.ts'
import { type Judgement, JudgementView } from './judged-certificate.tsx'
import { newPartnerTexts } from './new-partner-texts.ts'

export function NewPartnerPage() {
  const texts = newPartnerTexts()
  const judge = (certificate: string) => askApi('POST /api/v1/certificates/check', { body: { certificate } })
  const { answer: judgement, refusal, take } = useGivenCertificate(judge, texts.tooLarge)
  return (
    <>
      <h1>{texts.title}</h1>
      <DropZone label={texts.drop} hint={texts.dropHint} onFiles={take} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} title={texts.notAdded} />}
      {judgement !== undefined && (
        <>
          <JudgementView judgement={judgement} />
          <Terms key={judgement.certificates[0]?.fingerprint} judgement={judgement} />
        </>
      )}
    </>
  )
}

function Terms({ judgement: { certificates, rule, partner } }: { readonly judgement: Judgement }) {
  const texts = newPartnerTexts()
  const { route } = useLocation()
  const form = useRef<HTMLFormElement>(null)
  const acting = useActing(() => {})
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const suggested = partner ?? nameOf(certificates[0]?.subject ?? '')
  const recordOf = (given: FormData) => {
    const text = (name: string) => String(given.get(name) ?? '').trim()
    return {
      id: text('id'),
      ...(text('name') !== '' && { name: text('name') }),
      ...(text('contact') !== '' && { contact: text('contact') }),
      ...(rule !== null && { certificates: [rule] }),
    }
  }
  const review = async () => {
    if (form.current?.reportValidity() !== true) return
    const record = recordOf(new FormData(form.current))
    setRefusal(undefined)
    try {
      // Tried out: what stands against it shows before anybody gives a reason.
      const asking = { query: { dryRun: true }, body: { record, why: '-' } }
      const { after } = await askApi('POST /api/v1/partners', asking)
      acting.begin({
        title: texts.reviewTitle(record.id),
        verb: texts.addIt,
        lead: (
          <>
            <p>{texts.reviewLead}</p>
            <pre class="record">{JSON.stringify(after, null, 2)}</pre>
          </>
        ),
        perform: async (given, key) => {
          await actOnApi('POST /api/v1/partners', { body: { record, why: givenReason(given) } }, key)
          route(`/partners/${encodeURIComponent(record.id)}`)
          return texts.added(record.id)
        },
      })
    } catch (error) {
      setRefusal(asRefusal(error))
    }
  }
  return (
    <section class="section" aria-labelledby="terms">
      <h2 id="terms">{texts.terms}</h2>
      {acting.view}
      {refusal !== undefined && <RefusalNotice refusal={refusal} title={texts.notAdded} />}
      <form
        ref={form}
        class="terms"
        onSubmit={event => {
          event.preventDefault()
          void review()
        }}
      >
        <TextField name="id" label={texts.id} value={suggested} isNeeded />
        <TextField name="name" label={texts.name} value="" />
        <TextField name="contact" label={texts.contact} value="" />
        {rule === null ? (
          <p>{texts.byCa}</p>
        ) : (
          <>
            <p>{texts.rule}</p>
            <pre class="record">{JSON.stringify(rule, null, 2)}</pre>
          </>
        )}
      </form>
      <ActButtons
        acts={[
          {
            verb: texts.review,
            isFirst: true,
            obstacle: findRoleObstacle('partners.act'),
            begin: () => void review(),
          },
        ]}
      />
    </section>
  )
}

type TextFieldProps = {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly isNeeded?: boolean
}

function TextField({ name, label, value, isNeeded = false }: TextFieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        defaultValue={value}
        required={isNeeded}
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
      />
    </div>
  )
}

/** The CN of a subject, as a suggestion. */
function nameOf(subject: string): string {
  return /(?:^|, )CN=([^,]*)/.exec(subject)?.[1] ?? ''
}
