// Commands with their audit records, as the program describes them: what makes records is loaded
// when they run.
import type { Describe, Run } from '@seg/operators'

type Acts = typeof import('./acts.ts')

/** `run` with the audit records of an act. Throws as `performAct` does. */
export function withRecords<Given extends readonly unknown[]>(
  choose: (acts: Acts) => Describe<Given>,
  run: Run<Given>,
): Run<Given> {
  return async (...given) => {
    const acts = await load()
    await acts.recordAct(choose(acts), run)(...given)
  }
}

const load = () => import('./acts.ts')
