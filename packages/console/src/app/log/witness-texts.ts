// Texts of the page of witnesses.
import { inLanguages } from '../texts/languages.ts'

export const witnessTexts = inLanguages({
  en: {
    title: 'Witnesses',
    sections: 'The log and who reads it',
    lead:
      'A partner that reads the log keeps its latest checkpoint, and checks that each later one continues it. ' +
      'If this gateway changed its history, each of them would hold proof of it.',
    empty:
      'Partners that read the log will be here, with the time. A sender does it by itself with each receipt; ' +
      '`receiver log mirror` keeps a verified copy.',
    partner: 'Partner',
    covers: 'Has a checkpoint of',
    coversOf: (covered: string, all: string) => `${covered} of ${all} entries`,
    read: 'Last read the log',
    ago: 'That is',
    seenBy: (names: string) => `read by ${names}`,
    seenByNone: 'read by no partner yet',
    one: (partner: string, ago: string) => `${partner} ${ago}`,
  },
  de: {
    title: 'Zeugen',
    sections: 'Das Log und wer es liest',
    lead:
      'Ein Partner, der das Log liest, behält dessen neuesten Checkpoint ' +
      'und prüft, dass jeder spätere ihn fortsetzt. ' +
      'Änderte dieses Gateway seine Geschichte, hätte jeder von ihnen den Nachweis.',
    empty:
      'Hier stehen Partner, die das Log lesen, mit der Zeit. Ein Sender tut es von selbst mit jeder Quittung; ' +
      '`receiver log mirror` hält eine geprüfte Kopie.',
    partner: 'Partner',
    covers: 'Hat einen Checkpoint über',
    coversOf: (covered: string, all: string) => `${covered} von ${all} Einträgen`,
    read: 'Las das Log zuletzt',
    ago: 'Das ist',
    seenBy: (names: string) => `gelesen von ${names}`,
    seenByNone: 'noch von keinem Partner gelesen',
    one: (partner: string, ago: string) => `${partner} ${ago}`,
  },
})
