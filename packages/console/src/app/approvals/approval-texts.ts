// Texts of the pages of acts that wait for another person.
import type { ApiSchemas } from '../api/api-types.ts'
import { inLanguages } from '../texts/languages.ts'
import { type AskedKind, readAskedAct } from './asked-act.ts'

type Titles = Readonly<Record<AskedKind, (of: string) => string>>

export const approvalTexts = inLanguages({
  en: {
    title: 'Approvals',
    lead: 'With four eyes, what one person asks for is done when another one approves it.',
    empty: 'Nothing waits. With four eyes, acts on partners and new API keys wait here, 24 hours at most. To begin:',
    waiting: 'Acts that wait',
    decided: 'Decided',
    act: 'Act',
    author: 'Asked for by',
    asked: 'Asked',
    until: 'Waits until',
    state: 'State',
    states: { waiting: 'waits', approved: 'approved', refused: 'refused', lapsed: 'lapsed' } as Readonly<
      Record<string, string>
    >,
    why: 'Why',
    decidedBy: 'Decided by',
    decidedAt: 'Decided',
    reason: 'Reason',
    request: 'Request',
    changes: 'What it changes',
    askedFor: 'What was asked for',
    approve: 'Approve',
    approveTitle: (act: string) => `Approve: ${act}`,
    approveLead: (author: string) => `It is done at once. Its records name ${author} and you.`,
    approved: (act: string) => `Approved and done: ${act}.`,
    refuse: 'Refuse',
    refuseTitle: (act: string) => `Refuse: ${act}`,
    refuseLead: 'It is not done.',
    refused: (act: string) => `Refused: ${act}.`,
    shownOnce: 'The new API key is shown once, here. Hand it to the person who asked for it:',
    all: 'All approvals',
    titles: {
      add: of => `Add partner ${of}`,
      replace: of => `Replace the record of partner ${of}`,
      remove: of => `Remove the record of partner ${of}`,
      suspend: of => `Suspend partner ${of}`,
      resume: of => `Resume partner ${of}`,
      trust: () => 'Replace all authorities and partners',
      rely: of => `Rely on authority ${of}`,
      leave: of => `Rely on authority ${of} no more`,
      key: of => `Make API key ${of}`,
      install: of => `Use the new certificate for ${of}`,
      revoke: of => `Revoke the certificate ${of}`,
      follow: of => `Accept the announced certificate ${of.slice(0, 8)}`,
      rights: of => `Change the rights of ${of}`,
    } as Titles,
  },
  de: {
    title: 'Genehmigungen',
    lead: 'Mit vier Augen geschieht, was eine Person beantragt, sobald eine andere es genehmigt.',
    empty: 'Nichts wartet. Mit vier Augen warten Partner und API-Schlüssel hier, höchstens 24 Stunden. So beginnt es:',
    waiting: 'Was wartet',
    decided: 'Entschieden',
    act: 'Aktion',
    author: 'Beantragt von',
    asked: 'Beantragt',
    until: 'Wartet bis',
    state: 'Zustand',
    states: { waiting: 'wartet', approved: 'genehmigt', refused: 'abgelehnt', lapsed: 'verfallen' } as Readonly<
      Record<string, string>
    >,
    why: 'Warum',
    decidedBy: 'Entschieden von',
    decidedAt: 'Entschieden',
    reason: 'Grund',
    request: 'Anfrage',
    changes: 'Was es ändert',
    askedFor: 'Was beantragt wurde',
    approve: 'Genehmigen',
    approveTitle: (act: string) => `Genehmigen: ${act}`,
    approveLead: (author: string) => `Es geschieht sofort. Die Einträge nennen ${author} und Sie.`,
    approved: (act: string) => `Genehmigt und ausgeführt: ${act}.`,
    refuse: 'Ablehnen',
    refuseTitle: (act: string) => `Ablehnen: ${act}`,
    refuseLead: 'Es geschieht nicht.',
    refused: (act: string) => `Abgelehnt: ${act}.`,
    shownOnce: 'Der neue API-Schlüssel wird nur hier gezeigt. Geben Sie ihn der Person, die ihn beantragt hat:',
    all: 'Alle Genehmigungen',
    titles: {
      add: of => `Partner ${of} anlegen`,
      replace: of => `Eintrag des Partners ${of} ersetzen`,
      remove: of => `Eintrag des Partners ${of} entfernen`,
      suspend: of => `Partner ${of} sperren`,
      resume: of => `Partner ${of} wieder zulassen`,
      trust: () => 'Alle Zertifizierungsstellen und Partner ersetzen',
      rely: of => `Zertifizierungsstelle ${of} vertrauen`,
      leave: of => `Zertifizierungsstelle ${of} nicht mehr vertrauen`,
      key: of => `API-Schlüssel ${of} anlegen`,
      install: of => `Neues Zertifikat für ${of} verwenden`,
      revoke: of => `Zertifikat ${of} sperren`,
      follow: of => `Das angekündigte Zertifikat ${of.slice(0, 8)} annehmen`,
      rights: of => `Die Rechte von ${of} ändern`,
    } as Titles,
  },
})

/** In words; an act that this version does not know, as it was sent. */
export function titleOf(approval: ApiSchemas['Approval']): string {
  const { kind, of } = readAskedAct(approval)
  return kind === undefined ? approval.act : approvalTexts().titles[kind](of)
}
