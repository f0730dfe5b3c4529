// The time of the gateway, in steps: what is shown relative to it moves on.
import { clockCorrection, gatewayTime } from '../api/gateway-clock.ts'
import { useEffect, useMemo, useState } from '../preact.ts'

export function useNow(step: number): Date {
  const [steps, setSteps] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setSteps(before => before + 1)
    }, step)
    return () => clearInterval(timer)
  }, [step])
  return useMemo(() => new Date(gatewayTime()), [steps, clockCorrection()])
}
