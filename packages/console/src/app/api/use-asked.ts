// An answer of the API in a component: asked for anew when the question changes or its time is
// over; what was there stays until the next one is.
import { useCallback, useEffect, useRef, useState } from '../preact.ts'
import { type AnswerOf, ApiRefusal, type Asking, askApi, hasSessionEnded, type Reading } from './client.ts'
import { gatewayTime } from './gateway-clock.ts'

export type AskedAnswer<Answer> = {
  readonly answer: Answer | undefined
  /** Why the latest question has no answer. */
  readonly refusal: ApiRefusal | undefined
  /** When the answer came. */
  readonly at: Date | undefined
  /** Whether a question is under way for so long that people should see it. */
  readonly isSlow: boolean
  readonly again: () => void
}

/** Milliseconds that nobody notices. */
const UNNOTICED = 400

type Options = {
  /** Milliseconds between two questions. */
  readonly every?: number
  /** Nothing is asked while it is false. */
  readonly isWanted?: boolean
}

export function useAsked<Name extends Reading>(
  name: Name,
  asking: Asking<Name>,
  { every, isWanted = true }: Options = {},
): AskedAnswer<AnswerOf<Name>> {
  type Known = Omit<AskedAnswer<AnswerOf<Name>>, 'again'>
  const [known, setKnown] = useState<Known>({ answer: undefined, refusal: undefined, at: undefined, isSlow: false })
  const [turn, setTurn] = useState(0)
  const question = JSON.stringify([name, asking, isWanted])
  const latest = useRef(question)
  const again = useCallback(() => setTurn(before => before + 1), [])

  // The question as text is what it depends on.
  useEffect(() => {
    if (!isWanted) return
    const gone = new AbortController()
    // Another question: what is there answers an earlier one.
    if (latest.current !== question) setKnown(before => ({ ...before, refusal: undefined }))
    latest.current = question
    const slow = setTimeout(() => setKnown(before => ({ ...before, isSlow: true })), UNNOTICED)
    askApi(name, asking, gone.signal)
      .then(answer => setKnown({ answer, refusal: undefined, at: new Date(gatewayTime()), isSlow: false }))
      .catch(error => {
        if (gone.signal.aborted) return
        const refusal = error instanceof ApiRefusal ? error : new ApiRefusal({ code: 'defect', detail: String(error) })
        setKnown(before => ({ ...before, refusal, isSlow: false }))
      })
      .finally(() => clearTimeout(slow))
    return () => {
      clearTimeout(slow)
      gone.abort()
    }
  }, [question, turn])

  useEffect(() => {
    if (every === undefined || !isWanted) return
    const timer = setInterval(() => {
      // Of a page that nobody sees nothing is asked, nor for somebody whose session has ended.
      if (!document.hidden && !hasSessionEnded.value) again()
    }, every)
    return () => clearInterval(timer)
  }, [every, isWanted, again])

  return { ...known, again }
}
