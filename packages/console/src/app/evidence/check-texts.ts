// Checks of a receipt in words, by their names: in English the verifier's own, in other languages
// these.
import type { CheckName, CheckOutcome } from '../../verifier/verify-evidence.ts'
import { inLanguages } from '../texts/languages.ts'

type Texts = {
  readonly titles: Readonly<Partial<Record<CheckName, string>>>
  /** What is missing where a check has not been given what it needs. */
  readonly missing: Readonly<Partial<Record<CheckName, string>>>
}

/** What a check found stays as the verifier says it: values, and the words of standards. */
export function checkInWords({ name, title, state, detail }: CheckOutcome): { title: string; detail: string } {
  const { titles, missing } = checkTexts()
  return { title: titles[name] ?? title, detail: (state === 'not given' ? missing[name] : undefined) ?? detail }
}

const document = 'fehlt das signierte Dokument'
const authority = 'fehlt das Zertifikat der CA, der Sie vertrauen (ca.crt)'

const checkTexts = inLanguages<Texts>({
  en: { titles: {}, missing: {} },
  de: {
    titles: {
      files: 'Jede Datei wird verstanden',
      form: 'Die Quittung hat ihre Form',
      seal: 'Sie hat eine Signatur, und darin das Zertifikat eines Siegels',
      'seal-issuer': 'Eine CA, der Sie vertrauen, stellte dieses Zertifikat aus',
      'seal-dates': 'Das Zertifikat war gültig, als das Dokument angenommen wurde',
      'seal-revocation': 'Es war nicht widerrufen',
      'seal-use': 'Es ist ein Zertifikat für Siegel',
      'seal-owner': 'Es gehört dem Empfänger',
      'seal-value': 'Das Siegel entstand mit seinem Schlüssel',
      'seal-digest': 'Die Quittung ist, wie sie gesiegelt wurde',
      leaf: 'Der Eintrag des Logs ist eine Annahme zu dieser Zeit',
      opening: 'Der Eintrag legt die Angaben der Quittung fest',
      facts: 'Die Angaben sind die der Quittung',
      length: 'Sie nennen die Länge des Dokuments',
      checkpoint: 'Das Log des Empfängers signierte den Checkpoint',
      size: 'Er gehört zu dem Baum, den die Quittung nennt',
      inclusion: 'Der Eintrag ist in diesem Baum',
      document: 'Sie gilt genau diesen Bytes',
      names: 'Sie gilt diesem Absender, Empfänger und dieser ID',
      time: 'Die Zeit der Annahme ist möglich',
      signature: 'Das Dokument hat eine Signatur',
      reference: 'Das Dokument ist, wie es signiert wurde',
      signer: 'Das Zertifikat des Absenders ist da',
      value: 'Der Absender signierte das Dokument',
      'signer-issuer': 'Eine CA, der Sie vertrauen, stellte das Zertifikat des Absenders aus',
      'signer-dates': 'Es war gültig, als das Dokument angenommen wurde',
      'signer-revocation': 'Es war nicht widerrufen',
      'signer-use': 'Es ist für Signaturen',
      'signer-owner': 'Es gehört dem Absender',
    },
    missing: {
      form: 'fehlt die Quittung',
      seal: 'fehlt die Quittung',
      'seal-issuer': authority,
      checkpoint: 'fehlen die Schlüssel des Logs (log.pub)',
      signer: 'fehlt das Zertifikat des Absenders',
      'signer-issuer': authority,
      ...{ length: document, document, names: document, time: document, signature: document },
    },
  },
})
