# Tout ce qui est dit d’une règle de paiement, en français. `_dat` porte la préposition « à ».

span-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
span-hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
span-days = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
span-working-days = { $count ->
    [one] { $count } jour ouvré
   *[other] { $count } jours ouvrés
}
span-months = { $count ->
    [one] { $count } mois
   *[other] { $count } mois
}
span-weeks = { $count ->
    [one] { $count } semaine
   *[other] { $count } semaines
}

role-billing = vos interlocuteurs pour la facturation
    .dat = à vos interlocuteurs pour la facturation
role-admin = les administrateurs de votre compte
    .dat = aux administrateurs de votre compte
role-user = les utilisateurs de l’application
    .dat = aux utilisateurs de l’application
role-account-manager = votre chargé de clientèle
    .dat = à votre chargé de clientèle
role-owner = la personne responsable chez nous
    .dat = à la personne responsable chez nous
role-everyone = toutes les personnes connectées
    .dat = à toutes les personnes connectées

channel-email = par e-mail
channel-banner = par un bandeau dans l’application
channel-phone = par téléphone
channel-letter = par courrier
channel-webhook = par un message à vos systèmes

when-due-before = { $span } avant l’échéance
when-due-on = le jour de l’échéance
when-due-after = { $span } après l’échéance
when-issued-before = { $span } avant la date de la facture
when-issued-on = à la date de la facture
when-issued-after = { $span } après la date de la facture
when-failed-before = { $span } avant le premier prélèvement refusé
when-failed-on = le jour du premier prélèvement refusé
when-failed-after = { $span } après le premier prélèvement refusé
when-time = { $when } à { $time }

terms-version = Version { $version }
terms-intro = Voici ce que nous faisons lorsqu’une facture reste impayée, et ce sur quoi vous pouvez compter. Cela vaut pour chaque facture séparément. Les dates et les heures sont celles de votre propre fuseau horaire ; si nous ne le connaissons pas, { $zone } fait foi.

section-due = Quand une facture est échue
due-moved = Si l’échéance tombe un jour qui n’est pas ouvré, elle est reportée au jour ouvré suivant.
due-terms = Si une facture arrive en retard dans nos systèmes, elle n’est pas échue avant que { $span } ne se soient écoulés depuis.
due-charged = Vos factures sont prélevées sur le moyen de paiement que vous nous avez indiqué. Tant que le prélèvement aboutit, il ne se passe rien.

section-reminders = Ce que nous vous rappelons
remind-upcoming = { $when }, nous rappelons { $who_dat } { $how } que la facture arrive bientôt à échéance.
remind-due-today = { $when }, nous rappelons { $who_dat } { $how } que la facture est à payer ce jour-là.
remind-overdue = { $when }, nous signalons { $who_dat } { $how } que le paiement est en retard.
remind-all-well = { $when }, nous demandons { $who_dat } { $how } si tout va bien avec la facture.
remind-entered = { $when }, nous indiquons { $who_dat } { $how } où en sont les choses.
remind-thanks = { $when }, nous adressons nos remerciements { $who_dat } { $how }.
remind-other = { $when }, nous écrivons { $who_dat } { $how } au sujet de la facture.

section-steps = Ce qui se passe si une facture reste impayée
step-grace = { $when }, un bandeau dans l’application demande le paiement { $who_dat }. Tout continue de fonctionner comme avant.
step-read-only = Au plus tôt { $when }, l’application passe en lecture seule : tout peut encore être lu et exporté, mais rien ne peut être modifié.
step-frozen = Au plus tôt { $when }, l’application est suspendue : seul reste utilisable ce qui figure plus bas comme toujours ouvert.
step-slow = Au plus tôt { $when }, l’application est ralentie : jusqu’à { $rate } passent ; ce qui arrive plus vite attend un instant ou doit être renvoyé. Tout continue de fonctionner.
step-slow-too = À partir de là, elle est aussi ralentie : { $rate }.
step-warned = Au moins { $span } avant que cela n’arrive, nous avertissons { $who } { $how } et indiquons le jour et l’heure.
step-approval = Cela n’a lieu que si la personne responsable chez nous l’a approuvé avant l’annonce.
step-again = Nous répétons cet avertissement { $spans } avant.
step-proofs = { $count ->
    [one] Cela n’arrive que si au moins un message contenant cet avertissement est arrivé de façon certaine.
   *[other] Cela n’arrive que si au moins { $count } messages contenant cet avertissement sont arrivés de façon certaine, chacun à une autre personne ou par une autre voie.
}

only-owed = Cela n’a lieu que tant que plus de { $amounts } au total sont en retard.
only-invoices = { $count ->
    [one] Cela n’a lieu que tant que plus d’une facture est en retard.
   *[other] Cela n’a lieu que tant que plus de { $count } factures sont en retard.
}
only-sent = Cela ne vaut que pour les factures que vous réglez vous-même avant leur échéance.
only-charged = Cela ne vaut que pour les factures qui sont prélevées automatiquement.
only-promised = Cela n’a lieu que tant qu’une promesse de paiement de votre part est en cours.
only-not-promised = Cela n’a lieu que tant qu’aucune promesse de paiement de votre part n’est en cours.
only-ends = Dès que ce n’est plus le cas, cette étape est annulée.

task-call = { $when }, l’un de nous vous téléphone.
task-call-repeat = { $count ->
    [one] { $when }, l’un de nous vous téléphone une fois.
   *[other] { $when }, l’un de nous vous téléphone ; si personne n’est joignable, jusqu’à { $count } fois en tout.
}
task-letter = { $when }, nous vous envoyons un courrier.
task-approve = { $when }, une personne de chez nous décide de la suite.
task-formal-claim = { $when }, une personne de chez nous décide si nous réclamons formellement le paiement.
task-hand-off = { $when }, une personne de chez nous décide si quelqu’un d’autre reprend le dossier.
task-other = { $when }, une personne de chez nous examine le dossier.

section-rely = Ce sur quoi vous pouvez compter
rely-warning = Rien n’est jamais restreint sans un avertissement qui soit arrivé. Si un avertissement vous parvient en retard, la date est repoussée d’autant ; s’il ne peut pas être remis, votre accès reste tel qu’il est.
rely-last-resort = Si nos avertissements ne peuvent pas être remis à plusieurs reprises, un dernier part aussi par courrier. À défaut de preuve qu’il est arrivé, la personne responsable chez nous peut alors consigner au moins trois voies par lesquelles nous avons tenté de vous joindre.
rely-letter = Une lettre est réputée reçue cinq jours ouvrés après son envoi.
rely-named = Une restriction n’arrive jamais plus tôt, et n’est jamais plus sévère, que ce que l’avertissement annonçait.
rely-slack = Après l’heure annoncée, nous attendons encore { $span }, pour qu’un paiement de dernière minute arrive d’abord.
rely-hours = Une restriction ne commence que les { $days }, entre { $from } et { $to } : jamais la nuit, un week-end ou un jour férié, ni la veille d’un tel jour.
rely-hours-free = Une restriction ne commence que les { $days }, entre { $from } et { $to } : jamais la nuit, un jour de repos ou un jour férié, ni la veille d’un tel jour.
rely-there = De plus, elle ne commence qu’à des heures où quelqu’un est là pour vous répondre.
rely-send = Nos messages ne partent que les jours ouvrés, entre { $from } et { $to }.
rely-back = Dès que le paiement est arrivé, tout s’ouvre de nouveau aussitôt, à toute heure et tous les jours.
rely-saved = Rien de ce que vous avez enregistré n’est perdu.

section-open = Ce qui reste toujours ouvert
open-intro = Quoi qu’il arrive, vous pouvez toujours :
open-sign-in = vous connecter et vous déconnecter
open-pay = payer
open-standing = voir où vous en êtes et pourquoi
open-ask = demander de l’aide à une personne
open-export = exporter vos données
open-cancel = résilier
open-delete = supprimer vos données
open-reduce = retirer des personnes, révoquer des clés et des sessions, changer des mots de passe et des seconds facteurs

section-agree = S’il vous faut plus de temps
agree-ask = Si vous ne pouvez pas payer à temps, ou si quelque chose n’est pas juste dans une facture, parlez-nous-en : une personne peut vous accorder plus de temps.
agree-ordered = Si nous décidons nous-mêmes de restreindre l’accès, quoi qu’il soit dû, la même règle vaut : un avertissement avant chaque étape, aucune étape n’est sautée, et la mesure prend fin d’elle-même au jour indiqué.
agree-accept = Ces conditions doivent être acceptées et valent alors pendant { $every }. Tant qu’elles ne le sont pas, une restriction ne commence que si la personne responsable chez nous l’a approuvée avant l’annonce, et aucun frais de retard n’est dû.
agree-promise = Vous pouvez aussi promettre vous-même un paiement, pour un jour qui n’est pas à plus de { $span }.
agree-promise-count = { $count ->
    [one] C’est possible une fois par facture.
   *[other] C’est possible { $count } fois par facture.
}
agree-promise-at-once = { $count ->
    [one] Une seule promesse peut être en cours à la fois.
   *[other] Au plus { $count } promesses peuvent être en cours à la fois.
}
agree-promise-kept = Tant qu’une promesse est en cours, il ne se passe rien de plus. Si elle est tenue, tout va bien ; sinon, les étapes reprennent, avec de nouveaux avertissements.
agree-in-flight = Si un paiement est en route et couvre au moins { $percent } de ce qui est dû sur une facture, nous l’attendons jusqu’à { $span }.
agree-in-flight-times = { $count ->
    [one] Nous le faisons une fois par facture.
   *[other] Nous le faisons jusqu’à { $count } fois par facture.
}

section-amounts = Petits et grands montants, intérêts de retard
amount-ignored = Tant que tout ce qui est échu représente moins de { $amounts }, il ne se passe rien.
amount-short = S’il manque moins de { $percent } d’une facture, nous demandons le reste, mais ne restreignons rien.
amount-person = Si plus de { $amounts } sont dus, rien n’est restreint sans qu’une personne de chez nous l’ait décidé.
amount-fee = Si une facture est en retard de plus de { $span }, nous pouvons compter sur le montant échu des intérêts simples de { $rate } par mois, en tout au plus { $cap } de ce montant, et seulement si nous les avons annoncés. Aucun intérêt ne court tant qu’un accord est en cours.
amount-no-fee = Il n’y a pas d’intérêts de retard.

sign-us = Pour nous : lieu, date, signature
sign-you = Pour le client : lieu, date, signature

script-due = La facture { $number } était due le { $due } ; { $amount } restent à payer.
script-open = Facture { $number } : { $amount } restent à payer.
script-read-only = Sans paiement d’ici là, l’application passe en lecture seule. Pas avant : { $at }.
script-frozen = Sans paiement d’ici là, l’application est gelée. Pas avant : { $at }.
script-read-only-part = Sans paiement d’ici là, la partie « { $scope } » passe en lecture seule. Pas avant : { $at }.
script-frozen-part = Sans paiement d’ici là, la partie « { $scope } » est gelée. Pas avant : { $at }.
script-slow = Sans paiement d’ici là, l’application est limitée à { $rate }. Pas avant : { $at }.
script-slow-part = Sans paiement d’ici là, la partie « { $scope } » est limitée à { $rate }. Pas avant : { $at }.
script-ordered-read-only = Nous avons décidé de mettre l’application en lecture seule pour un temps ; il ne s’agit pas d’un paiement. Pas avant : { $at }.
script-ordered-frozen = Nous avons décidé de bloquer l’application pour un temps ; il ne s’agit pas d’un paiement. Pas avant : { $at }.
script-ordered-read-only-part = Nous avons décidé de mettre la partie « { $scope } » en lecture seule pour un temps ; il ne s’agit pas d’un paiement. Pas avant : { $at }.
script-ordered-frozen-part = Nous avons décidé de bloquer la partie « { $scope } » pour un temps ; il ne s’agit pas d’un paiement. Pas avant : { $at }.
script-ordered-ask = Une personne de notre équipe peut lever cette mesure. Y a-t-il une erreur, ou avez-vous besoin de quelque chose ?
script-thanks = Si le paiement a été fait ces derniers jours : merci, alors tout est en ordre.
script-when = Quand pouvons-nous compter sur le paiement ? Y a-t-il un problème avec la facture, ou faut-il plus de temps ?

# In a policy for trials and contracts, `ends-` and the key: said in the place of the other.
when-ends-before = { $span } avant le dernier jour
when-ends-on = le dernier jour
when-ends-after = { $span } après le dernier jour
ends-terms-intro = Voici ce que nous faisons lorsqu’un essai ou un contrat prend fin sans être renouvelé, et ce sur quoi vous pouvez compter. Les dates et les heures sont celles de votre propre fuseau horaire ; si nous ne le connaissons pas, { $zone } fait foi.
ends-section-due = Quand il prend fin
ends-due-moved = Un essai ou un contrat prend fin le dernier jour convenu. Si ce jour n’est pas ouvré, le jour ouvré suivant compte.
ends-due-terms = Si nous apprenons ce jour tardivement, il ne compte pas avant que { $span } se soient écoulés.
ends-remind-upcoming = { $when }, nous rappelons { $who_dat } { $how } que l’essai ou le contrat prendra bientôt fin.
ends-remind-due-today = { $when }, nous rappelons { $who_dat } { $how } qu’il prend fin ce jour-là.
ends-remind-overdue = { $when }, nous signalons { $who_dat } { $how } qu’il a pris fin.
ends-remind-all-well = { $when }, nous demandons { $who_dat } { $how } si tout va bien.
ends-remind-other = { $when }, nous écrivons { $who_dat } { $how } au sujet de la fin.
ends-section-steps = Ce qui se passe à la fin
ends-step-grace = { $when }, un bandeau dans l’application indique { $who_dat } qu’il a pris fin. Tout continue de fonctionner comme avant.
ends-rely-slack = Après l’heure annoncée, nous attendons encore { $span }, pour qu’un renouvellement de dernière minute arrive d’abord.
ends-rely-back = Dès le renouvellement, tout s’ouvre de nouveau aussitôt, à toute heure et tous les jours.
ends-rely-saved = Chaque message indique jusqu’à quand ce que vous avez enregistré est conservé.
ends-agree-ask = Si vous avez besoin de plus de temps pour décider, parlez-nous-en : une personne peut vous l’accorder.
