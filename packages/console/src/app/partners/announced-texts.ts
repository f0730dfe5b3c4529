// Texts of the page of announced certificates.
import { inLanguages } from '../texts/languages.ts'

export const announcedTexts = inLanguages({
  en: {
    title: 'Announced certificates',
    sections: 'Partners and what they announce',
    lead:
      'A partner announces its next certificate in a document that the present one signed. It counts at once, ' +
      'or waits here where its record says “rollover: approval”. ' +
      'Compare the SHA-256 with the partner before you accept it.',
    empty: 'Certificates that partners announce will be here. A partner does it with `sender rollover announce`.',
    partner: 'Partner',
    certificate: 'Next certificate',
    uses: 'For',
    from: 'Counts from',
    until: 'The former until',
    state: 'State',
    states: { waiting: 'waits', taken: 'accepted', refused: 'refused' } as Readonly<Record<string, string>>,
    acts: 'Acts',
    accept: 'Accept',
    acceptTitle: (partner: string) => `Accept the next certificate of ${partner}`,
    acceptLead: 'It goes into the record of the partner in seg.yaml; the former one counts until its time.',
    accepted: (partner: string) =>
      `The next certificate of ${partner} counts; a running receiver takes it on within seconds.`,
    refuse: 'Refuse',
    refuseTitle: (partner: string) => `Refuse the next certificate of ${partner}`,
    refuseLead: 'It does not count. The partner can announce another one.',
    refused: (partner: string) => `The next certificate of ${partner} does not count.`,
  },
  de: {
    title: 'Angekündigte Zertifikate',
    sections: 'Partner und ihre Ankündigungen',
    lead:
      'Ein Partner kündigt sein nächstes Zertifikat in einem Dokument an, das das jetzige signierte. Es gilt sofort ' +
      'oder wartet hier, wenn sein Eintrag „rollover: approval“ sagt. ' +
      'Vergleichen Sie den SHA-256 zuvor mit dem Partner.',
    empty: 'Hier stehen Zertifikate, die Partner ankündigen. Ein Partner tut das mit `sender rollover announce`.',
    partner: 'Partner',
    certificate: 'Nächstes Zertifikat',
    uses: 'Für',
    from: 'Gilt ab',
    until: 'Das frühere bis',
    state: 'Zustand',
    states: { waiting: 'wartet', taken: 'angenommen', refused: 'abgelehnt' } as Readonly<Record<string, string>>,
    acts: 'Aktionen',
    accept: 'Annehmen',
    acceptTitle: (partner: string) => `Das nächste Zertifikat von ${partner} annehmen`,
    acceptLead: 'Es kommt in den Eintrag des Partners in seg.yaml; das frühere gilt bis zu seiner Zeit.',
    accepted: (partner: string) =>
      `Das nächste Zertifikat von ${partner} gilt; ein laufender Empfänger verwendet es binnen Sekunden.`,
    refuse: 'Ablehnen',
    refuseTitle: (partner: string) => `Das nächste Zertifikat von ${partner} ablehnen`,
    refuseLead: 'Es gilt nicht. Der Partner kann ein anderes ankündigen.',
    refused: (partner: string) => `Das nächste Zertifikat von ${partner} gilt nicht.`,
  },
})
