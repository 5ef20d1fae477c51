//! Every history of a small world: one tenant, two invoices that are both climbed for, a quick
//! ladder. At each turn of the climb each record and each failure is tried; where it is asked for
//! (`HAPPENINGS=2`), every pair of them: what goes wrong in few steps goes wrong here.
//!
//! Rules:
//! 1. What is asked of every history is what the oracle says, and that nothing stands in the way
//!    of getting milder: whatever is broken, a payment opens everything at once.
//! 2. Each rule of the law that is taken out must make the search fail.
//! 3. A state that was seen before, with no fewer happenings left, is not looked at again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ambergate::domain::fact::InvoiceNamed;
use ambergate::domain::policy::Law;
use ambergate::domain::record::Fact;
use ambergate::domain::time::DAY;

use crate::agreements::{Agreed, is_closed_but_by_agreement};
use crate::by_hand::ByHand;
use crate::history::{Happening, beginning_under, happen};
use crate::oracle::faults;
use crate::quick::{ALL, ALL_BY_HAND, QUICK, QUICK_TERMS, TURNS, quick, quick_by};
use crate::without::Rule;
use crate::world::{World, law_of};

/// How many things happen in one history; `HAPPENINGS=2` for every pair.
const HAPPENINGS: usize = 1;

/// What happened, each at its turn.
type Path = Vec<(usize, Happening)>;

/// One search.
struct Search {
    /// What may happen.
    happenings: &'static [Happening],
    /// For each state the most happenings that were left when it was seen.
    seen: HashMap<u64, usize>,
    histories: usize,
    /// The first history that is not lawful, and what is wrong with it.
    wrong: Option<(Path, Vec<String>)>,
}

impl Search {
    /// Of every history in which at most `most` of `happenings` happen.
    fn of(world: World, happenings: &'static [Happening], most: usize) -> Self {
        let mut search = Self { happenings, seen: HashMap::new(), histories: 0, wrong: None };
        search.go(world, 0, most, &mut Vec::new());
        search
    }

    /// Goes on from `world` at that turn, with so many happenings left.
    fn go(&mut self, mut world: World, turn: usize, left: usize, path: &mut Path) {
        let state = fingerprint(&world, turn);
        if self.wrong.is_some() || self.seen.get(&state).is_some_and(|most| *most >= left) {
            return;
        }
        self.seen.insert(state, left);
        if turn == TURNS {
            self.histories += 1;
            self.check(&world, path);
            return;
        }
        if left > 0 {
            for (which, happening) in self.happenings.iter().copied().enumerate() {
                let mut other = world.clone();
                path.push((turn, happening));
                // What was decided at once has times one after the other: this comes after them.
                let newest = other.records.last().map(|record| record.time.plus_millis(1));
                other.now = other.now.max(newest.unwrap_or(other.now));
                happen(&mut other, happening, turn * 100 + which);
                if !opens_at_once(&other) {
                    let what = "a payment does not open everything at once".to_owned();
                    self.wrong.get_or_insert((path.clone(), vec![what]));
                }
                self.go(other, turn, left - 1, path);
                path.pop();
            }
        }
        let next = world.now.plus_millis(DAY);
        let next = world.wake.map_or(next, |wake| wake.min(next));
        world.run_until(next.max(world.now));
        self.go(world, turn + 1, left, path);
    }

    fn check(&mut self, world: &World, path: &[(usize, Happening)]) {
        let faults = faults(world);
        if !faults.is_empty() {
            self.wrong.get_or_insert((path.to_vec(), faults));
        }
    }
}

/// Whatever is broken, a payment of all that is owed opens everything in its own commit.
fn opens_at_once(world: &World) -> bool {
    let mut world = world.clone();
    world.off = true;
    world.situation.feeds = false;
    world.situation.heard = false;
    world.situation.slots = false;
    world.situation.notices_held = true;
    world.situation.clock_agrees = false;
    world.billing.away = true;
    let invoices = world.account().invoices;
    for invoice in invoices.into_iter().filter(|invoice| invoice.owed > 0) {
        world.fact(Fact::InvoicePaid(InvoiceNamed { invoice: invoice.invoice }));
    }
    !is_closed_but_by_agreement(&world.account())
}

/// What the rest of a history depends on.
fn fingerprint(world: &World, turn: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        turn,
        world.now,
        world.off,
        format!("{:?}{:?}{:?}{:?}", world.mail, world.situation, world.billing, world.digests),
    )
        .hash(&mut hasher);
    for records in [&world.records, &world.journal] {
        for record in records {
            (record.time, record.learnt, record.source(), record.id()).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn happenings() -> usize {
    std::env::var("HAPPENINGS").ok().and_then(|many| many.parse().ok()).unwrap_or(HAPPENINGS)
}

#[test]
fn no_small_history_by_hand_is_unlawful() {
    for ways in ["\"phone\"", "\"letter\"", "\"email\", \"phone\", \"letter\""] {
        let search = Search::of(quick_by(ways), ALL_BY_HAND, happenings());
        println!("{ways}: {} histories, {} states", search.histories, search.seen.len());
        assert!(search.wrong.is_none(), "{ways}: {:#?}", search.wrong);
        assert!(search.histories > 20, "only {} histories", search.histories);
    }
}

#[test]
fn no_small_history_is_unlawful() {
    let search = Search::of(quick(), ALL, happenings());
    println!("{} histories, {} states", search.histories, search.seen.len());
    assert!(search.wrong.is_none(), "{:#?}", search.wrong);
    assert!(search.histories > 100, "only {} histories", search.histories);
}

/// The quick ladder with some things said otherwise, under its own name and version.
fn told(otherwise: &[(&str, &str)]) -> Option<Law> {
    let said = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "the ladder does not say {from}");
        text.replace(from, to)
    };
    let mut told = law_of(&otherwise.iter().fold(QUICK.to_owned(), said));
    let (name, policy) = told.policies.pop_first().unwrap();
    let hash = law_of(QUICK).policies[&name].hash;
    let mut policy = Arc::unwrap_or_clone(policy);
    policy.hash = hash;
    let policy = Arc::new(policy);
    told.versions = [(hash, policy.clone())].into();
    told.policies = [(name, policy)].into();
    Some(told)
}

/// Without the rule the search, among histories of a few things, finds just this.
fn needs(rule: Rule, told: Option<Law>, happenings: &'static [Happening], fault: &str) {
    needs_in(quick(), rule, told, happenings, fault);
}

fn needs_in(
    mut world: World,
    rule: Rule,
    told: Option<Law>,
    happenings: &'static [Happening],
    fault: &str,
) {
    world.without = Some(rule);
    world.told_law = told;
    let mut searches = (0..=2).map(|most| Search::of(world.clone(), happenings, most));
    let found = searches.find_map(|search| search.wrong);
    let (path, faults) = found.unwrap_or_else(|| panic!("nothing goes wrong without {rule:?}"));
    assert!(faults.iter().any(|it| it.contains(fault)), "without {rule:?}: {path:?} {faults:#?}");
}

use Happening as H;

#[test]
fn their_own_consent_is_needed() {
    let imposed = &[H::Agree(Agreed::PauseImposed, 0, 2)];
    needs(Rule::Accepted, None, imposed, "nobody of the tenant accepted it");
}

#[test]
fn orders_end() {
    let pinned = &[H::Agree(Agreed::PinFrozen, 0, 2), H::EndAgreement];
    needs(Rule::Ended, None, pinned, "is in force at");
}

#[test]
fn what_is_milder_counts_for_more() {
    let pinned = &[H::Agree(Agreed::PinFrozen, 0, 2), H::Agree(Agreed::PinOpenAll, 0, 2)];
    let mut alone = beginning_under(QUICK);
    alone.terms = QUICK_TERMS;
    needs_in(alone, Rule::Milder, None, pinned, "a milder agreement");
}

#[test]
fn scopes_are_needed() {
    needs(Rule::Scope, None, &[H::Scope(0, 1, 0)], "a part that its invoice is not about");
}

#[test]
fn holds_are_needed() {
    needs(Rule::Hold, None, &[H::Promise(0, 1)], "its notice is older than an agreement");
}

#[test]
fn proofs_are_needed() {
    needs(Rule::Proof, None, &[H::Mail(1), H::Mail(3)], "not delivered");
    needs(Rule::Bounce, None, &[H::Bounce], "not delivered");
    let one = told(&[("needs = 2", "needs = 1")]);
    needs(Rule::Policy, one, &[H::Contacts(1)], "not delivered");
}

#[test]
fn what_people_do_by_hand_is_needed() {
    use ByHand as B;
    let (phone, letter) = ("\"phone\"", "\"letter\"");
    let by = quick_by;
    needs_in(by(phone), Rule::Reached, None, &[H::ByHand(B::NoAnswer)], "not delivered");
    needs_in(by(phone), Rule::Script, None, &[H::ByHand(B::Reached)], "not delivered");
    needs_in(by(letter), Rule::LetterTakes, None, &[H::ByHand(B::Posted)], "its notice period");
    needs_in(by(letter), Rule::LastResort, None, &[H::ByHand(B::Declared)], "not delivered");
}

#[test]
fn what_is_true_around_it_is_needed() {
    needs(Rule::Feeds, None, &[H::Stale(28)], "feeds: false");
    needs(Rule::Ask, None, &[], "was not asked");
    needs(Rule::Heard, None, &[H::Silent(28)], "heard: false");
    needs(Rule::Switch, None, &[H::Open(20)], "switch_open: true");
    needs(Rule::Slot, None, &[H::Tripped(28)], "slots: false");
    needs(Rule::Recovering, None, &[H::Recover(28)], "ready: false");
    needs(Rule::Digest, None, &[H::LoseDigests(80)], "no digest that was delivered");
    needs(Rule::Clock, None, &[H::ClockOff(28)], "clock_agrees: false");
}

#[test]
fn periods_are_needed() {
    let shorter = told(&[("before = \"3 days\"", "before = \"2 days\"")]);
    needs(Rule::Policy, shorter, &[H::Mail(1), H::Sleep(80)], "less than its notice period");
    let sooner = told(&[("slack = \"15 minutes\"", "slack = \"0 minutes\"")]);
    needs(Rule::Policy, sooner, &[], "less than its notice period, and the slack");
}

#[test]
fn days_and_hours_are_needed() {
    needs(Rule::Policy, told(&[("due + 7 days", "due + 6 days")]), &[], "before its day");
    needs(Rule::Policy, told(&[("due + 10 days", "due + 9 days")]), &[], "before its day");
    let early = told(&[("10:00-16:00", "09:00-16:00")]);
    needs(Rule::Policy, early, &[], "not a cutoff time");
    let eve = told(&[
        ("\"wed\", \"thu\"]\ncutoff_hours", "\"wed\", \"thu\", \"fri\"]\ncutoff_hours"),
        ("\"thu\", \"fri\"]\nholidays", "\"thu\", \"fri\", \"sat\"]\nholidays"),
    ]);
    needs(Rule::Policy, eve, &[], "not a cutoff time");
}

#[test]
fn notices_lapse() {
    needs(Rule::Lapse, None, &[], "later than the working day after");
}

#[test]
fn stages_in_their_order_are_needed() {
    let grace = QUICK.find("[[policies.standard.rungs]]").unwrap();
    let after = grace + QUICK[grace + 1..].find("[[").unwrap() + 1;
    let without = told(&[(&QUICK[grace..after], "")]);
    needs(Rule::Policy, without, &[], "a stage was jumped over");
}

#[test]
fn what_falls_is_recorded() {
    const MONEY: &[Happening] = &[H::Pay(0, 10), H::Raise(0, 30)];
    needs(Rule::Lifted, None, MONEY, "without a decision");
    needs(Rule::JournalAfterCommit, None, &[H::LoseRace(0)], "without a decision");
}
