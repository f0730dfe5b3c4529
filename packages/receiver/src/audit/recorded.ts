// Commands with their audit records, as the program describes them: what makes records is loaded
// when they run.
import type { Describe, Run } from '@seg/operators'

type Acts = typeof import('./acts.ts')

/** `audited` of an act. */
export function recorded<Given extends readonly unknown[]>(
  choose: (acts: Acts) => Describe<Given>,
  run: Run<Given>,
): Run<Given> {
  return async (...given) => {
    const [{ audited }, acts] = await load()
    await audited(choose(acts), run)(...given)
  }
}

/** `auditedReading` of an act. */
export function recordedReading<Given extends readonly unknown[]>(
  choose: (acts: Acts) => Describe<Given>,
  run: Run<Given>,
): Run<Given> {
  return async (...given) => {
    const [{ auditedReading }, acts] = await load()
    await auditedReading(choose(acts), run)(...given)
  }
}

const load = () => Promise.all([import('./audited.ts'), import('./acts.ts')])
