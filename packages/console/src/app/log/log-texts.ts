// Texts of the log.
import { counted, formatCount } from '../texts/formats.ts'
import { inLanguages } from '../texts/languages.ts'

type Kinds = Readonly<Record<string, string>>

export const logTexts = inLanguages({
  en: {
    title: 'Log',
    lead: 'Every acceptance, refusal and act of an operator, in an order that nobody can change unseen.',
    caption: 'Entries of the log',
    index: 'Index',
    time: 'Time',
    kind: 'Entry',
    about: 'About',
    empty: 'The log has no entries yet.',
    kinds: {
      accepted: 'accepted',
      refused: 'refused',
      omitted: 'refusals, counted',
      conflict: 'conflict',
      admin: 'act of an operator',
      start: 'start',
      stop: 'stop',
      erased: 'erased facts',
    } as Kinds,
    entry: (index: number) => `Entry ${formatCount(index)}`,
    facts: 'What it records',
    leaf: 'Leaf',
    leafHash: 'Hash of the leaf',
    nonce: 'Nonce',
    head: 'Signed checkpoint',
    size: 'Entries',
    root: 'Root',
    signer: 'Signed by',
    proof: 'Its path to the root',
    proofHow:
      'A filled node is computed from what is below it, an outlined one is given by the log. ' +
      'If one entry were changed, the root would be another.',
    recompute: 'Recompute in this browser',
    recomputing: 'Recomputing …',
    equal: 'Root equals that of the signed checkpoint. Recomputed here, without the server.',
    signature: 'The signature of the checkpoint is verified on the page Evidence, with a key that you trust.',
    different: 'The root that the entry leads to is not that of the checkpoint.',
    computed: 'computed',
    signed: 'signed',
    previous: 'Previous entry',
    next: 'Next entry',
    document: 'The document',
    treeName: (index: number, size: number) =>
      `Path from entry ${formatCount(index)} to the root of the tree of ${counted(size, '# entry', '# entries')}`,
    notCovered: 'No checkpoint covers this entry yet.',
    whatIsSigned: 'The whole note, as witnesses keep it',
  },
  de: {
    title: 'Log',
    lead: 'Jede Annahme, Ablehnung und Handlung des Betriebs, in einer Reihenfolge, die niemand unbemerkt ändert.',
    caption: 'Einträge des Logs',
    index: 'Index',
    time: 'Zeit',
    kind: 'Eintrag',
    about: 'Worüber',
    empty: 'Das Log hat noch keine Einträge.',
    kinds: {
      accepted: 'angenommen',
      refused: 'abgelehnt',
      omitted: 'Ablehnungen, gezählt',
      conflict: 'Konflikt',
      admin: 'Handlung des Betriebs',
      start: 'Start',
      stop: 'Stopp',
      erased: 'gelöschte Angaben',
    } as Kinds,
    entry: (index: number) => `Eintrag ${formatCount(index)}`,
    facts: 'Was er festhält',
    leaf: 'Blatt',
    leafHash: 'Hash des Blatts',
    nonce: 'Nonce',
    head: 'Signierter Checkpoint',
    size: 'Einträge',
    root: 'Wurzel',
    signer: 'Signiert von',
    proof: 'Sein Weg zur Wurzel',
    proofHow:
      'Ein gefüllter Knoten ist aus dem darunter berechnet, ein umrandeter vom Log gegeben. ' +
      'Wäre ein Eintrag geändert, wäre die Wurzel eine andere.',
    recompute: 'In diesem Browser nachrechnen',
    recomputing: 'Wird nachgerechnet …',
    equal: 'Die Wurzel ist die des signierten Checkpoints. Hier nachgerechnet, ohne den Server.',
    signature: 'Die Signatur des Checkpoints prüft die Seite Nachweise, mit einem Schlüssel, dem Sie vertrauen.',
    different: 'Die Wurzel, zu der der Eintrag führt, ist nicht die des Checkpoints.',
    computed: 'berechnet',
    signed: 'signiert',
    previous: 'Voriger Eintrag',
    next: 'Nächster Eintrag',
    document: 'Das Dokument',
    treeName: (index: number, size: number) =>
      `Weg von Eintrag ${formatCount(index)} zur Wurzel des Baums mit ${counted(size, '# Eintrag', '# Einträgen')}`,
    notCovered: 'Noch kein Checkpoint deckt diesen Eintrag ab.',
    whatIsSigned: 'Die ganze Notiz, wie Zeugen sie aufbewahren',
  },
})

/** The colour of an entry, beside its word. */
export function kindOfEvent(type: string): 'accepted' | 'refused' | 'act' | 'plain' {
  if (type === 'accepted') return 'accepted'
  if (type === 'refused' || type === 'omitted' || type === 'conflict') return 'refused'
  return type === 'admin' ? 'act' : 'plain'
}
