// Texts of the search.
import { counted } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

type Names = Readonly<Record<string, string>>

export const searchTexts = inLanguages({
  en: {
    title: 'Search',
    found: (question: string, facts: number) => `${counted(facts, 'One fact', '# facts')} about ${question}`,
    never: (question: string) => `Never seen: ${question}`,
    neverHow:
      'It was looked for as document id, partner, digest, certificate, ' +
      'index of the log and request, among all facts that are kept.',
    as: {
      sha256: 'As the digest of a document',
      certificate: 'As a certificate',
      request: 'As a request',
      index: 'As an entry of the log',
      document: 'As a document id',
      partner: 'As a partner',
    } as Names,
    ask: 'Type what you have into the box above, or choose a file.',
    file: 'A file',
    fileHow: 'Its SHA-256 is computed in this browser; the file stays here.',
    caption: 'What was found',
    partner: (id: string) => `The partner ${id}, and what it sent`,
  },
  de: {
    title: 'Suche',
    found: (question: string, facts: number) => `${counted(facts, 'Eine Angabe', '# Angaben')} zu ${question}`,
    never: (question: string) => `Nie gesehen: ${question}`,
    neverHow:
      'Gesucht wurde nach Dokument-ID, Partner, Digest, Zertifikat, ' +
      'Index des Logs und Anfrage, unter allem, was aufbewahrt ist.',
    as: {
      sha256: 'Als Digest eines Dokuments',
      certificate: 'Als Zertifikat',
      request: 'Als Anfrage',
      index: 'Als Eintrag des Logs',
      document: 'Als Dokument-ID',
      partner: 'Als Partner',
    } as Names,
    ask: 'Geben Sie oben ein, was Sie haben, oder wählen Sie eine Datei.',
    file: 'Eine Datei',
    fileHow: 'Ihr SHA-256 wird in diesem Browser berechnet; die Datei bleibt hier.',
    caption: 'Gefunden',
    partner: (id: string) => `Der Partner ${id}, und was er sandte`,
  },
})
