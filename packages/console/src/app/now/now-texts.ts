// Texts of the front page.
import { formatCount, formatSpan } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

const count = formatCount

export const nowTexts = inLanguages({
  en: {
    title: 'Now',
    well: 'All is well.',
    looking: 'Looking …',
    sinceMidnight: (accepted: number) =>
      accepted === 0
        ? 'No document since midnight yet.'
        : accepted === 1
          ? 'One document since midnight, receipted.'
          : `${count(accepted)} documents since midnight, every one receipted.`,
    needs: (things: number) =>
      things === 1
        ? 'One thing needs you.'
        : `${['No', 'One', 'Two', 'Three', 'Four', 'Five'][things] ?? count(things)} things need you.`,
    up: (milliseconds: number) => `up ${formatSpan(milliseconds)}`,
    hybrid: (percent: string) => `TLS 1.3, X25519MLKEM768 on ${percent} of documents`,
    head: (size: number) => `log head ${count(size)}`,
    numbers: 'Numbers',
    accepted: 'accepted since midnight',
    refused: 'refused since midnight',
    toSend: 'waiting to send',
    toHandOn: 'partners to hand on',
    due: 'certificates due',
    noFailures: 'No failures',
    share: (refused: number, percent: string) => `${count(refused)} refused – ${percent}`,
    noOutbox: 'No outbox is followed',
    nothingWaits: 'Nothing waits',
    waits: (things: number) => `${count(things)} wait`,
    oldest: (ago: string) => `The oldest was queued ${ago}`,
    letters: (letters: number) => (letters === 1 ? 'One dead letter' : `${count(letters)} dead letters`),
    nextDue: (uses: string, days: number) => (days < 0 ? `${uses} has ended` : `Next: ${uses}, in ${count(days)} days`),
    river: 'Documents over time',
    riverHint: 'Arrow keys go from document to document, Enter opens one; drag selects a span.',
    ranges: { '5m': '5 min', '1h': '1 hour', '24h': '24 hours', '7d': '7 days' },
    range: 'Range',
    inbound: 'in',
    outbound: 'out',
    nothingHere: 'No document in this time. The next one appears here as it arrives; send one:',
    asTable: 'As a table',
    asDrawing: 'As a drawing',
    pause: 'Pause',
    goOn: 'Go on',
    minute: 'From',
    events: 'Documents',
    oneBar: (at: string, accepted: number, refused: number) =>
      `${at}: ${count(accepted)} accepted, ${count(refused)} refused`,
    started: 'start',
    ticks: (shown: number, refused: number) => `${count(shown)} documents, ${count(refused)} of them refused`,
    needsYou: 'Needs you',
    nothing: 'Nothing needs you.',
    waitsForYou: (act: string, author: string) => `${act}: ${author} asks for your approval`,
    checked: (time: string) => `Health, alerts, approvals, dead letters and certificates were looked at ${time}.`,
    seeWhy: 'See why',
    unhealthy: (check: string) => `${check} is not in order`,
    dueOne: (uses: string, days: number) =>
      days < 0 ? `Certificate ${uses} has ended` : `Certificate ${uses} ends in ${count(days)} days`,
    log: 'The log',
    logHint: 'Arrow keys go from entry to entry, Enter opens one.',
    entries: (size: number) => `${count(size)} entries`,
    root: 'Root',
    signedBy: (name: string) => `signed by ${name}`,
    entry: (index: number, kind: string) => `Entry ${count(index)}: ${kind}`,
    latest: 'Latest',
    latestCaption: 'The latest documents, accepted or refused',
    time: 'Time',
    partner: 'Partner',
    document: 'Document',
    outcome: 'Outcome',
    size: 'Size',
    duration: 'Time taken',
    fresh: (rows: number) => `${count(rows)} new – show`,
    all: 'All documents',
    unnamed: 'not known',
  },
  de: {
    title: 'Jetzt',
    well: 'Alles in Ordnung.',
    looking: 'Wird geprüft …',
    sinceMidnight: (accepted: number) =>
      accepted === 0
        ? 'Seit Mitternacht noch kein Dokument.'
        : accepted === 1
          ? 'Ein Dokument seit Mitternacht, quittiert.'
          : `${count(accepted)} Dokumente seit Mitternacht, jedes quittiert.`,
    needs: (things: number) =>
      things === 1
        ? 'Eines braucht Sie.'
        : `${['Kein', 'Ein', 'Zwei', 'Drei', 'Vier', 'Fünf'][things] ?? count(things)} Dinge brauchen Sie.`,
    up: (milliseconds: number) => `läuft seit ${formatSpan(milliseconds)}`,
    hybrid: (percent: string) => `TLS 1.3, X25519MLKEM768 bei ${percent} der Dokumente`,
    head: (size: number) => `Log-Kopf ${count(size)}`,
    numbers: 'Zahlen',
    accepted: 'angenommen seit Mitternacht',
    refused: 'abgelehnt seit Mitternacht',
    toSend: 'warten auf Versand',
    toHandOn: 'Partner zu übergeben',
    due: 'Zertifikate fällig',
    noFailures: 'Keine Fehler',
    share: (refused: number, percent: string) => `${count(refused)} abgelehnt – ${percent}`,
    noOutbox: 'Kein Ausgang wird verfolgt',
    nothingWaits: 'Nichts wartet',
    waits: (things: number) => `${count(things)} warten`,
    oldest: (ago: string) => `Das älteste kam ${ago}`,
    letters: (letters: number) => (letters === 1 ? 'Ein unzustellbares' : `${count(letters)} unzustellbare`),
    nextDue: (uses: string, days: number) =>
      days < 0 ? `${uses} ist abgelaufen` : `Als Nächstes: ${uses}, in ${count(days)} Tagen`,
    river: 'Dokumente im Lauf der Zeit',
    riverHint: 'Pfeiltasten gehen von Dokument zu Dokument, Enter öffnet eines; Ziehen wählt eine Zeitspanne.',
    ranges: { '5m': '5 Min.', '1h': '1 Stunde', '24h': '24 Stunden', '7d': '7 Tage' },
    range: 'Zeitraum',
    inbound: 'ein',
    outbound: 'aus',
    nothingHere: 'Kein Dokument in dieser Zeit. Das nächste erscheint hier, sobald es ankommt; senden Sie eines:',
    asTable: 'Als Tabelle',
    asDrawing: 'Als Zeichnung',
    pause: 'Anhalten',
    goOn: 'Weiter',
    minute: 'Ab',
    events: 'Dokumente',
    oneBar: (at: string, accepted: number, refused: number) =>
      `${at}: ${count(accepted)} angenommen, ${count(refused)} abgelehnt`,
    started: 'Start',
    ticks: (shown: number, refused: number) => `${count(shown)} Dokumente, davon ${count(refused)} abgelehnt`,
    needsYou: 'Braucht Sie',
    nothing: 'Nichts braucht Sie.',
    waitsForYou: (act: string, author: string) => `${act}: ${author} bittet um Ihre Genehmigung`,
    checked: (time: string) =>
      `Zustand, Alarme, Genehmigungen, unzustellbare Dokumente und Zertifikate wurden ${time} geprüft.`,
    seeWhy: 'Warum',
    unhealthy: (check: string) => `${check} ist nicht in Ordnung`,
    dueOne: (uses: string, days: number) =>
      days < 0 ? `Zertifikat ${uses} ist abgelaufen` : `Zertifikat ${uses} endet in ${count(days)} Tagen`,
    log: 'Das Log',
    logHint: 'Pfeiltasten gehen von Eintrag zu Eintrag, Enter öffnet einen.',
    entries: (size: number) => `${count(size)} Einträge`,
    root: 'Wurzel',
    signedBy: (name: string) => `signiert von ${name}`,
    entry: (index: number, kind: string) => `Eintrag ${count(index)}: ${kind}`,
    latest: 'Neueste',
    latestCaption: 'Die neuesten Dokumente, angenommen oder abgelehnt',
    time: 'Zeit',
    partner: 'Partner',
    document: 'Dokument',
    outcome: 'Ergebnis',
    size: 'Größe',
    duration: 'Dauer',
    fresh: (rows: number) => `${count(rows)} neue – zeigen`,
    all: 'Alle Dokumente',
    unnamed: 'nicht bekannt',
  },
})
