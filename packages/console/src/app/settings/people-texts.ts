// Texts of the page of persons.
import { inLanguages } from '../texts/languages.ts'

export const peopleTexts = inLanguages({
  en: {
    title: 'People',
    lead:
      'Who may log in with a certificate, and what each may do. ' +
      'They are in seg.yaml; nobody changes their own rights.',
    empty: 'Persons who may log in with a certificate will be here. seg.yaml names them, for example:',
    id: 'Who',
    name: 'Name',
    role: 'Role',
    state: 'State',
    states: { active: 'active', disabled: 'disabled' } as Readonly<Record<string, string>>,
    certificates: 'Certificates',
    acts: 'Acts',
    oneself: 'your own rights are changed by another person',
    changeRole: 'Change the role',
    changeRoleTitle: (id: string) => `Change the role of ${id}`,
    disable: 'Disable',
    disableTitle: (id: string) => `Disable ${id}`,
    disableLead: 'Every session of this person ends at once, and no new one begins.',
    enable: 'Enable',
    enableTitle: (id: string) => `Enable ${id}`,
    changed: (id: string) => `The rights of ${id} are changed.`,
    changedMeanwhile: 'It was changed since you saw it. Look at it again.',
  },
  de: {
    title: 'Personen',
    lead:
      'Wer sich mit einem Zertifikat anmelden darf, und was jeder darf. ' +
      'Sie stehen in seg.yaml; niemand ändert die eigenen Rechte.',
    empty: 'Hier stehen Personen, die sich mit einem Zertifikat anmelden dürfen. seg.yaml nennt sie, zum Beispiel:',
    id: 'Wer',
    name: 'Name',
    role: 'Rolle',
    state: 'Zustand',
    states: { active: 'aktiv', disabled: 'gesperrt' } as Readonly<Record<string, string>>,
    certificates: 'Zertifikate',
    acts: 'Aktionen',
    oneself: 'Ihre eigenen Rechte ändert eine andere Person',
    changeRole: 'Rolle ändern',
    changeRoleTitle: (id: string) => `Die Rolle von ${id} ändern`,
    disable: 'Sperren',
    disableTitle: (id: string) => `${id} sperren`,
    disableLead: 'Jede Sitzung dieser Person endet sofort, und keine neue beginnt.',
    enable: 'Entsperren',
    enableTitle: (id: string) => `${id} entsperren`,
    changed: (id: string) => `Die Rechte von ${id} sind geändert.`,
    changedMeanwhile: 'Es wurde geändert, seit Sie es sahen. Sehen Sie es noch einmal an.',
  },
})
