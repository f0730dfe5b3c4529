// Partners that are silent at an hour at which they are not: as they did on the same day of each of
// the last four weeks, so that nights, weekends and small partners need no setting.
import type { DatabaseSync } from 'node:sqlite'
import type { Sample } from './catalogue.ts'

const MINUTE = 60_000
const WEEK = 7 * 24 * 60
/** Minutes of a window, and weeks before in which it must have had documents. */
const WINDOW = 120
const WEEKS = 4

/** One for each partner that is expected to send in these two hours: 1 when it has not. */
export function measureHabits(desk: DatabaseSync, now: number): Sample[] {
  const minute = Math.floor(now / MINUTE)
  const [present, ...before] = Array.from({ length: WEEKS + 1 }, (_, week) => sendersIn(desk, minute - week * WEEK))
  const [first, ...others] = before
  const usual = [...first!].filter(partner => others.every(senders => senders.has(partner)))
  return usual.map(partner => ({
    name: 'seg_partner_silent',
    labels: { partner },
    value: Number(!present!.has(partner)),
  }))
}

/** Whose documents were accepted in the window before this minute, by whole minutes. */
function sendersIn(desk: DatabaseSync, end: number): ReadonlySet<string> {
  const sql = `SELECT DISTINCT sender.text AS partner FROM minutes JOIN terms AS sender ON sender.id = partner
    WHERE minute >= ? AND minute < ? AND kind = (SELECT id FROM terms WHERE text = 'document')
    AND outcome = (SELECT id FROM terms WHERE text = 'accepted')`
  return new Set(
    desk
      .prepare(sql)
      .all(end - WINDOW, end)
      .map(({ partner }) => String(partner)),
  )
}
