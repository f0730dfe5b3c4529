// What could not be loaded: why, since when, what still works, and how to try again.
import type { ApiRefusal } from '../api/client.ts'
import { faultInWords } from '../help/fault-in-words.ts'
import { formatClock, zoneName } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'

type NoticeProps = {
  readonly refusal: ApiRefusal
  /** What was not possible, if not to load something. */
  readonly title?: string
  readonly again?: () => void
  /** When what is shown beside it was loaded. */
  readonly since?: Date | undefined
}

export function RefusalNotice({ refusal: { code, detail, instance }, title, again, since }: NoticeProps) {
  const texts = sharedTexts()
  // In English the detail says it all.
  const { sentence } = faultInWords(code, { sentence: '', remedy: '' })
  return (
    <div class="notice alarm" role="alert">
      <p>
        <strong>{title ?? texts.failed}</strong> {code === 'unreachable' ? texts.unreachable : sentence}{' '}
        {code !== 'unreachable' && <span lang="en">{detail}</span>}
      </p>
      {since !== undefined && <p>{texts.failedSince(`${formatClock(since)} ${zoneName()}`)}</p>}
      <p class="mono">
        {code}
        {instance !== undefined && ` · ${texts.request} ${instance}`}
      </p>
      {again !== undefined && (
        <button type="button" class="button" onClick={again}>
          {texts.again}
        </button>
      )}
    </div>
  )
}
