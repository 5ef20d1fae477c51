//! Another text of a policy, while cases run under the one before (SPEC 4, 5.4).

use ambergate::domain::fact::PaymentPending;
use ambergate::domain::record::Fact;
use ambergate::domain::stage::Stage;
use ambergate::domain::time::DAY;

use crate::history::{beginning, invoice, money, terms};
use crate::world::{STANDARD, law_of};

/// The operator edits what holds and ends a climb: only what begins afterwards is under it.
#[test]
fn what_runs_keeps_the_version_that_it_began_with() {
    for (from, to) in [
        ("covers = \"90%\"", "covers = \"100%\""),
        ("hold = \"5 working days\"", "hold = \"9 working days\""),
        ("written_off = \"climb\"", "written_off = \"lift\""),
        ("written_off = \"climb\"", "written_off = \"stay\""),
    ] {
        let mut world = beginning();
        let begin = world.now;
        let issued = Fact::InvoiceIssued(Box::new(terms(&world, 1, 11, true)));
        world.fact(issued);
        world.run_until(begin.plus_millis(15 * DAY));
        let (payment, amount) = ("p1".parse().unwrap(), money(95_000));
        let pending = PaymentPending { payment, invoice: invoice(1), amount, method: None };
        world.fact(Fact::PaymentPending(pending));
        world.run_until(begin.plus_millis(60 * DAY));
        world.fact(Fact::InvoiceWrittenOff(ambergate::domain::fact::InvoiceNamed {
            invoice: invoice(1),
        }));
        world.run_until(begin.plus_millis(62 * DAY));
        assert_eq!(world.account().stage(), Stage::Frozen);
        let (before, records) = (format!("{:?}", world.account()), world.records.len());
        let mut edited = law_of(&STANDARD.replace(from, to));
        assert_ne!(edited.versions.keys().next(), world.law.versions.keys().next());
        edited.versions.extend(world.law.versions.clone());
        world.law = edited;
        world.tick();
        assert_eq!(format!("{:?}", world.account()), before, "{to}");
        assert_eq!(world.records.len(), records, "{to}: {:#?}", world.log);
    }
}
