// A key with its certificate that was made elsewhere: checked with nothing kept, then imported. The
// password stands in its field alone, and is sent with the file.
import { type AnswerOf, type ApiRefusal, actOnApi } from '../api/client.ts'
import { ActButtons, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { DropZone, type ReadFile } from '../parts/drop-zone.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useId, useRef, useState } from '../preact.ts'
import { asRefusal, fileInBase64 } from './given-certificate.ts'
import { JudgedChecks } from './judged-checks.tsx'
import type { OfferedUse, Renewal } from './renewal.ts'
import { renewalTexts } from './renewal-texts.ts'

type Judged = AnswerOf<'POST /api/v1/renewals/{use}/import'>
type ImportProps = {
  readonly renewal: Renewal
  readonly name: string
  readonly acting: Acting
  /** Takes the certificate of the key that waits now, in PEM. */
  readonly onImported: (certificate: string) => void
}

export function ImportPkcs12({ renewal: { use, acts }, name, acting, onImported }: ImportProps) {
  const texts = renewalTexts()
  const id = useId()
  const password = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<ReadFile | undefined>(undefined)
  const [judged, setJudged] = useState<Judged | undefined>(undefined)
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const path = { use: use as OfferedUse }
  const obstacle = obstacleOf(acts, 'import')
  const forget = () => {
    setFile(undefined)
    setJudged(undefined)
    if (password.current !== null) password.current.value = ''
  }
  const ask = (dryRun: boolean, why: string, key: string) => {
    const body = { pkcs12: fileInBase64(file!, texts.tooLarge), password: password.current?.value ?? '', why }
    return actOnApi('POST /api/v1/renewals/{use}/import', { path, query: { dryRun }, body }, key)
  }
  const look = async () => {
    setRefusal(undefined)
    try {
      setJudged(await ask(true, texts.lookReason, crypto.randomUUID()))
    } catch (error) {
      setJudged(undefined)
      setRefusal(asRefusal(error))
    }
  }
  return (
    <section class="section" aria-labelledby="import">
      <h2 id="import">{texts.import}</h2>
      <p>{texts.importLead}</p>
      <DropZone
        label={texts.p12}
        hint={texts.p12Hint}
        onFiles={([given]) => {
          setFile(given)
          setJudged(undefined)
        }}
      />
      {file !== undefined && (
        <form
          class="beside"
          autocomplete="off"
          onSubmit={event => {
            event.preventDefault()
            void look()
          }}
        >
          <div class="field">
            <label for={id}>{texts.password(file.name)}</label>
            <input id={id} ref={password} type="password" autocomplete="off" onInput={() => setJudged(undefined)} />
          </div>
          <button type="submit" class="button">
            {texts.look}
          </button>
        </form>
      )}
      {refusal !== undefined && <RefusalNotice refusal={refusal} title={texts.notTaken} />}
      {judged !== undefined && <JudgedChecks checks={judged.checks} />}
      <p class="beside">
        <ActButtons
          acts={[
            {
              verb: texts.importIt,
              of: name,
              obstacle:
                obstacle ?? (judged === undefined ? texts.notLooked : judged.isGood ? undefined : texts.notGood),
              begin: () =>
                acting.begin({
                  title: texts.importTitle(name),
                  verb: texts.importIt,
                  lead: <p>{texts.importItLead}</p>,
                  perform: async (given, key) => {
                    const { certificate } = await ask(false, givenReason(given), key)
                    forget()
                    onImported(certificate ?? '')
                    return texts.imported(name)
                  },
                }),
            },
          ]}
        />
      </p>
    </section>
  )
}
