// What to do about each fault code, in words: in English the gateway's own, in other languages
// these. docs/faults.md is their source.
import { inLanguages } from '../texts/languages.ts'

export const faultRemedies = inLanguages<Readonly<Record<string, string>>>({
  en: {},
  de: {
    'media-type': 'Etwas zwischen den Gateways schreibt die Anfrage um; dort darf kein Proxy stehen.',
    'document-too-large':
      'Senden Sie weniger in einem Dokument, oder vereinbaren Sie mit dem Empfänger eine höhere Grenze.',
    'xml-malformed': 'Berichtigen Sie das XML; ein XML-Editor zeigt die Stelle.',
    'xml-encoding': 'Speichern Sie die Datei in UTF-8; ihre XML-Deklaration nennt UTF-8 oder nichts.',
    'xml-doctype': 'Entfernen Sie die Dokumenttypdeklaration, und schreiben Sie ihre Entitäten aus.',
    'xml-processing-instruction':
      'Entfernen Sie sie (nur die XML-Deklaration darf stehen), oder signieren Sie mit --strip-comments.',
    'xml-comment': 'Entfernen Sie die Kommentare, oder signieren Sie mit --strip-comments.',
    'xml-name': 'Benennen Sie es um; von solchen Namen sind nur xml:lang, xml:space und xml:id erlaubt.',
    'xml-namespace': 'Deklarieren Sie jedes Präfix, mit einer absoluten URI.',
    'xml-limit': 'Machen Sie das Dokument flacher oder Namen und Werte kürzer; docs/faults.md nennt die Grenzen.',
    'signature-missing': 'Signieren Sie das Dokument mit `sender sign`, oder überlassen Sie es `sender send`.',
    'signature-multiple': 'Entfernen Sie die vorhandene Signature; das Gateway erstellt die einzige.',
    'signature-misplaced':
      'Lassen Sie `sender sign` die Signature erstellen; ' +
      'sie muss das erste oder letzte Kind des Dokumentelements sein.',
    'signature-malformed': 'Lassen Sie `sender sign` die Signature erstellen.',
    'signature-algorithm':
      'Signieren Sie mit SHA-256 und einem Schlüssel: RSA (ab 2048 Bit), P-256, P-384, P-521 oder Ed25519.',
    'signature-reference': 'Lassen Sie `sender sign` die Signature erstellen: eine Reference, auf das ganze Dokument.',
    'signature-digest':
      'Das Dokument wurde nach dem Signieren geändert: senden Sie das Original, oder signieren Sie das geänderte.',
    'signature-value':
      'Signieren Sie mit dem Schlüssel des Zertifikats der Verbindung (certs/sender.key), ' +
      'und senden Sie das signierte Dokument, wie es ist: kein Formatierer darf es anfassen.',
    'signature-key':
      'Lassen Sie in KeyInfo nur das Zertifikat, das signierte: das der Verbindung oder eines, ' +
      'das der Empfänger für unsere Signaturen führt; RSA-Schlüssel haben mindestens 2048 Bit.',
    'second-opinion':
      'Signieren Sie mit Exclusive C14N, wie es `sender sign` tut, und senden Sie weniger in einem Dokument.',
    'envelope-malformed': 'Vergleichen Sie das Dokument mit sample_document.xml: dieselben Kinder in derselben Folge.',
    'timestamp-malformed':
      'Lassen Sie TimestampForSignature leer, dann füllt es das Gateway, oder schreiben Sie YYYY-MM-DDTHH:MM:SSZ.',
    'timestamp-stale': 'Signieren Sie kurz vor dem Senden, und prüfen Sie die Uhren beider Gateways.',
    'receiver-mismatch':
      'Prüfen Sie ReceiverID und die Adresse: ReceiverID muss die ID im Zertifikat des Empfängers sein.',
    'schema-invalid': 'Vergleichen Sie den Inhalt mit dem Schema, das mit diesem Empfänger vereinbart ist.',
    'document-type': 'Fragen Sie den Betrieb des Empfängers, welche Dokumenttypen er von diesem Gateway annimmt.',
    'rollover-malformed': 'Kündigen Sie es mit `sender rollover announce` an, das die erwartete Form schreibt.',
    'rollover-certificate':
      'Vergleichen Sie Aussteller, Namen, Zweck und Daten mit dem jetzigen; ' +
      'sonst bitten Sie den Betrieb des Empfängers, es einzutragen.',
    'schema-unavailable':
      'Versuchen Sie es erneut; bleibt es so, fragen Sie den Empfänger, ob sein Schema auf das Dokument anwendbar ist.',
    'sender-mismatch': 'SenderID muss die ID in unserem Zertifikat sein; `pki inspect` zeigt sie.',
    'partner-unknown': 'Bitten Sie den Betrieb des Empfängers, dieses Gateway als Partner einzutragen.',
    'partner-suspended': 'Fragen Sie den Betrieb des Empfängers.',
    'certificate-revoked': 'Der Inhaber des Zertifikats braucht ein neues von der CA.',
    'certificate-expired': 'Erneuern Sie es; sind seine Daten richtig, prüfen Sie die Uhren beider Gateways.',
    'certificate-untrusted': 'Tragen Sie seine CA als Stelle ein, oder senden Sie die Zwischenzertifikate der CA mit.',
    'certificate-invalid': 'Sehen Sie das Zertifikat mit `pki inspect` an: Daten, Aussteller, Zweck, Namen.',
    'revocation-unknown':
      'Warten Sie; der Betrieb des Empfängers muss eine aktuelle Sperrliste der CA ' +
      'oder die Auskunft ihres OCSP-Dienstes bekommen.',
    'certificate-purpose': 'Verwenden Sie ein Zertifikat für diesen Zweck; `pki inspect` zeigt, wofür eines ist.',
    'key-agreement':
      'Verbinden Sie sich mit TLS, das X25519MLKEM768 kann, etwa OpenSSL 3.5; der Sender dieses Produkts kann es.',
    'document-id-conflict': 'Geben Sie dem Dokument eine eigene ID: --id ID oder --id auto.',
    'rate-limit': 'Warten Sie, und senden Sie seltener.',
    overloaded: 'Warten Sie; das Gateway versucht es bis --timeout von selbst erneut.',
    'shutting-down': 'Warten Sie; das Gateway versucht es bis --timeout von selbst erneut.',
    'storage-unavailable':
      'Warten Sie; hält es an, muss sein Betrieb nach dem Datenträger und den Rechten des Datenordners sehen.',
    'seal-unavailable':
      'Warten Sie, und sagen Sie es dem Betrieb des Empfängers: sein Siegelzertifikat ist nicht gültig.',
    'clock-behind': 'Warten Sie, und melden Sie es dem Betrieb des Empfängers: seine Uhr wurde zurückgestellt.',
    'not-found': 'Prüfen Sie den Namen, und wessen Dokument es ist.',
    'method-not-allowed': 'Verwenden Sie die Methode, die der Vertrag für diesen Pfad nennt.',
    'request-malformed': 'Etwas zwischen den Gateways schreibt die Anfrage um; dort darf kein Proxy stehen.',
    'request-fragmented': 'Senden Sie den Inhalt in Stücken und TLS-Records von einem Kilobyte oder mehr.',
    'request-timeout': 'Senden Sie erneut; die Leitung ist vielleicht langsam.',
    internal: 'Melden Sie es als Fehler, mit der Einzelheit oder dem, was das Log des Programms sagt.',
    'login-required':
      'Erstellen Sie einen Link mit `receiver console login` oder einen API-Schlüssel mit `receiver console keys add`.',
    'login-refused':
      'Erstellen Sie einen neuen Link mit `receiver console login`; jeder gilt einmal, fünf Minuten lang.',
    'login-limit':
      'Warten Sie eine Minute, und finden Sie heraus, wer es versucht; `receiver audit list` hat die Versuche.',
    'not-permitted':
      'Bitten Sie die Administration, oder melden Sie sich mit einer Rolle an, die es darf: docs/api.md nennt sie.',
    'cross-site': 'Öffnen Sie die Konsole selbst; ein Programm verwendet statt eines Cookies einen API-Schlüssel.',
    'parameter-invalid': 'Vergleichen Sie die Anfrage mit /openapi.json; die Antwort nennt jeden Teil.',
    'act-impossible':
      'Sehen Sie nach, was es jetzt ist und was damit möglich ist: `acts` der Antwort oder die Einzelheit sagt es.',
    'count-changed':
      'Zählen Sie mit demselben Filter erneut, sehen Sie das Neue an, und wiederholen Sie es mit dieser Zahl.',
    'idempotency-key-reused':
      'Verwenden Sie für jede Aktion einen neuen Key, denselben nur zur Wiederholung derselben Anfrage.',
    'idempotency-pending':
      'Warten und wiederholen Sie; endete das Gateway inzwischen, sagt `receiver audit list`, was geschah.',
    'approval-decided':
      'Lesen Sie sie noch einmal; ist sie verfallen oder abgelehnt, bitten Sie von Neuem um die Aktion.',
    'task-ended':
      'Beginnen Sie sie erneut; endete sie von selbst, sagen die Einzelheit und das Log des Programms, warum.',
    'version-changed':
      'Lesen Sie es noch einmal, sehen Sie das Geänderte an, und wiederholen Sie die Aktion mit dem neuen ETag.',
    'version-required': 'Lesen Sie es zuerst, und wiederholen Sie die Anfrage mit seinem ETag in If-Match.',
    usage: 'Siehe --help.',
    configuration: 'Berichtigen Sie, was die Einzelheit nennt.',
    'file-unreadable': 'Prüfen Sie Pfad, Rechte und den Platz auf dem Datenträger.',
    'file-exists': 'Wählen Sie einen anderen Namen oder Ordner; nichts wurde geändert.',
    'backup-invalid':
      'Verwenden Sie eine frühere Sicherung, und bewahren Sie die beschädigte auf; ' +
      'für einen Datenordner holen Sie die genannte Datei aus einer zurück.',
    'csr-invalid': 'Erstellen Sie ihn erneut: `pnpm --filter pki csr` oder `openssl req -new`.',
    'p12-invalid': 'Prüfen Sie das Passwort; `openssl pkcs12 -in FILE -info -noout` zeigt, was in der Datei ist.',
    'crl-invalid': 'Holen Sie die Liste erneut von der CA; `openssl crl -in FILE -noout -text` zeigt ihren Inhalt.',
    'ocsp-invalid':
      'Fragen Sie mit `openssl ocsp -issuer CA.pem -cert FILE -url URL -resp_text`; ' +
      'die CA muss ihren Dienst reparieren.',
    'revocation-unreachable':
      'Sehen Sie nach, ob die Adresse antwortet: `curl --verbose URL`; das früher Geholte bleibt in Gebrauch.',
    'crl-kind': 'Bitten Sie die CA um ihre ganze Liste, mit allen Zertifikaten, die sie ausstellte.',
    'crl-older': 'Holen Sie die neueste Liste von der CA; die vorhandene bleibt in Gebrauch.',
    'receiver-unknown':
      'Tragen Sie ihn mit `sender receivers add` ein, berichtigen Sie ReceiverID, oder geben Sie --to an.',
    'receiver-suspended': '`sender receivers resume` beendet das; das Dokument bleibt eingereiht.',
    'delivery-refused': 'Sehen Sie den Grund, der daneben steht.',
    'delivery-pending':
      'Senden Sie später erneut, oder lassen Sie `sender deliver` laufen: ' +
      'dieselben Bytes gehen hinaus und werden höchstens einmal angenommen.',
    'clocks-apart':
      'Vergleichen Sie die beiden genannten Uhren, und stellen Sie die falsche; das Dokument wird von selbst versucht.',
    'delivery-expired': '`sender outbox retry` reiht es erneut ein.',
    'delivery-cancelled': '`sender outbox retry` reiht es erneut ein.',
    'log-invalid':
      'Bewahren Sie beide Seiten dessen, was nicht passt, als Nachweis auf, und fragen Sie den Betrieb des Logs.',
    'log-rewritten':
      'Vertrauen Sie keiner Quittung dieses Empfängers, bis sein Betrieb es auf anderem Weg erklärt; ' +
      'bewahren Sie die Nachweise auf.',
    'log-unproven':
      'Fragen Sie den Betrieb des Empfängers auf anderem Weg, warum er sein Log nicht zeigt; ' +
      'die Quittung bleibt als unbewiesen aufbewahrt.',
    'log-split':
      'Vertrauen Sie keiner Quittung dieses Empfängers, bis sein Betrieb es auf anderem Weg erklärt; ' +
      'bewahren Sie beide Checkpoints auf.',
    'log-not-comparable': 'Geben Sie mit --to die Adresse des Empfängers an: der Nachweis wird aus seinem Log geholt.',
    'log-incomplete':
      'Geben Sie mit --checkpoint den neuesten Checkpoint an, den jemand hat, und eine Sicherung mit seinen ' +
      'Einträgen; sind sie verloren, erklären Sie es mit --entries-lost und --why.',
    'receipt-invalid':
      'Zählen Sie das Dokument nicht als zugestellt; fragen Sie den Betrieb des Empfängers auf anderem Weg.',
  },
})
