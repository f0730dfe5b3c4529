// Texts of the pages of help.
import { inLanguages } from '../texts/languages.ts'

export const helpTexts = inLanguages({
  en: {
    title: 'Help',
    lead: 'Each refusal and failure has a code. What a partner is answered is its sentence, and nothing else.',
    codes: 'Fault codes',
    code: 'Code',
    means: 'What it means',
    remedy: 'What to do',
    filter: 'Code or words',
    here: 'Refused here with this code',
    connections: 'Connections that failed with it',
    deliveries: 'Deliveries that ended with it',
    all: 'All fault codes',
  },
  de: {
    title: 'Hilfe',
    lead:
      'Jede Ablehnung und jedes Scheitern hat einen Code. ' +
      'Ein Partner erhält seinen Satz auf Englisch und sonst nichts.',
    codes: 'Fehlercodes',
    code: 'Code',
    means: 'Was er bedeutet',
    remedy: 'Was zu tun ist',
    filter: 'Code oder Wörter',
    here: 'Hier damit abgelehnt',
    connections: 'Damit gescheiterte Verbindungen',
    deliveries: 'Damit beendete Zustellungen',
    all: 'Alle Fehlercodes',
  },
})
