// Numbers, sizes and times for people: thin spaces between thousands, absolute times with their
// zone.
import { zone } from '../preferences.ts'
import { language } from './languages.ts'

const THIN = '\u2009'
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export function formatCount(count: number): string {
  return String(Math.trunc(count)).replace(/\B(?=(\d{3})+(?!\d))/g, THIN)
}

/** The form that the language has for this number, with the number in place of its `#`. */
export function counted(count: number, one: string, other: string): string {
  const rule = kept('plural', () => new Intl.PluralRules(locale())).select(count)
  return (rule === 'one' ? one : other).replace('#', () => formatCount(count))
}

export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : decimal(value, 1)}${THIN}${UNITS[unit]}`
}

/** A part of 1, in hundredths, with more digits where it is small: `0.02 %`, `4.2 %`, `96 %`. */
export function formatShare(part: number): string {
  const percent = part * 100
  return `${decimal(percent, percent < 0.1 ? 2 : percent < 10 ? 1 : 0)}${THIN}%`
}

/** Milliseconds, with no more digits than mean something. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${decimal(milliseconds, 1)}${THIN}ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)}${THIN}ms`
  if (milliseconds < 60_000) return `${decimal(milliseconds / 1000, 1)}${THIN}s`
  return formatSpan(milliseconds)
}

/** A time that has passed or is to come, in its largest unit. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000)
  const [unit, value] =
    seconds < 60
      ? (['second', seconds] as const)
      : seconds < 3600
        ? (['minute', Math.floor(seconds / 60)] as const)
        : seconds < 86_400
          ? (['hour', Math.floor(seconds / 3600)] as const)
          : (['day', Math.floor(seconds / 86_400)] as const)
  const options = { style: 'unit', unit, unitDisplay: 'long' } as const
  return kept(`unit ${unit}`, () => new Intl.NumberFormat(locale(), options)).format(value)
}

/** `4 minutes ago`, `in 12 days`. */
export function formatAgo(time: Date, now: Date): string {
  const seconds = Math.round((time.getTime() - now.getTime()) / 1000)
  const size = Math.abs(seconds)
  const [unit, value] =
    size < 60
      ? (['second', seconds] as const)
      : size < 3600
        ? (['minute', Math.trunc(seconds / 60)] as const)
        : size < 86_400
          ? (['hour', Math.trunc(seconds / 3600)] as const)
          : (['day', Math.trunc(seconds / 86_400)] as const)
  return relativeFormat().format(value, unit)
}

/** `today`, `tomorrow`, `in 12 days`, `3 days ago`. */
export function formatDays(days: number): string {
  return relativeFormat().format(days, 'day')
}

/** The same of what has happened, by a clock that goes in steps and may be behind it. */
export function formatPast(time: Date, now: Date): string {
  return formatAgo(new Date(Math.min(time.getTime(), now.getTime())), now)
}

export function formatDate(time: Date): string {
  return dateFormat({ year: 'numeric', month: 'short', day: 'numeric' }).format(time)
}

/** Without milliseconds, which stand apart where they matter. */
export function formatClock(time: Date): string {
  return dateFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(time)
}

/** Hour and minute; `isDay`: the day instead. */
export function formatMinute(time: Date, isDay = false): string {
  return isDay
    ? dateFormat({ weekday: 'short', day: 'numeric' }).format(time)
    : dateFormat({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(time)
}

/** `28 Nov 2026 18:03:12.123 UTC` */
export function formatTime(time: Date): string {
  return `${formatDate(time)} ${formatClock(time)}.${millisecondsOf(time)} ${zoneName()}`
}

export function millisecondsOf(time: Date): string {
  return String(time.getUTCMilliseconds()).padStart(3, '0')
}

export function zoneName(): string {
  if (zone.value === 'utc') return 'UTC'
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(new Date())
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** Hexadecimal in groups of four. */
export function groupDigits(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, '$1 ')
}

function relativeFormat(): Intl.RelativeTimeFormat {
  return kept('relative', () => new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }))
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const isUtc = zone.value === 'utc'
  return kept(
    `date ${isUtc} ${Object.entries(options)}`,
    () => new Intl.DateTimeFormat(locale(), { ...options, ...(isUtc && { timeZone: 'UTC' }) }),
  )
}

function decimal(value: number, digits: number): string {
  const options = { maximumFractionDigits: digits, useGrouping: false }
  return kept(`decimal ${digits}`, () => new Intl.NumberFormat(locale(), options)).format(value)
}

const formats = new Map<string, unknown>()

/** Of each format one: making one costs as much as using it a hundred times. */
function kept<Format>(name: string, make: () => Format): Format {
  const key = `${locale()} ${name}`
  const known = (formats.get(key) as Format | undefined) ?? make()
  formats.set(key, known)
  return known
}

function locale(): string {
  return language.value === 'en' ? 'en-GB' : language.value
}
