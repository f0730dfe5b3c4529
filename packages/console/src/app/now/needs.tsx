// What needs somebody: five lines at most, the worst first, each with one way on.
import { ruleInWords } from '../alerts/rule-texts.ts'
import { titleOf } from '../approvals/approval-texts.ts'
import { usesInWords } from '../certificates/certificate-texts.ts'
import { gatewayState, type Need } from '../gateway-state.ts'
import { findingInWords } from '../health/health-texts.ts'
import { useNow } from '../parts/use-now.ts'
import { formatAgo, formatPast } from '../texts/formats.ts'
import { nowTexts } from './now-texts.ts'

const MOST = 5

type Described = { readonly what: string; readonly since?: string; readonly href: string }

export function describeNeed(need: Need): Described {
  const texts = nowTexts()
  switch (need.kind) {
    case 'health': {
      const { name, found } = findingInWords({ ...need, ok: false })
      return { what: `${texts.unhealthy(name)}: ${found}`, href: '/health' }
    }
    case 'alert': {
      const { labels, since, id } = need.alert
      const summary = ruleInWords(need.alert).summary
      const of = Object.values(labels).filter(label => typeof label === 'string' && label !== '')
      return { what: of.length === 0 ? summary : `${summary} (${of.join(', ')})`, since, href: `/alerts/${id}` }
    }
    case 'approval': {
      const { approval } = need
      return {
        what: texts.waitsForYou(titleOf(approval), approval.author.id),
        since: approval.at,
        href: `/approvals/${approval.id}`,
      }
    }
    case 'rollover': {
      const { partner, at } = need.rollover
      return { what: texts.announced(partner), since: at, href: '/partners/announced' }
    }
    case 'dead-letters':
      return { what: `${texts.letters(need.count)}.`, href: '/hand-off' }
    case 'certificate': {
      const { uses, daysLeft, fingerprint } = need.certificate
      return { what: `${texts.dueOne(usesInWords(uses), daysLeft)}.`, href: `/certificates/${fingerprint}` }
    }
  }
}

export function Needs() {
  const texts = nowTexts()
  const now = useNow(10_000)
  const { needs, at } = gatewayState.value
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 id="needs">{texts.needsYou}</h2>
      {needs?.length === 0 && <p>{texts.nothing}</p>}
      {needs !== undefined && needs.length > 0 && (
        <ol>
          {needs.slice(0, MOST).map(need => {
            const { what, since, href } = describeNeed(need)
            return (
              <li key={`${need.kind} ${href} ${what}`}>
                <span>{what}</span>
                <span class="how">
                  {since !== undefined && <span class="muted">{formatAgo(new Date(since), now)}</span>}
                  <a href={href} aria-label={`${texts.seeWhy}: ${what}`}>
                    {texts.seeWhy}
                  </a>
                </span>
              </li>
            )
          })}
        </ol>
      )}
      {at !== undefined && <p class="under">{texts.checked(formatPast(at, now))}</p>}
    </section>
  )
}
