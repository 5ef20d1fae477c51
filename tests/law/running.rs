//! An account that goes on with its records is the one that is made of all of them.

use ambergate::domain::view::{Running, view};
use proptest::prelude::*;

use crate::history::{beginning_under, happen, happenings};
use crate::hooks::hooks;
use crate::laws::{histories, runner};
use crate::moves::with_mild;
use crate::terms;
use crate::world::STANDARD;

/// One in so many histories is gone through record by record.
const ONE_IN: u32 = 10;

#[test]
fn what_goes_on_is_what_is_made_anew() {
    let law = with_mild(&terms::with_terms(STANDARD));
    let strategy = (happenings(), any::<u64>());
    let result = runner(histories() / ONE_IN).run(&strategy, |(history, mut at_once)| {
        let mut world = beginning_under(&law);
        world.law.hooks = hooks();
        for (number, happening) in history.iter().enumerate() {
            happen(&mut world, *happening, number);
        }
        let mut running = Running::new(world.tenant.clone(), &world.law);
        for count in 1..=world.records.len() {
            at_once = at_once.rotate_left(1);
            if at_once & 1 == 1 && count < world.records.len() {
                continue;
            }
            let records = &world.records[..count];
            let gone_on = format!("{:#?}", running.account(records));
            let anew = format!("{:#?}", view(&world.tenant, records, &world.law));
            prop_assert_eq!(gone_on, anew, "after {} records: {:#?}", count, records.last());
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
