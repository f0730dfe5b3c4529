// What a new API key is for, what it may, and how long it counts.
import { useId } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { accessTexts } from './access-texts.ts'

const LONGEST = 366
const USUAL = 90

export function NewKeyFields() {
  const texts = accessTexts()
  const id = useId()
  return (
    <>
      <div class="field">
        <label for={`${id}-name`}>{texts.name}</label>
        <p id={`${id}-name-hint`} class="under">
          {texts.nameHint}
        </p>
        <input
          id={`${id}-name`}
          name="name"
          required
          maxLength={100}
          autocomplete="off"
          aria-describedby={`${id}-name-hint`}
        />
      </div>
      <div class="field">
        <label for={`${id}-role`}>{texts.role}</label>
        <select id={`${id}-role`} name="role">
          {Object.entries(sharedTexts().roles).map(([role, name]) => (
            <option key={role} value={role}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-days`}>{texts.days}</label>
        <p id={`${id}-days-hint`} class="under">
          {texts.daysHint}
        </p>
        <input
          id={`${id}-days`}
          name="days"
          type="number"
          required
          min={1}
          max={LONGEST}
          defaultValue={String(USUAL)}
          aria-describedby={`${id}-days-hint`}
        />
      </div>
    </>
  )
}
