// What can be done to a thing: each act a button, also one that is not possible, which says why.
import type { ApiSchemas } from '../api/api-types.ts'
import { useId } from '../preact.ts'
import { mayHere, me } from '../session.ts'
import { actTexts } from './act-texts.ts'
import { obstacleInWords } from './obstacle-texts.ts'

export type OfferedAct = {
  readonly verb: string
  /** For those who do not see where the button stands. */
  readonly of?: string
  /** Why it is not possible now. */
  readonly obstacle?: string | undefined
  readonly begin: () => void
  readonly isFirst?: boolean
}

export function ActButtons({ acts }: { readonly acts: readonly OfferedAct[] }) {
  const id = useId()
  const obstacles = [...new Set(acts.flatMap(({ obstacle }) => obstacle ?? []))]
  const reasonOfAct = (verb: string, obstacle: string) => (obstacles.length === 1 ? obstacle : `${verb}: ${obstacle}`)
  const reasons = [
    ...new Set(acts.flatMap(({ verb, obstacle }) => (obstacle === undefined ? [] : [reasonOfAct(verb, obstacle)]))),
  ]
  return (
    <span class="acts">
      {acts.map(({ verb, of, obstacle, begin, isFirst = false }) => (
        <button
          key={verb}
          type="button"
          class={isFirst ? 'button first' : 'button'}
          // Reached by keyboard all the same, so that a screen reader reads its reason.
          aria-disabled={obstacle !== undefined}
          {...(obstacle !== undefined && { 'aria-describedby': id })}
          {...(of !== undefined && { 'aria-label': `${verb}: ${of}` })}
          onClick={() => obstacle === undefined && begin()}
        >
          {verb}
        </button>
      ))}
      {reasons.length > 0 && (
        <span id={id} class="why">
          {reasons.join('; ')}
        </span>
      )}
    </span>
  )
}

/** Why this role may not; undefined when it may. */
export function findRoleObstacle(permission: string): string | undefined {
  if (me.value === undefined || mayHere(permission)) return undefined
  return actTexts().roleMayNot(me.value.role)
}

/** What stands against an act, by the answer that names what may be done. */
export function obstacleOf(acts: readonly ApiSchemas['Act'][], name: string): string | undefined {
  const act = acts.find(one => one.name === name)
  if (act === undefined || act.isAllowed) return undefined
  return obstacleInWords(act)
}
