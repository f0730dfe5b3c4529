// Texts of the page of connections.
import { inLanguages } from '../texts/languages.ts'

export const connectionTexts = inLanguages({
  en: {
    title: 'Connections',
    lead: 'Connections that failed before a partner was recognized, the latest first.',
    caption: 'Connections that failed',
    time: 'Time',
    address: 'Address',
    reason: 'Reason',
    detail: 'What was found',
    certificate: 'Certificate',
    count: 'Times',
    code: 'Fault code',
    from: 'From',
    empty: 'No connection has failed.',
    emptyMore: 'One without a certificate of a partner will be here, with the reason. Try it:',
  },
  de: {
    title: 'Verbindungen',
    lead: 'Verbindungen, die scheiterten, bevor ein Partner erkannt war, die neuesten zuerst.',
    caption: 'Gescheiterte Verbindungen',
    time: 'Zeit',
    address: 'Adresse',
    reason: 'Grund',
    detail: 'Gefunden',
    certificate: 'Zertifikat',
    count: 'Anzahl',
    code: 'Fehlercode',
    from: 'Von',
    empty: 'Keine Verbindung ist gescheitert.',
    emptyMore: 'Eine ohne Zertifikat eines Partners steht hier, mit dem Grund. Probieren Sie es:',
  },
})
