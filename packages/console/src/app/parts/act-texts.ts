// Texts of acts: their dialog, and why one is not possible.
import { inLanguages } from '../texts/languages.ts'
import { sharedTexts } from '../texts/shared-texts.ts'

const roleName = (role: string) => sharedTexts().roles[role] ?? role
/** As the API says it. */
const ROLE = /^(?:the role |expected a role with [a-z.]+, found )([a-z-]+)(?: may not)?$/
const OTHER = /^expected another person than .*, who asked for it$/

export const actTexts = inLanguages({
  en: {
    reason: 'Reason',
    reasonHint: 'It stands in the audit trail, with your name.',
    leave: 'Do nothing',
    underWay: 'Under way',
    refused: 'Nothing was done.',
    waits: 'It waits: another person must approve it within 24 hours.',
    toApproval: 'Show what waits',
    notKnown: 'It is not known whether it was done. Send it again: it is done once.',
    roleMayNot: (role: string) => `your role (${roleName(role)}) may not`,
    obstacle: (why: string) =>
      why
        .replace(ROLE, (_all, role: string) => `your role (${roleName(role)}) may not`)
        .replace(OTHER, 'you asked for it, or made the API key that did; another person approves it'),
    acts: 'Acts',
  },
  de: {
    reason: 'Grund',
    reasonHint: 'Er steht im Prüfprotokoll, mit Ihrem Namen.',
    leave: 'Nichts tun',
    underWay: 'Wird ausgeführt',
    refused: 'Es ist nichts geschehen.',
    waits: 'Es wartet: Eine andere Person muss es binnen 24 Stunden genehmigen.',
    toApproval: 'Zeigen, was wartet',
    notKnown: 'Ob es geschehen ist, ist nicht bekannt. Senden Sie erneut: Es geschieht nur einmal.',
    roleMayNot: (role: string) => `Ihre Rolle (${roleName(role)}) darf das nicht`,
    obstacle: (why: string) =>
      germanObstacles[why] ??
      why
        .replace(ROLE, (_all, role: string) => `Ihre Rolle (${roleName(role)}) darf das nicht`)
        .replace(OTHER, 'Sie oder ein API-Schlüssel von Ihnen haben es beantragt; eine andere Person genehmigt es'),
    acts: 'Aktionen',
  },
})

const germanObstacles: Readonly<Record<string, string>> = {
  'it is on its way at this moment': 'es ist gerade unterwegs',
  'it is approved': 'es ist genehmigt',
  'it is lapsed': 'es ist verfallen',
  'it is delivered': 'es ist zugestellt',
  'it is refused': 'es ist abgelehnt',
  'it is expired': 'es ist abgelaufen',
  'it is cancelled': 'es ist abgebrochen',
  'it is to be tried again already': 'es wird schon erneut versucht',
  'it was taken when it was tried again': 'es wurde beim erneuten Versuch übernommen',
  'it was discarded': 'es wurde verworfen',
}
