// Rules of alerts in words: in English the gateway's own, in other languages these.
import type { ApiSchemas } from '../api/api-types.ts'
import { inLanguages } from '../texts/languages.ts'

type Rule = Pick<ApiSchemas['Alert'], 'rule' | 'summary' | 'impact'>
type Words = Readonly<Record<string, readonly [summary: string, impact: string]>>

/** A text that a language lacks is shown in the words of the gateway. */
export function ruleInWords({ rule, summary, impact }: Rule): Pick<Rule, 'summary' | 'impact'> {
  const words = ruleTexts()[rule]
  return words === undefined ? { summary, impact } : { summary: words[0], impact: words[1] }
}

const ruleTexts = inLanguages<Words>({
  en: {},
  de: {
    SegDown: [
      'Prometheus kann die Metriken des Gateways nicht lesen',
      'Partner können vielleicht nicht zustellen; ihre Sender versuchen es weiter.',
    ],
    SegNotReady: [
      'Der Empfänger ist nicht bereit für Dokumente',
      'Dokumente werden abgelehnt, bis die gescheiterte Prüfung behoben ist.',
    ],
    SegLogInconsistent: [
      'Das Transparenz-Log setzt nicht fort, was es zuvor zeigte',
      'Partner lehnen seine Quittungen ab. Jemand hat die Datenbank geändert, oder der Datenträger ist beschädigt.',
    ],
    SegLogRewrittenByPartner: [
      'Ein Empfänger zeigt ein Log, das nicht fortsetzt, was es zuvor zeigte',
      'Seine Quittungen beweisen nichts, bis das geklärt ist; die Nachweise sind aufbewahrt.',
    ],
    SegReceiptInvalid: [
      'Eine Quittung eines Empfängers war nicht gültig',
      'Dokumente für ihn gelten nicht als zugestellt.',
    ],
    SegConflict: [
      'Ein Partner sandte andere Bytes unter einer schon benutzten ID',
      'Das erste Dokument zählt. Der Partner hat einen Fehler, oder jemand hat seinen Schlüssel.',
    ],
    SegRefusalRatio: [
      'Mehr als 5 % dessen, was ein Partner sendet, wird abgelehnt',
      'Diese Dokumente kommen nicht an.',
    ],
    SegSignatureAttack: [
      'Ein Partner sendet viele Dokumente mit ungültiger Signatur',
      'Keines wird angenommen. Jemand versucht Fälschungen mit seinem Zertifikat, oder sein Signierer ist defekt.',
    ],
    SegHandshakeFailures: [
      'Viele Verbindungen enden, bevor jemand erkannt ist',
      'Ein Partner ist vielleicht durch sein Zertifikat ausgesperrt, oder Fremde versuchen den Port.',
    ],
    SegLatency: [
      'Eines von hundert Dokumenten braucht länger als eine Sekunde',
      'Partner warten auf Quittungen. Große Dokumente und langsame Leitungen zählen mit.',
    ],
    SegOverloaded: [
      'Die meisten Ablehnungen liegen an Platz oder Zeit, nicht am Gesendeten',
      'Sender warten und versuchen es erneut; Dokumente kommen später an.',
    ],
    SegEventLoop: ['Der Haupt-Thread ist mehr als 200 ms im Rückstand', 'Jede Antwort kommt um so viel später.'],
    SegStorageLow: [
      'Weniger als 15 % des Datenträgers sind frei',
      'Unterhalb der Reserve wird kein Dokument angenommen.',
    ],
    SegStorageCritical: ['Weniger als 5 % des Datenträgers sind frei', 'Bald wird kein Dokument mehr angenommen.'],
    SegHandoffStuck: [
      'Angenommene Dokumente werden nicht übergeben',
      'Sie sind sicher und quittiert, erreichen aber Ihre eigenen Systeme nicht.',
    ],
    SegDeadLetter: [
      'Ein Ziel nimmt ein Dokument nicht an',
      'Das Dokument ist aufbewahrt; der Betrieb muss entscheiden, was daraus wird.',
    ],
    SegOutboxStuck: [
      'Ein eigenes Dokument wartet seit mehr als einer halben Stunde',
      'Es verfällt, wenn seine Frist vorbei ist.',
    ],
    SegCertificateRenewalDue: [
      'Ein Drittel der Laufzeit eines eigenen Zertifikats ist übrig',
      'Erneuern Sie es rechtzeitig, und sagen Sie es Partnern, die es festgelegt haben.',
    ],
    SegCertificateExpiring: [
      'Ein Zehntel der Laufzeit eines eigenen Zertifikats ist übrig, oder nichts',
      'Danach wird nichts mehr angenommen; beim Zertifikat der Konsole kann sich niemand mehr anmelden.',
    ],
    SegCertificateNotYetValid: [
      'Ein eigenes Zertifikat ist noch nicht gültig',
      'Partner lehnen es ab; vielleicht geht die Uhr falsch.',
    ],
    SegCrlStale: [
      'Eine Sperrliste ist bald oder schon veraltet',
      'Wo eine Liste nötig ist, werden deren Partner abgelehnt (revocation-unknown).',
    ],
    SegAuditForwardBehind: [
      'Einträge des Protokolls werden nicht weitergeleitet',
      'Sie sind hier aufbewahrt und fehlen, wo andere nachsehen.',
    ],
    SegAlertChannelBroken: ['Ein Kanal für Alarme nimmt keinen an', 'Alarme erreichen nicht, wer sie liest.'],
    SegDeskBehind: [
      'Angaben für den Betrieb sind im Rückstand',
      'Dokumente sind nicht betroffen. Suche, Metriken und Alarme kennen die neuesten nicht.',
    ],
    SegSilentPartner: [
      'Ein Partner sandte zwei Stunden nichts, in denen er es immer tut',
      'Seine Dokumente stecken vielleicht bei ihm oder unterwegs fest.',
    ],
    SegClockOff: [
      'Dokumente werden abgelehnt, weil zwei Uhren nicht übereinstimmen',
      'Bei vielen Partnern ist es die Uhr dieses Gateways, bei einem die seine.',
    ],
    SegLoginFailures: [
      'Viele Anmeldungen an der Konsole werden abgelehnt',
      'Vielleicht probiert jemand Zugangsdaten aus.',
    ],
    SegAdminActAtNight: [
      'Schlüssel, Partner oder Rechte wurden außerhalb der Dienstzeit geändert',
      'War es keiner von Ihnen, entscheidet jemand anderes, wem das Gateway vertraut.',
    ],
    SegWitnessOld: [
      'Seit einem Tag hat kein Partner das Transparenz-Log gelesen, und Dokumente kommen an',
      'Quittungen sind gültig, aber niemand prüft, ob das Log fortgesetzt wird: Eine Änderung bliebe unbemerkt.',
    ],
    SegWitnessLost: [
      'Ein Partner, der das Transparenz-Log las, liest es nicht mehr und sendet Dokumente',
      'Sein Sender prüft nicht mehr, ob das Log fortgesetzt wird, oder kann es nicht lesen: Fragen Sie seinen Betrieb.',
    ],
    SegBackupOld: [
      'Die letzte geprüfte Sicherung ist älter als 26 Stunden',
      'Was seitdem angenommen wurde, geht mit dem Datenträger verloren.',
    ],
    SegHeartbeat: [
      'Er meldet sich immer: Kommt er nicht an, kommt kein Alarm an',
      'Keine. Senden Sie ihn an einen Dienst, der meldet, wenn er fehlt.',
    ],
    SegFactsLost: [
      'Angaben wurden nicht aufgezeichnet',
      'Was das Ledger hat, ist vollständig. Ablehnungen und Zeiten dieses Augenblicks fehlen.',
    ],
  },
})
