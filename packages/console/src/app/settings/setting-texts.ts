// Texts of the page of settings.
import { inLanguages } from '../texts/languages.ts'

export const settingTexts = inLanguages({
  en: {
    title: 'Settings',
    sections: 'Settings and people',
    lead:
      'As they are in force. They are changed in seg.yaml, ' +
      'by the environment or by flags, and count from the next start.',
    setting: 'Setting',
    value: 'Value',
    origin: 'From',
    flag: 'Flag',
    origins: {
      flag: 'flag',
      environment: 'environment',
      file: 'seg.yaml',
      default: 'default',
    } as Readonly<Record<string, string>>,
    onlyChanged: 'Only those that differ from the default',
  },
  de: {
    title: 'Einstellungen',
    sections: 'Einstellungen und Personen',
    lead:
      'Wie sie gelten. Geändert werden sie in seg.yaml, ' +
      'durch die Umgebung oder durch Optionen, und gelten ab dem nächsten Start.',
    setting: 'Einstellung',
    value: 'Wert',
    origin: 'Aus',
    flag: 'Option',
    origins: {
      flag: 'Option',
      environment: 'Umgebung',
      file: 'seg.yaml',
      default: 'Vorgabe',
    } as Readonly<Record<string, string>>,
    onlyChanged: 'Nur die von der Vorgabe abweichenden',
  },
})
