// Texts of the page of health.
import { inLanguages } from '../texts/languages.ts'

type Words = Readonly<Record<string, string>>

export const healthTexts = inLanguages({
  en: {
    title: 'Health',
    ready: 'Documents are taken.',
    notReady: 'Documents are refused until what is marked is in order.',
    lookedAt: (ago: string) => `Looked at ${ago}, and again every 10 seconds.`,
    checks: 'Checks',
    check: 'Check',
    state: 'State',
    ok: 'in order',
    notOk: 'not in order',
    found: 'What was found',
    names: {
      ledger: 'Ledger',
      log: 'Transparency log',
      certificates: 'Certificates',
      seal: 'Key of the seal',
      disk: 'Disk',
      clock: 'Clock',
      processes: 'Connection processes',
      stopping: 'Stop',
    } as Words,
    /** What was found, where the gateway's own words do not do. */
    good: {} as Words,
    bad: {} as Words,
    diagnose: 'For all that can be checked, with what to do, type on the machine of the gateway:',
    uses: 'What it uses',
    free: 'Free on the disk',
    freeOf: (free: string, total: string, percent: string) => `${free} of ${total} (${percent})`,
    parts: 'Kept',
    memory: 'Memory',
    delay: 'Delay of the main thread (99 %)',
    lag: 'Facts not yet entered',
    entries: 'Entries of the log',
    connections: 'Open connections',
    version: 'Version',
    started: 'Started',
  },
  de: {
    title: 'Zustand',
    ready: 'Dokumente werden angenommen.',
    notReady: 'Dokumente werden abgelehnt, bis das Markierte in Ordnung ist.',
    lookedAt: (ago: string) => `Geprüft ${ago}, und alle 10 Sekunden erneut.`,
    checks: 'Prüfungen',
    check: 'Prüfung',
    state: 'Ergebnis',
    ok: 'in Ordnung',
    notOk: 'nicht in Ordnung',
    found: 'Gefunden',
    names: {
      ledger: 'Ledger',
      log: 'Transparenz-Log',
      certificates: 'Zertifikate',
      seal: 'Schlüssel des Siegels',
      disk: 'Datenträger',
      clock: 'Uhr',
      processes: 'Verbindungsprozesse',
      stopping: 'Beenden',
    } as Words,
    good: {
      ledger: 'wird geschrieben',
      log: 'setzt fort, was es zuvor zeigte',
      certificates: 'gültig',
      seal: 'siegelt',
      disk: 'hat Platz',
      clock: 'nicht hinter dem Log',
      processes: 'laufen',
    } as Words,
    bad: {
      ledger: 'lässt sich nicht schreiben',
      log: 'setzt nicht fort, was es zuvor zeigte',
      certificates: 'eines ist nicht gültig',
      seal: 'siegelt nicht',
      disk: 'hat zu wenig Platz',
      clock: 'liegt hinter dem letzten Eintrag des Logs',
      processes: 'keiner läuft',
      stopping: 'der Empfänger wird beendet',
    } as Words,
    diagnose: 'Alles Prüfbare, mit dem, was zu tun ist, zeigt dieser Befehl auf dem Rechner des Gateways:',
    uses: 'Was es braucht',
    free: 'Frei auf dem Datenträger',
    freeOf: (free: string, total: string, percent: string) => `${free} von ${total} (${percent})`,
    parts: 'Gespeichert',
    memory: 'Arbeitsspeicher',
    delay: 'Verzögerung des Hauptthreads (99 %)',
    lag: 'Noch nicht eingetragene Ereignisse',
    entries: 'Einträge im Log',
    connections: 'Offene Verbindungen',
    version: 'Version',
    started: 'Gestartet',
  },
})

type Finding = { readonly check: string; readonly ok: boolean; readonly found: string }

/** A check of health in the language in force; what is not in order keeps the gateway's detail. */
export function findingInWords({ check, ok, found }: Finding): { readonly name: string; readonly found: string } {
  const { names, good, bad } = healthTexts()
  const words = (ok ? good : bad)[check]
  return { name: names[check] ?? check, found: words === undefined ? found : ok ? words : `${words} (${found})` }
}
