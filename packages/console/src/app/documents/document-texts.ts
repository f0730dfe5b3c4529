// Texts of documents: lists, one document, one refusal.
import { formatCount } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

export const documentTexts = inLanguages({
  en: {
    title: 'Documents',
    accepted: 'Accepted',
    refused: 'Refused',
    which: 'Which documents',
    time: 'Time',
    partner: 'Partner',
    document: 'Document',
    outcome: 'Outcome',
    size: 'Size',
    duration: 'Took',
    unknown: 'not known',
    unread: 'not read – see why',
    code: 'Fault code',
    any: 'any',
    from: 'From (UTC)',
    to: 'To (UTC)',
    id: 'Document id',
    captionAccepted: 'Documents that were accepted, and replays',
    captionRefused: 'Documents and requests that were refused',
    emptyAccepted: 'No document has been accepted yet. Each will be here with its checks and its receipt. Send one:',
    emptyRefused: 'Nothing has been refused. What is will be here with the check that failed, and what to do.',
    histogram: (from: string, to: string) => `Documents from ${from} to ${to}`,
    histogramHint: 'Drag for a shorter span; the fields From and To do the same.',
    bar: (at: string, accepted: number, refused: number) =>
      `${at}: ${formatCount(accepted)} accepted, ${formatCount(refused)} refused`,
  },
  de: {
    title: 'Dokumente',
    accepted: 'Angenommen',
    refused: 'Abgelehnt',
    which: 'Welche Dokumente',
    time: 'Zeit',
    partner: 'Partner',
    document: 'Dokument',
    outcome: 'Ergebnis',
    size: 'Größe',
    duration: 'Dauer',
    unknown: 'nicht bekannt',
    unread: 'nicht gelesen – warum',
    code: 'Fehlercode',
    any: 'alle',
    from: 'Von (UTC)',
    to: 'Bis (UTC)',
    id: 'Dokument-ID',
    captionAccepted: 'Angenommene Dokumente und Wiederholungen',
    captionRefused: 'Abgelehnte Dokumente und Anfragen',
    emptyAccepted:
      'Noch kein Dokument wurde angenommen. ' +
      'Jedes steht hier mit seinen Prüfungen und seiner Quittung. Senden Sie eines:',
    emptyRefused:
      'Nichts wurde abgelehnt. Abgelehntes steht hier mit der gescheiterten Prüfung und dem, was zu tun ist.',
    histogram: (from: string, to: string) => `Dokumente von ${from} bis ${to}`,
    histogramHint: 'Ziehen wählt eine kürzere Spanne; die Felder Von und Bis tun dasselbe.',
    bar: (at: string, accepted: number, refused: number) =>
      `${at}: ${formatCount(accepted)} angenommen, ${formatCount(refused)} abgelehnt`,
  },
})
