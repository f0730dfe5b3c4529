// Values as people read them: times with their zone, digests in groups, facts in two columns.
import type { ComponentChildren } from '../preact.ts'
import { formatClock, formatDate, formatTime, groupDigits, millisecondsOf } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { CopyButton } from './command.tsx'

/** In a list: the time of day, its milliseconds quietly; all of it when one points there. */
export function ClockTime({ at }: { readonly at: string }) {
  const time = new Date(at)
  return (
    <time class="time" dateTime={at} title={formatTime(time)}>
      {formatClock(time)}
      <span class="millis">.{millisecondsOf(time)}</span>
    </time>
  )
}

/** In a list of days: the date before it, quietly. */
export function DayTime({ at }: { readonly at: string }) {
  const time = new Date(at)
  return (
    <time class="time" dateTime={at} title={formatTime(time)}>
      <span class="millis">{formatDate(time)}</span> {formatClock(time)}
    </time>
  )
}

export function FullTime({ at }: { readonly at: string }) {
  return (
    <time class="time" dateTime={at}>
      {formatTime(new Date(at))}
    </time>
  )
}

/** `isShort`: its first and last eight digits. */
export function DigestText({ hex, isShort = false }: { readonly hex: string; readonly isShort?: boolean }) {
  return (
    <span class="digest">
      <span class="mono" title={hex}>
        {isShort ? `${groupDigits(hex.slice(0, 8))} … ${groupDigits(hex.slice(-8))}` : groupDigits(hex)}
      </span>
      <CopyButton text={hex} of={hex.slice(0, 8)} />
    </span>
  )
}

type Fact = readonly [name: string, value: ComponentChildren | null | undefined]

/** What is not known is left out, or said to be not recorded. */
export function FactList({
  rows,
  showsMissing = false,
}: {
  readonly rows: readonly Fact[]
  readonly showsMissing?: boolean
}) {
  const texts = sharedTexts()
  const isThere = (value: Fact[1]) => value !== null && value !== undefined && value !== '' && value !== false
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => showsMissing || isThere(value))
        .flatMap(([name, value]) => [
          <dt key={`${name} name`}>{name}</dt>,
          <dd key={name}>{isThere(value) ? value : <span class="muted">{texts.notRecorded}</span>}</dd>,
        ])}
    </dl>
  )
}
