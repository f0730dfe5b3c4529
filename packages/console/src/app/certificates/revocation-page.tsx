// Revoking a certificate of our CA, by its serial number or by itself.
import { type ApiRefusal, actOnApi, askApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, obstacleOf } from '../parts/act-buttons.tsx'
import { givenReason, useActing } from '../parts/acting.tsx'
import { Choice } from '../parts/choice.tsx'
import { DropZone, type ReadFile } from '../parts/drop-zone.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useId, useRef, useState } from '../preact.ts'
import { asRefusal, certificateText } from './given-certificate.ts'
import { renewalTexts } from './renewal-texts.ts'

export function RevocationPage() {
  const texts = renewalTexts()
  const id = useId()
  const { answer } = useAsked('GET /api/v1/revocations', {})
  const acting = useActing(() => {})
  const [serial, setSerial] = useState('')
  /** The file that the number was read from, as long as nobody has changed that. */
  const [given, setGiven] = useState<string | undefined>(undefined)
  const [isUnknown, setUnknown] = useState(false)
  const latest = useRef(0)
  const [reason, setReason] = useState<keyof typeof texts.reasons>('keyCompromise')
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const take = async ([file]: readonly ReadFile[]) => {
    if (file === undefined) return
    const turn = ++latest.current
    setRefusal(undefined)
    try {
      const certificate = certificateText(file, texts.tooLarge)
      const { certificates } = await askApi('POST /api/v1/certificates/check', { body: { certificate } })
      if (turn !== latest.current) return
      setSerial(certificates[0]?.serialNumber ?? '')
      setGiven(certificate)
      setUnknown(false)
    } catch (error) {
      if (turn === latest.current) setRefusal(asRefusal(error))
    }
  }
  const number = serial.replaceAll(/[\s:]/g, '')
  const isNumber = /^[0-9a-fA-F]{1,40}$/.test(number)
  return (
    <>
      <h1>{texts.revoke}</h1>
      {acting.view}
      <p class="lead">{texts.revokeLead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} title={texts.notTaken} />}
      <div class="terms">
        <div class="field">
          <label for={id}>{texts.serial}</label>
          <input
            id={id}
            class="mono"
            value={serial}
            maxLength={80}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => {
              latest.current++
              setSerial(currentTarget.value)
              setGiven(undefined)
            }}
          />
        </div>
        <Choice label={texts.reason} value={reason} options={texts.reasons} onChoose={setReason} />
      </div>
      {given === undefined && (
        <label class="tick">
          <input
            type="checkbox"
            checked={isUnknown}
            onChange={({ currentTarget }) => setUnknown(currentTarget.checked)}
          />
          {texts.isUnknown}
        </label>
      )}
      <DropZone label={texts.fromFile} hint={texts.fromFileHint} onFiles={files => void take(files)} />
      <p class="beside">
        <ActButtons
          acts={[
            {
              verb: texts.revokeIt,
              isFirst: true,
              obstacle: obstacleOf(answer?.acts ?? [], 'revoke') ?? (isNumber ? undefined : texts.serial),
              begin: () =>
                acting.begin({
                  title: texts.revokeTitle(number),
                  verb: texts.revokeIt,
                  lead: <p>{texts.reasons[reason]}</p>,
                  perform: async (asked, key) => {
                    const what = given === undefined ? { isUnknown } : { certificate: given }
                    const body = { serialNumber: number, ...what, reason, why: givenReason(asked) }
                    const done = await actOnApi('POST /api/v1/revocations', { body }, key)
                    return done.isNew ? texts.revokeDone(number, done.count) : texts.revokedBefore(number)
                  },
                }),
            },
          ]}
        />
      </p>
    </>
  )
}
