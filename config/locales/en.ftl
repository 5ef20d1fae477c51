# Everything that is said about a policy, in English. Every key stands in every language; the test
# of src/config/locales holds them together. `_dat` and `_gen` are forms that some languages need.

span-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
span-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
span-days = { $count ->
    [one] one day
   *[other] { $count } days
}
span-working-days = { $count ->
    [one] one working day
   *[other] { $count } working days
}
span-months = { $count ->
    [one] one month
   *[other] { $count } months
}
span-weeks = { $count ->
    [one] one week
   *[other] { $count } weeks
}

role-billing = your billing contacts
role-admin = the administrators of your account
role-user = the users of the app
role-account-manager = your account manager
role-owner = the person in charge on our side
role-everyone = everybody who is signed in

channel-email = by e-mail
channel-banner = by a banner in the app
channel-phone = by phone
channel-letter = by letter
channel-webhook = by a message to your systems

when-due-before = { $span } before the due date
when-due-on = on the due date
when-due-after = { $span } after the due date
when-issued-before = { $span } before the date of the invoice
when-issued-on = on the date of the invoice
when-issued-after = { $span } after the date of the invoice
when-failed-before = { $span } before the first failed charge
when-failed-on = on the day of the first failed charge
when-failed-after = { $span } after the first failed charge
when-time = { $when } at { $time }

terms-version = Version { $version }
terms-intro = These are the steps we take when an invoice stays unpaid, and what you can rely on. They apply to each invoice by itself. Dates and times are those of your own time zone; where we do not know it, { $zone } counts.

section-due = When an invoice is due
due-moved = If the due date falls on a day that is not a working day, the invoice is due on the next working day.
due-terms = If an invoice reaches our systems late, it is not due before { $span } have passed since then.
due-charged = Your invoices are charged to the payment method that you gave us. Nothing happens as long as a charge succeeds.

section-reminders = What we remind you of
remind-upcoming = { $when }, we remind { $who } { $how } that the invoice will soon be due.
remind-due-today = { $when }, we remind { $who } { $how } that the invoice is due on that day.
remind-overdue = { $when }, we tell { $who } { $how } that the payment is overdue.
remind-all-well = { $when }, we ask { $who } { $how } whether all is well with the invoice.
remind-entered = { $when }, we tell { $who } { $how } where things stand.
remind-thanks = { $when }, we thank { $who } { $how }.
remind-other = { $when }, we write to { $who } { $how } about the invoice.

section-steps = What happens when an invoice stays unpaid
step-grace = { $when }, a banner in the app asks { $who } for the payment. Everything keeps working as before.
step-read-only = { $when } at the earliest, the app becomes read-only: everything can still be read and exported, but nothing can be changed.
step-frozen = { $when } at the earliest, the app is frozen: only what is listed below as always open can still be used.
step-slow = { $when } at the earliest, the app is slowed down: up to { $rate } pass at once, what comes faster waits a moment or is asked to come again. Everything keeps working.
step-slow-too = From then on it is also slowed down, to { $rate }.
step-warned = At least { $span } before this happens, we warn { $who } { $how } and name the day and the hour.
step-approval = It happens only if the person in charge on our side has approved of it before it is announced.
step-again = We repeat this warning { $spans } before.
step-proofs = { $count ->
    [one] It happens only if at least one message with this warning has demonstrably arrived.
   *[other] It happens only if at least { $count } messages with this warning have demonstrably arrived, each with another person or by another way.
}

only-owed = This happens only while more than { $amounts } is overdue in all.
only-invoices = { $count ->
    [one] This happens only while more than one invoice is overdue.
   *[other] This happens only while more than { $count } invoices are overdue.
}
only-sent = This holds only for invoices that you pay yourself by their due date.
only-charged = This holds only for invoices that are charged automatically.
only-promised = This happens only while a promise of yours to pay stands.
only-not-promised = This happens only while no promise of yours to pay stands.
only-ends = As soon as that is no longer so, this step is taken back.

task-call = { $when }, one of us calls you.
task-call-repeat = { $count ->
    [one] { $when }, one of us calls you once.
   *[other] { $when }, one of us calls you; if nobody can be reached, up to { $count } times in all.
}
task-letter = { $when }, we send you a letter.
task-approve = { $when }, a person on our side decides how to go on.
task-formal-claim = { $when }, a person on our side decides whether to claim the payment formally.
task-hand-off = { $when }, a person on our side decides whether somebody else takes over the matter.
task-other = { $when }, a person on our side looks at the matter.

section-rely = What you can rely on
rely-warning = Nothing is ever restricted without a warning that has arrived. If a warning reaches you late, the date is moved back accordingly; if it cannot be delivered, your access stays as it is.
rely-last-resort = If our warnings repeatedly cannot be delivered, a last one goes out by letter as well. Instead of a proof that it has arrived, the person in charge on our side may then record at least three ways in which we tried to reach you.
rely-letter = A letter counts as having arrived five working days after it was posted.
rely-named = A restriction never comes earlier, and is never harder, than the warning said.
rely-slack = After the time that was named we wait another { $span }, so that a payment of the last minute arrives first.
rely-hours = A restriction begins only on { $days } between { $from } and { $to }: never at night, on a weekend or on a public holiday, and never on the day before one.
rely-hours-free = A restriction begins only on { $days } between { $from } and { $to }: never at night, on a day off or on a public holiday, and never on the day before one.
rely-there = It also begins only at hours at which somebody is here to answer you.
rely-send = Our messages leave only on working days between { $from } and { $to }.
rely-back = As soon as the payment has arrived, everything opens again at once, at any hour and on any day.
rely-saved = Nothing that you saved is lost.

section-open = What always stays open
open-intro = Whatever happens, the following can always be used:
open-sign-in = signing in and out
open-pay = paying
open-standing = seeing where you stand and why
open-ask = asking a person for help
open-export = exporting your data
open-cancel = cancelling
open-delete = deleting your data
open-reduce = removing people, revoking keys and sessions, and changing passwords and second factors

section-agree = If you need more time
agree-ask = If you cannot pay in time, or if something is wrong with an invoice, please talk to us: a person can give you more time.
agree-ordered = If we decide ourselves to restrict access, whatever is owed, the same holds: a warning before each step, no step left out, and it ends by itself on the day that was named.
agree-accept = These terms have to be accepted, and then hold for { $every }. As long as they are not accepted, a restriction begins only if the person in charge on our side has approved of it before it is announced, and no late fee is charged.
agree-promise = You can also promise a payment yourself, for a day that is at most { $span } ahead.
agree-promise-count = { $count ->
    [one] This is possible once for each invoice.
   *[other] This is possible { $count } times for each invoice.
}
agree-promise-at-once = { $count ->
    [one] Only one promise can stand at a time.
   *[other] At most { $count } promises can stand at a time.
}
agree-promise-kept = While a promise stands, nothing goes on. If it is kept, all is well; if it is not, the steps go on, with new warnings.
agree-in-flight = If a payment is on its way that covers at least { $percent } of what is owed on an invoice, we wait for it for up to { $span }.
agree-in-flight-times = { $count ->
    [one] We do this once for each invoice.
   *[other] We do this up to { $count } times for each invoice.
}

section-amounts = Small and large amounts, late fees
amount-ignored = As long as everything that is overdue comes to less than { $amounts }, nothing happens.
amount-short = If less than { $percent } of an invoice is missing, we ask for it, but restrict nothing.
amount-person = If more than { $amounts } is owed, nothing is restricted unless a person on our side has decided so.
amount-fee = If an invoice is more than { $span } overdue, we may charge simple interest of { $rate } a month on the overdue amount, at most { $cap } of it in all, and only if we announced it. No interest runs while an agreement stands.
amount-no-fee = There are no late fees.

sign-us = For us: place, date, signature
sign-you = For the customer: place, date, signature

script-due = Invoice { $number } was due on { $due }; { $amount } of it is open.
script-open = Invoice { $number }: { $amount } is open.
script-read-only = Unless it is paid before then, the app becomes read-only. Not before: { $at }.
script-frozen = Unless it is paid before then, the app is frozen. Not before: { $at }.
script-read-only-part = Unless it is paid before then, the part “{ $scope }” becomes read-only. Not before: { $at }.
script-frozen-part = Unless it is paid before then, the part “{ $scope }” is frozen. Not before: { $at }.
script-slow = Unless it is paid before then, the app is slowed down to { $rate }. Not before: { $at }.
script-slow-part = Unless it is paid before then, the part “{ $scope }” is slowed down to { $rate }. Not before: { $at }.
script-ordered-read-only = We decided to make the app read-only for a while; this is not about a payment. Not before: { $at }.
script-ordered-frozen = We decided to freeze the app for a while; this is not about a payment. Not before: { $at }.
script-ordered-read-only-part = We decided to make the part “{ $scope }” read-only for a while; this is not about a payment. Not before: { $at }.
script-ordered-frozen-part = We decided to freeze the part “{ $scope }” for a while; this is not about a payment. Not before: { $at }.
script-ordered-ask = A person of ours can lift it. Is something wrong with this, or is anything needed from us?
script-thanks = If it has been paid in the last few days: thank you, then all is well.
script-when = When may we expect the payment? Is something wrong with the invoice, or is more time needed?

# In a policy for trials and contracts, `ends-` and the key: said in the place of the other.
when-ends-before = { $span } before the last day
when-ends-on = on the last day
when-ends-after = { $span } after the last day
ends-terms-intro = These are the steps we take when a trial or a contract ends and is not renewed, and what you can rely on. Dates and times are those of your own time zone; where we do not know it, { $zone } counts.
ends-section-due = When it ends
ends-due-moved = A trial or a contract ends on the last day that was agreed. If that is not a working day, the next working day counts.
ends-due-terms = If we learn of that day late, it does not count before { $span } have passed since then.
ends-remind-upcoming = { $when }, we remind { $who } { $how } that the trial or the contract will soon end.
ends-remind-due-today = { $when }, we remind { $who } { $how } that it ends on that day.
ends-remind-overdue = { $when }, we tell { $who } { $how } that it has ended.
ends-remind-all-well = { $when }, we ask { $who } { $how } whether all is well.
ends-remind-other = { $when }, we write to { $who } { $how } about its end.
ends-section-steps = What happens when it ends
ends-step-grace = { $when }, a banner in the app tells { $who } that it has ended. Everything keeps working as before.
ends-rely-slack = After the time that was named we wait another { $span }, so that a renewal of the last minute arrives first.
ends-rely-back = As soon as it is renewed, everything opens again at once, at any hour and on any day.
ends-rely-saved = Every message about it says until when what you saved is kept.
ends-agree-ask = If you need more time to decide, please talk to us: a person can give it to you.
