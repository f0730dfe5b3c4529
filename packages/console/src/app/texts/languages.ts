// Which language the console speaks: the browser's, until somebody chooses. A text that one
// language lacks does not compile.
import { signal } from '../preact.ts'
import { readPreference, writePreference } from '../preferences.ts'

export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const spoken = navigator.language.slice(0, 2)
export const language = signal<Language>(readPreference('language', isLanguage) ?? (isLanguage(spoken) ? spoken : 'en'))

export function chooseLanguage(chosen: Language): void {
  writePreference('language', chosen)
  language.value = chosen
}

function isLanguage(text: string): text is Language {
  return Object.hasOwn(languages, text)
}

/**
 * Texts of one subject, in each language: functions where something is filled in. The result gives
 * those of the language in force, and a component that calls it follows a change.
 */
export function inLanguages<Texts>(
  texts: { readonly en: Texts } & { readonly [Other in Language]: NoInfer<Texts> },
): () => Texts {
  return () => texts[language.value]
}
