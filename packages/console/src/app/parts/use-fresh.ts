// New rows of a list: shown by themselves, but not under the pointer or the focus of somebody.
import { type LiveFact, useFacts } from '../api/live.ts'
import { useEffect, useRef, useState } from '../preact.ts'

/** Milliseconds between two looks, however much arrives. */
const SOONEST = 1500

export function useFresh(isNew: (fact: LiveFact) => boolean, again: () => void) {
  const [count, setCount] = useState(0)
  const isHeld = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const show = () => {
    setCount(0)
    again()
  }
  useFacts(facts => {
    const fresh = facts.filter(isNew).length
    if (fresh === 0) return
    setCount(before => before + fresh)
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      if (!isHeld.current) show()
    }, SOONEST)
  }, again)
  const hold = (held: boolean) => () => {
    isHeld.current = held
  }
  const holding = {
    onPointerEnter: hold(true),
    onPointerLeave: hold(false),
    onFocusIn: hold(true),
    onFocusOut: hold(false),
  }
  return { count: isHeld.current ? count : 0, show, holding }
}
