// A check of a certificate in the language in force: what it found, and what to do.
import { faultInWords } from '../help/fault-in-words.ts'
import { formatTime } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

type Values = Readonly<Record<string, string>>

export type ShownCheck = {
  readonly name: string
  readonly isPassed: boolean
  readonly detail: string
  readonly values: Readonly<Record<string, unknown>>
  readonly code: string | null
  readonly remedy?: string | null
}

const timeOf = (text: string | undefined) => formatTime(new Date(text ?? Number.NaN))

type Passed = Readonly<Record<string, (values: Values) => string>>

const leadsTo = ({ authorities, until }: Values) => `es führt zu ${authorities}, gültig bis ${timeOf(until)}`

/** `passed`: by the name of a check; English has the gateway's own words. */
export const checkTexts = inLanguages({
  en: { remedy: 'What to do:', passed: {} as Passed },
  de: {
    remedy: 'Was zu tun ist:',
    passed: {
      dates: ({ from, to }) => `von ${timeOf(from)} bis ${timeOf(to)}`,
      key: ({ key }) => key ?? 'der erwartete Schlüssel',
      name: ({ name }) => `es nennt ${name}`,
      form: ({ until }) =>
        until === undefined
          ? 'ein Zertifikat, mit dem sich ein Partner verbinden darf'
          : `Zweck und Aussteller stimmen, gültig bis ${timeOf(until)}`,
      chain: ({ count }) =>
        count === '0'
          ? 'es kam allein'
          : count === '1'
            ? 'es kam mit einer seiner CAs'
            : `es kam mit ${count} seiner CAs`,
      authority: leadsTo,
      signing: leadsTo,
      partner: ({ partner }) => `es wird als ${partner} erkannt`,
      file: () => 'PKCS #12, mit einem Schlüssel und seinem Zertifikat',
      certificate: ({ form, subject, serial }) => `${form}, ${subject}, Seriennummer ${serial}`,
      hosts: ({ hosts }) => `${hosts}`,
    } as Passed,
  },
})

type CheckWords = {
  readonly found: string
  readonly remedyTitle: string
  readonly remedy: string | undefined
  /** All as the gateway says it, which can be more exact; undefined where `found` is that. */
  readonly detail: string | undefined
}

export function certificateCheckInWords({ name, isPassed, detail, values, code, remedy }: ShownCheck): CheckWords {
  const { remedy: remedyTitle, passed: sentences } = checkTexts()
  if (isPassed) {
    const passed = sentences[name]
    const texts = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]))
    return { found: passed?.(texts) ?? detail, remedyTitle, remedy: undefined, detail: undefined }
  }
  const words = faultInWords(code ?? '', { sentence: detail, remedy: remedy ?? '' })
  const isOwn = words.sentence === detail
  return {
    found: words.sentence,
    remedyTitle,
    remedy: words.remedy === '' ? undefined : words.remedy,
    detail: isOwn ? undefined : [detail, remedy].filter(Boolean).join('; '),
  }
}
