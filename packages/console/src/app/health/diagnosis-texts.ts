// A check of `receiver diagnose` in the language in force. What it found stands beside it as the
// gateway says it: paths, times, names.
import { faultInWords } from '../help/fault-in-words.ts'
import { inLanguages } from '../texts/languages.ts'

/** Of `receiver diagnose`: what it found, or what is wrong and the command that fixes it. */
export type DiagnosisCheck = {
  readonly id: string
  readonly status: 'ok' | 'warning' | 'failure' | 'not-checked'
  readonly code?: string
  readonly found?: string
  readonly cause?: string
  readonly command?: string
  readonly after?: string
}

type Words = Readonly<Record<string, string>>

/** Names of checks that are not those of files. */
export const diagnosisTexts = inLanguages({
  en: {
    names: {} as Words,
    ok: '',
    warning: '',
    after: (check: string) => `not checked: it needs ${check}`,
  },
  de: {
    names: {
      configuration: 'Konfiguration',
      'hand-off': 'Übergabe',
      'receiver.crt in use': 'receiver.crt in Gebrauch',
      'seal.crt in use': 'seal.crt in Gebrauch',
      'receiver.crt for senders': 'receiver.crt für Sender',
      'seal.crt for senders': 'seal.crt für Sender',
      partners: 'Partner',
      'document types': 'Dokumenttypen',
      'authorities and lists': 'Zertifizierungsstellen und Sperrlisten',
      port: 'Port',
      ledger: 'Ledger',
      data: 'Datenordner',
      'data in use': 'Datenordner in Gebrauch',
      'log of data': 'Log des Datenordners',
      disk: 'Datenträger',
      clock: 'Uhr',
    } as Words,
    ok: 'in Ordnung',
    warning: 'Warnung',
    after: (check: string) => `nicht geprüft: setzt „${check}“ voraus`,
  },
})

/** `said`: as the gateway says it. */
export function diagnosisInWords({ id, status, code, found, cause, after = '' }: DiagnosisCheck): {
  readonly name: string
  readonly words: string
  readonly said: string
} {
  const texts = diagnosisTexts()
  const nameOf = (check: string) => texts.names[check] ?? check
  const name = nameOf(id)
  switch (status) {
    case 'ok':
      return { name, words: texts.ok, said: found ?? '' }
    case 'warning':
      return { name, words: texts.warning, said: cause ?? '' }
    case 'failure':
      return { name, words: faultInWords(code ?? '', { sentence: '', remedy: '' }).sentence, said: cause ?? '' }
    default:
      return { name, words: texts.after(nameOf(after)), said: '' }
  }
}
