// Texts of acts and of their dialog.
import { inLanguages } from '../texts/languages.ts'
import { sharedTexts } from '../texts/shared-texts.ts'

const roleName = (role: string) => sharedTexts().roles[role] ?? role

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
    acts: 'Aktionen',
  },
})
