# Alles, was über eine Zahlungsregelung gesagt wird, auf Deutsch. `_dat` und `_gen` sind die Formen
# im Dativ und im Genitiv.

span-minutes = { $count ->
    [one] eine Minute
   *[other] { $count } Minuten
}
    .dat = { $count ->
        [one] einer Minute
       *[other] { $count } Minuten
    }
span-hours = { $count ->
    [one] eine Stunde
   *[other] { $count } Stunden
}
    .dat = { $count ->
        [one] einer Stunde
       *[other] { $count } Stunden
    }
span-days = { $count ->
    [one] einen Tag
   *[other] { $count } Tage
}
    .dat = { $count ->
        [one] einem Tag
       *[other] { $count } Tagen
    }
span-working-days = { $count ->
    [one] einen Arbeitstag
   *[other] { $count } Arbeitstage
}
    .dat = { $count ->
        [one] einem Arbeitstag
       *[other] { $count } Arbeitstagen
    }
span-months = { $count ->
    [one] einen Monat
   *[other] { $count } Monate
}
    .dat = { $count ->
        [one] einem Monat
       *[other] { $count } Monaten
    }
span-weeks = { $count ->
    [one] eine Woche
   *[other] { $count } Wochen
}
    .dat = { $count ->
        [one] einer Woche
       *[other] { $count } Wochen
    }

role-billing = Ihre Ansprechpartner für Rechnungen
    .dat = Ihren Ansprechpartnern für Rechnungen
role-admin = die Administratoren Ihres Kontos
    .dat = den Administratoren Ihres Kontos
role-user = die Nutzer der Anwendung
    .dat = den Nutzern der Anwendung
role-account-manager = Ihren Kundenbetreuer
    .dat = Ihrem Kundenbetreuer
role-owner = die bei uns verantwortliche Person
    .dat = der bei uns verantwortlichen Person
role-everyone = alle angemeldeten Personen
    .dat = allen angemeldeten Personen

channel-email = per E-Mail
channel-banner = mit einem Hinweis in der Anwendung
channel-phone = telefonisch
channel-letter = per Brief
channel-webhook = mit einer Nachricht an Ihre Systeme

when-due-before = { $span } vor dem Fälligkeitstag
when-due-on = am Fälligkeitstag
when-due-after = { $span } nach dem Fälligkeitstag
when-issued-before = { $span } vor dem Rechnungsdatum
when-issued-on = am Tag des Rechnungsdatums
when-issued-after = { $span } nach dem Rechnungsdatum
when-failed-before = { $span } vor der ersten fehlgeschlagenen Abbuchung
when-failed-on = am Tag der ersten fehlgeschlagenen Abbuchung
when-failed-after = { $span } nach der ersten fehlgeschlagenen Abbuchung
when-time = { $when } um { $time } Uhr

terms-version = Fassung { $version }
terms-intro = Hier steht, was wir tun, wenn eine Rechnung unbezahlt bleibt, und worauf Sie sich verlassen können. Es gilt für jede Rechnung einzeln. Tage und Uhrzeiten sind die Ihrer eigenen Zeitzone; wo wir diese nicht kennen, gilt { $zone }.

section-due = Wann eine Rechnung fällig ist
due-moved = Fällt der Fälligkeitstag auf einen Tag, der kein Arbeitstag ist, so ist die Rechnung am nächsten Arbeitstag fällig.
due-terms = Geht eine Rechnung verspätet in unsere Systeme ein, so ist sie nicht fällig, bevor seitdem { $span } vergangen sind.
due-charged = Ihre Rechnungen werden über das Zahlungsmittel abgebucht, das Sie uns genannt haben. Solange eine Abbuchung gelingt, geschieht nichts.

section-reminders = Woran wir Sie erinnern
remind-upcoming = { $when } erinnern wir { $who } { $how } daran, dass die Rechnung bald fällig wird.
remind-due-today = { $when } erinnern wir { $who } { $how } daran, dass die Rechnung an diesem Tag fällig ist.
remind-overdue = { $when } teilen wir { $who_dat } { $how } mit, dass die Zahlung überfällig ist.
remind-all-well = { $when } fragen wir { $who } { $how }, ob mit der Rechnung alles in Ordnung ist.
remind-entered = { $when } teilen wir { $who_dat } { $how } mit, wie die Dinge stehen.
remind-thanks = { $when } danken wir { $who_dat } { $how }.
remind-other = { $when } schreiben wir { $who_dat } { $how } wegen der Rechnung.

section-steps = Was geschieht, wenn eine Rechnung unbezahlt bleibt
step-grace = { $when } bittet ein Hinweis in der Anwendung { $who } um die Zahlung. Alles funktioniert weiter wie bisher.
step-read-only = Frühestens { $when } wird die Anwendung schreibgeschützt: Alles kann weiterhin gelesen und exportiert, aber nichts mehr geändert werden.
step-frozen = Frühestens { $when } wird die Anwendung gesperrt: Nutzbar bleibt nur, was unten als immer offen aufgeführt ist.
step-slow = Frühestens { $when } wird die Anwendung langsamer: Bis zu { $rate } gehen durch, was schneller kommt, wartet einen Augenblick oder wird gebeten, es gleich noch einmal zu versuchen. Alles funktioniert weiter.
step-slow-too = Von da an ist sie außerdem langsamer: { $rate }.
step-warned = Mindestens { $span } bevor das geschieht, warnen wir { $who } { $how } und nennen Tag und Uhrzeit.
step-approval = Es geschieht nur, wenn die bei uns verantwortliche Person zugestimmt hat, bevor es angekündigt wird.
step-again = Diese Warnung wiederholen wir { $spans } vorher.
step-proofs = { $count ->
    [one] Es geschieht nur, wenn mindestens eine Nachricht mit dieser Warnung nachweislich angekommen ist.
   *[other] Es geschieht nur, wenn mindestens { $count } Nachrichten mit dieser Warnung nachweislich angekommen sind, jede bei einer anderen Person oder auf einem anderen Weg.
}

only-owed = Das geschieht nur, solange insgesamt mehr als { $amounts } überfällig sind.
only-invoices = { $count ->
    [one] Das geschieht nur, solange mehr als eine Rechnung überfällig ist.
   *[other] Das geschieht nur, solange mehr als { $count } Rechnungen überfällig sind.
}
only-sent = Das gilt nur für Rechnungen, die Sie selbst bis zum Fälligkeitstag bezahlen.
only-charged = Das gilt nur für Rechnungen, die automatisch abgebucht werden.
only-promised = Das geschieht nur, solange eine Zahlungszusage von Ihnen besteht.
only-not-promised = Das geschieht nur, solange keine Zahlungszusage von Ihnen besteht.
only-ends = Sobald das nicht mehr zutrifft, wird dieser Schritt zurückgenommen.

task-call = { $when } ruft Sie jemand von uns an.
task-call-repeat = { $count ->
    [one] { $when } ruft Sie jemand von uns einmal an.
   *[other] { $when } ruft Sie jemand von uns an; wenn niemand zu erreichen ist, insgesamt bis zu { $count } Mal.
}
task-letter = { $when } schicken wir Ihnen einen Brief.
task-approve = { $when } entscheidet ein Mensch bei uns, wie es weitergeht.
task-formal-claim = { $when } entscheidet ein Mensch bei uns, ob wir die Zahlung förmlich einfordern.
task-hand-off = { $when } entscheidet ein Mensch bei uns, ob jemand anderes die Sache übernimmt.
task-other = { $when } sieht sich ein Mensch bei uns die Sache an.

section-rely = Worauf Sie sich verlassen können
rely-warning = Nichts wird je eingeschränkt, ohne dass eine Warnung angekommen ist. Erreicht Sie eine Warnung verspätet, so verschiebt sich der Termin entsprechend; ist sie nicht zustellbar, so bleibt Ihr Zugang, wie er ist.
rely-last-resort = Lassen sich unsere Warnungen wiederholt nicht zustellen, so geht eine letzte auch per Brief hinaus. Statt eines Nachweises, dass sie angekommen ist, kann die bei uns verantwortliche Person dann mindestens drei Wege festhalten, auf denen wir versucht haben, Sie zu erreichen.
rely-letter = Ein Brief gilt fünf Arbeitstage, nachdem er aufgegeben wurde, als angekommen.
rely-named = Eine Einschränkung kommt nie früher und ist nie strenger, als die Warnung es angekündigt hat.
rely-slack = Nach dem genannten Zeitpunkt warten wir noch { $span }, damit eine Zahlung in letzter Minute zuerst ankommt.
rely-hours = Eine Einschränkung beginnt nur am { $days } zwischen { $from } und { $to } Uhr: nie nachts, nie am Wochenende oder an einem Feiertag und nie am Tag davor.
rely-hours-free = Eine Einschränkung beginnt nur am { $days } zwischen { $from } und { $to } Uhr: nie nachts, nie an einem freien Tag oder Feiertag und nie am Tag davor.
rely-there = Sie beginnt außerdem nur zu Zeiten, zu denen bei uns jemand da ist, der Ihnen antwortet.
rely-send = Unsere Nachrichten gehen nur an Arbeitstagen zwischen { $from } und { $to } Uhr hinaus.
rely-back = Sobald die Zahlung eingegangen ist, öffnet sich alles sofort wieder, zu jeder Stunde und an jedem Tag.
rely-saved = Nichts, was Sie gespeichert haben, geht verloren.

section-open = Was immer offen bleibt
open-intro = Was auch geschieht, Folgendes können Sie immer nutzen:
open-sign-in = an- und abmelden
open-pay = bezahlen
open-standing = nachsehen, wie es um Ihr Konto steht und warum
open-ask = einen Menschen um Hilfe bitten
open-export = Ihre Daten exportieren
open-cancel = kündigen
open-delete = Ihre Daten löschen
open-reduce = Personen entfernen, Schlüssel und Sitzungen widerrufen sowie Passwörter und zweite Faktoren ändern

section-agree = Wenn Sie mehr Zeit brauchen
agree-ask = Wenn Sie nicht rechtzeitig bezahlen können oder mit einer Rechnung etwas nicht stimmt, sprechen Sie bitte mit uns: Ein Mensch kann Ihnen mehr Zeit geben.
agree-ordered = Entscheiden wir selbst, den Zugang einzuschränken, unabhängig von Zahlungen, so gilt dasselbe: eine Warnung vor jedem Schritt, kein Schritt wird ausgelassen, und es endet von selbst am genannten Tag.
agree-accept = Diese Bedingungen wollen angenommen sein und gelten dann { $every } lang. Solange sie nicht angenommen sind, beginnt eine Einschränkung nur, wenn die bei uns verantwortliche Person zugestimmt hat, bevor sie angekündigt wird, und es fallen keine Verzugskosten an.
agree-promise = Sie können eine Zahlung auch selbst zusagen, für einen Tag, der höchstens { $span } in der Zukunft liegt.
agree-promise-count = { $count ->
    [one] Das ist für jede Rechnung einmal möglich.
   *[other] Das ist für jede Rechnung { $count } Mal möglich.
}
agree-promise-at-once = { $count ->
    [one] Es kann immer nur eine Zusage gelten.
   *[other] Es können höchstens { $count } Zusagen gleichzeitig gelten.
}
agree-promise-kept = Solange eine Zusage gilt, geschieht nichts weiter. Wird sie gehalten, ist alles gut; wird sie es nicht, gehen die Schritte weiter, mit neuen Warnungen.
agree-in-flight = Ist eine Zahlung unterwegs, die mindestens { $percent } des offenen Betrags einer Rechnung deckt, warten wir bis zu { $span } auf sie.
agree-in-flight-times = { $count ->
    [one] Das tun wir für jede Rechnung einmal.
   *[other] Das tun wir für jede Rechnung bis zu { $count } Mal.
}

section-amounts = Kleine und große Beträge, Verzugszinsen
amount-ignored = Solange alles Überfällige zusammen weniger als { $amounts } beträgt, geschieht nichts.
amount-short = Fehlen von einer Rechnung weniger als { $percent }, bitten wir darum, schränken aber nichts ein.
amount-person = Sind mehr als { $amounts } offen, wird nichts eingeschränkt, ohne dass ein Mensch bei uns so entschieden hat.
amount-fee = Ist eine Rechnung seit mehr als { $span_dat } überfällig, können wir auf den überfälligen Betrag einfache Zinsen von { $rate } im Monat berechnen, insgesamt höchstens { $cap } dieses Betrags und nur, wenn wir sie angekündigt haben. Solange eine Vereinbarung gilt, laufen keine Zinsen.
amount-no-fee = Verzugszinsen gibt es nicht.

sign-us = Für uns: Ort, Datum, Unterschrift
sign-you = Für den Kunden: Ort, Datum, Unterschrift

script-due = Die Rechnung { $number } war am { $due } fällig; { $amount } davon sind offen.
script-open = Rechnung { $number }: { $amount } sind offen.
script-read-only = Wird sie nicht vorher bezahlt, so lässt sich in der Anwendung nur noch lesen. Nicht vor: { $at }.
script-frozen = Wird sie nicht vorher bezahlt, so wird die Anwendung gesperrt. Nicht vor: { $at }.
script-read-only-part = Wird sie nicht vorher bezahlt, so lässt sich im Teil „{ $scope }“ nur noch lesen. Nicht vor: { $at }.
script-frozen-part = Wird sie nicht vorher bezahlt, so wird der Teil „{ $scope }“ gesperrt. Nicht vor: { $at }.
script-slow = Wird sie nicht vorher bezahlt, so wird die Anwendung auf { $rate } gedrosselt. Nicht vor: { $at }.
script-slow-part = Wird sie nicht vorher bezahlt, so wird der Teil „{ $scope }“ auf { $rate } gedrosselt. Nicht vor: { $at }.
script-ordered-read-only = Wir haben entschieden, dass die Anwendung eine Zeit lang nur lesbar ist; um eine Zahlung geht es nicht. Nicht vor: { $at }.
script-ordered-frozen = Wir haben entschieden, dass die Anwendung eine Zeit lang gesperrt ist; um eine Zahlung geht es nicht. Nicht vor: { $at }.
script-ordered-read-only-part = Wir haben entschieden, dass der Teil „{ $scope }“ eine Zeit lang nur lesbar ist; um eine Zahlung geht es nicht. Nicht vor: { $at }.
script-ordered-frozen-part = Wir haben entschieden, dass der Teil „{ $scope }“ eine Zeit lang gesperrt ist; um eine Zahlung geht es nicht. Nicht vor: { $at }.
script-ordered-ask = Eine Person bei uns kann das aufheben. Stimmt daran etwas nicht, oder brauchen Sie etwas von uns?
script-thanks = Wenn in den letzten Tagen bezahlt wurde: vielen Dank, dann ist alles in Ordnung.
script-when = Wann dürfen wir mit der Zahlung rechnen? Stimmt etwas mit der Rechnung nicht, oder wird mehr Zeit gebraucht?

# In a policy for trials and contracts, `ends-` and the key: said in the place of the other.
when-ends-before = { $span } vor dem letzten Tag
when-ends-on = am letzten Tag
when-ends-after = { $span } nach dem letzten Tag
ends-terms-intro = Hier steht, was wir tun, wenn eine Testphase oder ein Vertrag endet und nicht verlängert wird, und worauf Sie sich verlassen können. Tage und Uhrzeiten sind die Ihrer eigenen Zeitzone; wo wir diese nicht kennen, gilt { $zone }.
ends-section-due = Wann sie enden
ends-due-moved = Eine Testphase oder ein Vertrag endet am letzten vereinbarten Tag. Ist das kein Arbeitstag, so zählt der nächste Arbeitstag.
ends-due-terms = Erfahren wir von diesem Tag spät, so zählt er nicht, bevor seitdem { $span } vergangen sind.
ends-remind-upcoming = { $when } erinnern wir { $who } { $how } daran, dass die Testphase oder der Vertrag bald endet.
ends-remind-due-today = { $when } erinnern wir { $who } { $how } daran, dass heute der letzte Tag ist.
ends-remind-overdue = { $when } teilen wir { $who_dat } { $how } mit, dass die Zeit abgelaufen ist.
ends-remind-all-well = { $when } fragen wir { $who } { $how }, ob alles in Ordnung ist.
ends-remind-other = { $when } schreiben wir { $who_dat } { $how } wegen des Endes.
ends-section-steps = Was am Ende geschieht
ends-step-grace = { $when } sagt ein Hinweis in der Anwendung { $who_dat }, dass die Zeit abgelaufen ist. Alles funktioniert weiter wie bisher.
ends-rely-slack = Nach dem genannten Zeitpunkt warten wir noch { $span }, damit eine Verlängerung in letzter Minute zuerst ankommt.
ends-rely-back = Sobald verlängert wird, öffnet sich alles sofort wieder, zu jeder Stunde und an jedem Tag.
ends-rely-saved = Jede Nachricht dazu nennt den Tag, bis zu dem wir aufbewahren, was Sie gespeichert haben.
ends-agree-ask = Wenn Sie mehr Zeit für die Entscheidung brauchen, sprechen Sie bitte mit uns: Ein Mensch kann sie Ihnen geben.
