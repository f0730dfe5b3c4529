// Texts of the pages of certificates.
import { formatCount, formatDays } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

export const certificateTexts = inLanguages({
  en: {
    title: 'Certificates',
    lead: 'In use here, the next to end first. Renew each in the last third of its lifetime, which is drawn in amber.',
    timeline: 'The next twelve months',
    today: 'today',
    use: 'For',
    subject: 'Subject',
    issuer: 'Issuer',
    serial: 'Serial number',
    fingerprint: 'SHA-256',
    from: 'Valid from',
    due: 'Renew from',
    to: 'Ends',
    left: 'Days left',
    state: 'State',
    states: {
      valid: 'valid',
      due: 'renew now',
      expired: 'expired',
      'not-yet-valid': 'not valid yet',
    } as Readonly<Record<string, string>>,
    bar: (uses: string, due: string, end: string) => `${uses}: renew from ${due}, ends ${end}`,
    pem: 'In PEM',
    howToRenew: 'A running receiver uses a new certificate within seconds of it being in place.',
    days: (days: number) => formatCount(Math.max(0, days)),
    all: 'All certificates',
    empty: 'No certificate is in use.',
    uses: {} as Readonly<Record<string, string>>,
    authority: (name: string) => `authority ${name}`,
    ago: (days: number) => `ended ${formatDays(-days)}`,
  },
  de: {
    title: 'Zertifikate',
    lead:
      'Hier in Gebrauch, das nächste Ende zuerst. ' +
      'Erneuern Sie jedes im letzten Drittel seiner Laufzeit, das bernsteinfarben gezeichnet ist.',
    timeline: 'Die nächsten zwölf Monate',
    today: 'heute',
    use: 'Für',
    subject: 'Inhaber',
    issuer: 'Aussteller',
    serial: 'Seriennummer',
    fingerprint: 'SHA-256',
    from: 'Gültig ab',
    due: 'Erneuern ab',
    to: 'Endet',
    left: 'Tage übrig',
    state: 'Zustand',
    states: {
      valid: 'gültig',
      due: 'jetzt erneuern',
      expired: 'abgelaufen',
      'not-yet-valid': 'noch nicht gültig',
    } as Readonly<Record<string, string>>,
    bar: (uses: string, due: string, end: string) => `${uses}: erneuern ab ${due}, endet ${end}`,
    pem: 'Als PEM',
    howToRenew: 'Ein laufender Empfänger nutzt ein neues Zertifikat binnen Sekunden, sobald es an seinem Platz ist.',
    days: (days: number) => formatCount(Math.max(0, days)),
    all: 'Alle Zertifikate',
    empty: 'Kein Zertifikat ist in Gebrauch.',
    uses: { receiver: 'Empfänger', seal: 'Siegel', console: 'Konsole', 'own CA': 'eigene CA' },
    authority: (name: string) => `Aussteller ${name}`,
    ago: (days: number) => `abgelaufen ${formatDays(-days)}`,
  },
})

/** What the API says a certificate is for. */
export function usesInWords(uses: readonly string[]): string {
  const texts = certificateTexts()
  return uses
    .map(use => texts.uses[use] ?? (use.startsWith(AUTHORITY) ? texts.authority(use.slice(AUTHORITY.length)) : use))
    .join(', ')
}

const AUTHORITY = 'authority '
