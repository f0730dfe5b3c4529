// Acts on a page: a dialog that says what will be done and takes the reason, and a line that says
// what became of it. What was typed stays until it is done.
import { ActWaits, ApiRefusal } from '../api/client.ts'
import { type ComponentChildren, useEffect, useId, useLayoutEffect, useRef, useState } from '../preact.ts'
import { actTexts } from './act-texts.ts'
import { RefusalNotice } from './refusal-notice.tsx'

export type PlannedAct = {
  /** What will be done to what, such as `Retry document abc`. */
  readonly title: string
  /** Of the button that does it. */
  readonly verb: string
  readonly lead?: ComponentChildren
  /** Fields beside the reason, each with its name. */
  readonly fields?: ComponentChildren
  /** The API wants none. */
  readonly isWithoutReason?: boolean
  /** What it says once it is done. `key`: one act, however often it is asked for. */
  readonly perform: (given: FormData, key: string) => Promise<string>
}

export type Acting = {
  readonly begin: (act: PlannedAct) => void
  /** Goes where the page begins: the line, and the dialog while it is open. */
  readonly view: ComponentChildren
}

/** `onDone`: what is shown has changed. */
export function useActing(onDone: () => void): Acting {
  const [act, setAct] = useState<PlannedAct | undefined>(undefined)
  const [done, setDone] = useState<ComponentChildren>('')
  const line = useRef<HTMLParagraphElement>(null)
  return {
    begin: planned => {
      setDone('')
      setAct(planned)
    },
    view: (
      <>
        <p ref={line} class={done === '' ? 'unseen' : 'notice done'} role="status" tabIndex={-1}>
          {done}
        </p>
        {act !== undefined && (
          <ActDialog
            act={act}
            onEnd={said => {
              setAct(undefined)
              if (said === undefined) return
              setDone(said)
              onDone()
              line.current?.focus()
            }}
          />
        )}
      </>
    ),
  }
}

type DialogProps = {
  readonly act: PlannedAct
  /** Undefined: nothing was done. */
  readonly onEnd: (said: ComponentChildren | undefined) => void
}

function ActDialog({ act: { title, verb, lead, fields, isWithoutReason = false, perform }, onEnd }: DialogProps) {
  const texts = actTexts()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const [isUnderWay, setUnderWay] = useState(false)
  // A refusal is an answer, and the same key would get it again; without an answer the key stays,
  // for the act may have been done.
  const asked = useRef({ key: crypto.randomUUID(), given: '' })

  useLayoutEffect(() => dialog.current?.showModal(), [])
  // A refusal is at the top of the form.
  useEffect(() => {
    if (refusal !== undefined) dialog.current?.scrollTo(0, 0)
  }, [refusal])

  const send = async (form: HTMLFormElement) => {
    const data = new FormData(form)
    const given = JSON.stringify([...data])
    if (asked.current.given !== given) asked.current = { key: crypto.randomUUID(), given }
    setUnderWay(true)
    setRefusal(undefined)
    try {
      onEnd(await perform(data, asked.current.key))
    } catch (error) {
      if (error instanceof ActWaits)
        return onEnd(
          <>
            {texts.waits} <a href={`/approvals/${error.id}`}>{texts.toApproval}</a>
          </>,
        )
      const refused = error instanceof ApiRefusal ? error : new ApiRefusal({ code: 'defect', detail: String(error) })
      if (isSettled(refused)) asked.current.given = ''
      setRefusal(refused)
      setUnderWay(false)
    }
  }

  return (
    <dialog
      ref={dialog}
      class="act"
      aria-labelledby={id}
      onClose={() => onEnd(undefined)}
      // What is under way is not left.
      onCancel={event => isUnderWay && event.preventDefault()}
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          if (!isUnderWay) void send(event.currentTarget)
        }}
      >
        <h2 id={id}>{title}</h2>
        {refusal !== undefined && (
          <RefusalNotice refusal={refusal} title={isSettled(refusal) ? texts.refused : texts.notKnown} />
        )}
        {lead}
        {fields}
        {!isWithoutReason && <Reason />}
        <div class="buttons">
          <button type="submit" class="button first" aria-disabled={isUnderWay}>
            {isUnderWay ? texts.underWay : verb}
          </button>
          <button type="button" class="button" disabled={isUnderWay} onClick={() => dialog.current?.close()}>
            {texts.leave}
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** Refused for certain: nothing was done. */
function isSettled({ status }: ApiRefusal): boolean {
  return status > 0 && status < 500
}

function Reason() {
  const texts = actTexts()
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{texts.reason}</label>
      <p id={`${id}-hint`} class="under">
        {texts.reasonHint}
      </p>
      <textarea id={id} name="why" rows={3} required maxLength={500} aria-describedby={`${id}-hint`} />
    </div>
  )
}

/** As the API takes it. */
export function givenReason(given: FormData): string {
  return String(given.get('why') ?? '').trim()
}
