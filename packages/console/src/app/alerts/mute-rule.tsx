// Muting a rule, which always has an end and a reason, and ending that before.
import { actOnApi } from '../api/client.ts'
import { findRoleObstacle, type OfferedAct } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { useId } from '../preact.ts'
import { formatTime } from '../texts/formats.ts'
import { alertTexts } from './alert-texts.ts'

export function offerMute(rule: string, mutedUntil: string | null, acting: Acting): OfferedAct {
  const texts = alertTexts()
  return {
    verb: texts.mute,
    of: rule,
    obstacle: findRoleObstacle('alerts.act') ?? (mutedUntil === null ? undefined : texts.mutedAlready),
    begin: () =>
      acting.begin({
        title: texts.muteTitle(rule),
        verb: texts.mute,
        lead: <p>{texts.muteLead}</p>,
        fields: <Hours />,
        perform: async (given, key) => {
          const body = { hours: Number(given.get('hours')), why: givenReason(given) }
          const muted = await actOnApi('POST /api/v1/alert-rules/{name}/mute', { path: { name: rule }, body }, key)
          return texts.muted(rule, formatTime(new Date(muted.mutedUntil ?? 0)))
        },
      }),
  }
}

export function offerUnmute(rule: string, mutedUntil: string | null, acting: Acting): OfferedAct {
  const texts = alertTexts()
  return {
    verb: texts.unmute,
    of: rule,
    obstacle: findRoleObstacle('alerts.act') ?? (mutedUntil === null ? texts.notMuted : undefined),
    begin: () =>
      acting.begin({
        title: texts.unmuteTitle(rule),
        verb: texts.unmute,
        perform: async (given, key) => {
          const asking = { path: { name: rule }, body: { why: givenReason(given) } }
          await actOnApi('POST /api/v1/alert-rules/{name}/unmute', asking, key)
          return texts.unmuted(rule)
        },
      }),
  }
}

function Hours() {
  const texts = alertTexts()
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{texts.hours}</label>
      <select id={id} name="hours">
        {Object.entries(texts.spans).map(([hours, text]) => (
          <option key={hours} value={hours}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
