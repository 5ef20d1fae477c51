//! What a grant says will be given back by itself, before anybody says so (SPEC 5.11).

use ambergate::domain::arrangement::{Acceptance, ArrangementKind, ArrangementMade};
use ambergate::domain::closed::ease;
use ambergate::domain::record::Fact;
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::{DAY, Instant};
use ambergate::domain::when::When;

use crate::world::{STANDARD, World, law_of};

fn pause(world: &mut World, name: &str, stage: Stage, days: i32) {
    let until = world.zone.day(world.now).plus(days);
    world.fact(Fact::ArrangementMade(Box::new(ArrangementMade {
        until: Some(When::Day(until)),
        stage: Some(stage),
        accepted_by: Some(Acceptance { name: "Anna".to_owned(), role: Role::Billing }),
        ..ArrangementMade::new(name.parse().unwrap(), ArrangementKind::Pause)
    })));
}

#[test]
fn of_two_pauses_the_later_end_gives_everything_back() {
    let now: Instant = "2026-03-02T09:00:00Z".parse().unwrap();
    let mut world = World::new(law_of(STANDARD), now);
    pause(&mut world, "longer", Stage::ReadOnly, 20);
    pause(&mut world, "shorter", Stage::Frozen, 10);
    world.run_until(now.plus_millis(3 * DAY));
    let mut eases = ease(&world.account());
    eases.sort_unstable_by_key(|ease| ease.at);
    let stages: Vec<Stage> = eases.iter().map(|ease| ease.stage).collect();
    assert_eq!(stages, [Stage::ReadOnly, Stage::Full], "{eases:?}");
    assert!(eases[0].at < eases[1].at);
}
