// Texts of the front page.
import { inLanguages } from '../texts/languages.ts'

export const nowTexts = inLanguages({
  en: { title: 'Now' },
  de: { title: 'Jetzt' },
})
