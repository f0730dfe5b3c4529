// Texts of the page that verifies receipts in the browser.
import { inLanguages } from '../texts/languages.ts'

export const evidenceTexts = inLanguages({
  en: {
    title: 'Evidence',
    lead:
      'Drop a receipt: it is verified in this browser, by code that shares nothing with the gateway. ' +
      'No file leaves this computer.',
    given: '1. The evidence',
    givenHint:
      'The receipt, the signed document and, where the document does not hold it, the certificate of its sender.',
    trusted: '2. What you trust',
    trustedHint:
      'The certificate of the CA (ca.crt), its revocation list (ca.crl) and the keys of the log (log.pub), ' +
      'from a source of your own: never from whoever gave you the evidence.',
    addDocument: 'Add the document from this gateway',
    remove: 'Remove all files',
    print: 'Print',
    nothing: 'Nothing to verify yet',
    verified: 'Verified: the receiver accepted exactly this document',
    notVerified: (why: string) => `Not verified: ${why}`,
    notGiven: (what: string) => `Not verified yet: it ${what}`,
    fails: (title: string) => `it fails that ${title}`,
    contradicted: (fields: string) => `Contradicted in the receipt: ${fields}`,
    notJudged: (what: string) => `Not judged: ${what}`,
    rests: 'It rests on these, which you chose; compare them with what their owners publish.',
    states: {
      passed: 'passed',
      failed: 'failed',
      'not given': 'not given',
      'not reached': 'not reached',
      'not judged': 'not judged',
    },
    receiver: 'Receiver',
    sender: 'Sender',
    document: 'Document',
    accepted: 'Accepted',
    entry: 'Entry of the log',
    checks: 'Checks',
    proof: 'Its path to the root',
    offline: 'The same as one file that works offline, in ten years too:',
  },
  de: {
    title: 'Nachweise',
    lead:
      'Legen Sie eine Quittung ab: sie wird in diesem Browser geprüft, von Code, ' +
      'der mit dem Gateway nichts gemein hat. Keine Datei verlässt diesen Rechner.',
    given: '1. Der Nachweis',
    givenHint:
      'Die Quittung, das signierte Dokument und, wenn das Dokument es nicht enthält, das Zertifikat seines Absenders.',
    trusted: '2. Worauf Sie vertrauen',
    trustedHint:
      'Das Zertifikat der CA (ca.crt), ihre Sperrliste (ca.crl) und die Schlüssel des Logs (log.pub), ' +
      'aus eigener Quelle: nie von dem, der den Nachweis gab.',
    addDocument: 'Das Dokument aus diesem Gateway hinzufügen',
    remove: 'Alle Dateien entfernen',
    print: 'Drucken',
    nothing: 'Noch nichts zu prüfen',
    verified: 'Geprüft: der Empfänger nahm genau dieses Dokument an',
    notVerified: (why: string) => `Nicht bestätigt: ${why}`,
    notGiven: (what: string) => `Noch nicht bestätigt: es ${what}`,
    fails: (title: string) => `nicht bestanden ist „${title}“`,
    contradicted: (fields: string) => `In der Quittung widerlegt: ${fields}`,
    notJudged: (what: string) => `Nicht beurteilt: ${what}`,
    rests: 'Es beruht auf diesen, die Sie wählten; vergleichen Sie sie mit dem, was ihre Inhaber veröffentlichen.',
    states: {
      passed: 'bestanden',
      failed: 'gescheitert',
      'not given': 'nicht gegeben',
      'not reached': 'nicht erreicht',
      'not judged': 'nicht beurteilt',
    },
    receiver: 'Empfänger',
    sender: 'Absender',
    document: 'Dokument',
    accepted: 'Angenommen',
    entry: 'Eintrag des Logs',
    checks: 'Prüfungen',
    proof: 'Sein Weg zur Wurzel',
    offline: 'Dasselbe als eine Datei, die offline arbeitet, auch in zehn Jahren:',
  },
})
