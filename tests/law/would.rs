//! What would have happened, where late news puts another case in the place of its own.

use ambergate::domain::decision::Decision;
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::time::{DAY, HOUR};

use crate::history::{beginning, terms};

#[test]
fn of_a_case_that_was_replaced_counts_for_nothing() {
    let mut world = beginning();
    let known = world.now;
    world.run_until(known.plus_millis(DAY));
    let issued = Fact::InvoiceIssued(Box::new(terms(&world, 1, 2, true)));
    world.fact(issued.clone());
    (world.situation.observed, world.situation.switch_open) = (true, true);
    world.run_until(known.plus_millis(60 * DAY));
    let replaced = world.account().cases[0].case;
    let would = |it: &Record| matches!(it.as_decision(), Some(Decision::WouldHave(would)) if would.case == replaced);
    assert!(world.records.iter().any(would), "nothing would have happened");
    world.fact_at(known.plus_millis(HOUR), issued);
    let account = world.account();
    assert!(account.case(replaced).is_none(), "it was not replaced");
    assert!(account.unmatched.is_empty(), "somebody is to look at {:?}", account.unmatched);
}
