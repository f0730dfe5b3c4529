// The time, in steps: what is shown relative to it moves on.
import { useEffect, useState } from '../preact.ts'

export function useNow(step: number): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(new Date())
    }, step)
    return () => clearInterval(timer)
  }, [step])
  return now
}
