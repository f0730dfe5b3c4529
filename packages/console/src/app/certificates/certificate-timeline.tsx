// The next twelve months, a line for each certificate: how long it counts, and when its renewal is
// due.
import type { AnswerOf } from '../api/client.ts'
import { formatDate } from '../texts/formats.ts'
import { certificateTexts, usesInWords } from './certificate-texts.ts'
import { renewalStart } from './renewal-window.ts'

export type CertificateRow = AnswerOf<'GET /api/v1/certificates'>['data'][number]

/** Of the drawing, which is stretched: nothing in it has a shape that would suffer. */
const WIDTH = 1000
const HEIGHT = 20
const MONTHS = 12

type TimelineProps = { readonly certificates: readonly CertificateRow[]; readonly now: Date }

export function CertificateTimeline({ certificates, now }: TimelineProps) {
  const texts = certificateTexts()
  const months = Array.from({ length: MONTHS + 1 }, (_none, month) => monthsLater(now, month))
  const [start, end] = [now.getTime(), months[MONTHS]!.getTime()]
  const place = (time: number) => (Math.min(Math.max(time, start), end) - start) * (WIDTH / (end - start))
  return (
    <section class="timeline" aria-labelledby="timeline">
      <h2 id="timeline">{texts.timeline}</h2>
      <ul>
        {certificates.map(certificate => {
          const { fingerprint, uses, validFrom, validTo } = certificate
          const due = renewalStart(certificate)
          const [from, renew, to] = [Date.parse(validFrom), due.getTime(), Date.parse(validTo)].map(place) as [
            number,
            number,
            number,
          ]
          return (
            <li key={fingerprint}>
              <a href={`/certificates/${fingerprint}`}>{usesInWords(uses)}</a>
              <svg
                viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
                preserveAspectRatio="none"
                role="img"
                aria-label={texts.bar(usesInWords(uses), formatDate(due), formatDate(new Date(validTo)))}
              >
                {months.map(month => (
                  <path key={month.getTime()} class="month" d={`M${place(month.getTime())} 0V${HEIGHT}`} />
                ))}
                <rect class="counts" x={from} y={6} width={renew - from} height={8} />
                <rect class="due" x={renew} y={6} width={to - renew} height={8} />
                {Date.parse(validTo) < end && <rect class="end" x={Math.max(0, to - 3)} y={1} width={3} height={18} />}
              </svg>
            </li>
          )
        })}
      </ul>
      <p class="axis">
        <span>{texts.today}</span>
        {[3, 6, 9, 12].map(month => (
          <span key={month}>{formatDate(months[month]!)}</span>
        ))}
      </p>
    </section>
  )
}

function monthsLater(time: Date, months: number): Date {
  const later = new Date(time)
  later.setUTCMonth(later.getUTCMonth() + months)
  return later
}
