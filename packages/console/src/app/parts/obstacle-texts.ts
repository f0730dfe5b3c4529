// What stands against an act, by the code that the API gives for it.
import type { ApiSchemas } from '../api/api-types.ts'
import { inLanguages } from '../texts/languages.ts'
import { sharedTexts } from '../texts/shared-texts.ts'

type Act = Pick<ApiSchemas['Act'], 'why' | 'code' | 'values'>
type Values = Readonly<Record<string, string>>
type Sentences = Readonly<Record<string, (values: Values) => string>>

const roleOf = ({ role = '' }: Values) => sharedTexts().roles[role] ?? role

export const obstacleTexts = inLanguages({
  en: {
    sentences: {
      'role-denied': values => `your role (${roleOf(values)}) may not`,
      'role-lacks': values => `your role (${roleOf(values)}) may not`,
      'author-role-lacks': values =>
        `the role of the person who asked for it (${roleOf(values)}) does not allow it now`,
      'author-key-ended': ({ person, state }) => `the API key of ${person}, who asked for it, is ${state} by now`,
      'own-act': () => 'you asked for it, or made the API key that did; another person approves it',
      'not-a-person': () => 'a person who has logged in approves it, not an API key',
      'in-state': ({ state }) => `it is ${state}`,
      'on-its-way': () => 'it is on its way at this moment',
      'letter-retrying': () => 'it is to be tried again already',
      'letter-taken': () => 'it was taken when it was tried again',
      'letter-discarded': () => 'it was discarded',
      'no-target': ({ target }) => `this gateway hands nothing on to ${target}`,
      'no-backup-folder': () => 'there is no folder for backups: --backups of receiver start names it',
      'no-certificate': ({ use }) => `there is no ${use}.crt`,
      'no-request': () => 'no request waits',
      'request-waits': () => 'a request waits already; withdraw it first',
      'no-ca-key': () => 'the key of the CA is not on this machine',
    } as Sentences,
    /** Of what is acted on, after `it is`; English has the API's own. */
    states: {} as Values,
  },
  de: {
    sentences: {
      'role-denied': values => `Ihre Rolle (${roleOf(values)}) darf das nicht`,
      'role-lacks': values => `Ihre Rolle (${roleOf(values)}) darf das nicht`,
      'author-role-lacks': values =>
        `die Rolle der Person, die es beantragt hat (${roleOf(values)}), erlaubt es nicht mehr`,
      'author-key-ended': ({ person, state }) =>
        `der API-Schlüssel von ${person}, der es beantragt hat, ist inzwischen ${state}`,
      'own-act': () => 'Sie oder ein API-Schlüssel von Ihnen haben es beantragt; eine andere Person genehmigt es',
      'not-a-person': () => 'eine angemeldete Person genehmigt es, kein API-Schlüssel',
      'in-state': ({ state }) => `es ist ${state}`,
      'on-its-way': () => 'es ist gerade unterwegs',
      'letter-retrying': () => 'es wird schon erneut versucht',
      'letter-taken': () => 'es wurde beim erneuten Versuch übernommen',
      'letter-discarded': () => 'es wurde verworfen',
      'no-target': ({ target }) => `dieses Gateway übergibt nichts an ${target}`,
      'no-backup-folder': () => 'es gibt keinen Ordner für Sicherungen: nennen Sie ihn receiver start mit --backups',
      'no-certificate': ({ use }) => `es gibt kein ${use}.crt`,
      'no-request': () => 'es liegt kein Antrag vor',
      'request-waits': () => 'es liegt schon ein Antrag vor; ziehen Sie ihn zuerst zurück',
      'no-ca-key': () => 'der Schlüssel der CA ist nicht auf diesem Rechner',
    } as Sentences,
    states: {
      active: 'aktiv',
      approved: 'genehmigt',
      cancelled: 'abgebrochen',
      delivered: 'zugestellt',
      done: 'erledigt',
      expired: 'abgelaufen',
      failed: 'gescheitert',
      interrupted: 'unterbrochen',
      lapsed: 'verfallen',
      open: 'offen',
      refused: 'abgelehnt',
      removed: 'entfernt',
      revoked: 'widerrufen',
      suspended: 'gesperrt',
      taken: 'angenommen',
    } as Values,
  },
})

/** In the language in force; what it has no words for is in those of the gateway. */
export function obstacleInWords({ why, code, values }: Act): string {
  const { sentences, states } = obstacleTexts()
  const known = Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]))
  const { state } = known
  const sentence = sentences[code ?? '']
  return sentence?.({ ...known, ...(state !== undefined && { state: states[state] ?? state }) }) ?? why ?? ''
}
