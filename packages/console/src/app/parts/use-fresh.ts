// New rows of a list: shown by themselves, but not under the pointer or the focus of somebody. Then
// they are counted, which draws nothing but the count.
import { type LiveFact, useFacts } from '../api/live.ts'
import { computed, type ReadonlySignal, signal, useEffect, useRef, useState } from '../preact.ts'

/** Milliseconds between two looks, however much arrives. */
const SOONEST = 1500

export type Fresh = {
  /** New rows that are not shown; 0 while they show by themselves. */
  readonly count: ReadonlySignal<number>
  readonly show: () => void
  /** For the element around the rows. */
  readonly holding: Readonly<Record<'onPointerEnter' | 'onPointerLeave' | 'onFocusIn' | 'onFocusOut', () => void>>
}

export function useFresh(isNew: (fact: LiveFact) => boolean, again: () => void): Fresh {
  const [{ seen, isHeld, count }] = useState(makeCount)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const show = () => {
    seen.value = 0
    again()
  }
  useFacts(facts => {
    const fresh = facts.filter(isNew).length
    if (fresh === 0) return
    seen.value += fresh
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      if (!isHeld.value) show()
    }, SOONEST)
  }, again)
  const hold = (held: boolean) => () => {
    isHeld.value = held
    // What came meanwhile has no other fact to show it.
    if (!held && seen.value > 0 && timer.current === undefined) show()
  }
  const holding = {
    onPointerEnter: hold(true),
    onPointerLeave: hold(false),
    onFocusIn: hold(true),
    onFocusOut: hold(false),
  }
  return { count, show, holding }
}

function makeCount() {
  const seen = signal(0)
  const isHeld = signal(false)
  return { seen, isHeld, count: computed(() => (isHeld.value ? seen.value : 0)) }
}
