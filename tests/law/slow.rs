//! The ladder of SPEC 4 a second time: slow, obvious, walking minute by minute and asking each
//! minute anew what is so. It shares no date, no record and no plan with the law, only the words
//! of SPEC 4 and 5; what both do to the same invoice must be the same lines.

mod days;
mod places;

use std::collections::BTreeSet;

use ambergate::domain::time::{Day, Instant, MINUTE, Zone};

use crate::differential::Told;
use days::{Days, FOUR, NINE, TEN, forward, is_working, plus_working_days};

const NOON: i64 = 12 * 60;

/// What one line of the ladder does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Notice(&'static str),
    Grace,
    /// Which stage, and how many mailboxes prove its warning.
    Cutoff(&'static str, usize),
    Claim,
}

#[derive(Clone, Copy)]
enum Offset {
    Days(i32),
    WorkingDays(i32),
}

/// The policy of SPEC 4, calls aside: offset from the due date, time of day, what.
const LADDER: [Line; 6] = [
    (Offset::WorkingDays(-3), NINE, Does::Notice("upcoming")),
    (Offset::Days(0), NOON, Does::Notice("due_today")),
    (Offset::Days(1), NINE, Does::Grace),
    (Offset::Days(15), TEN, Does::Cutoff("read_only", 1)),
    (Offset::Days(29), TEN, Does::Cutoff("frozen", 2)),
    (Offset::Days(45), NINE, Does::Claim),
];
/// What an operator asks for climbs this, from the day from which it is asked for (`domain::order`).
const ORDERED: [Line; 3] = [
    (Offset::Days(0), NINE, Does::Grace),
    (Offset::Days(0), TEN, Does::Cutoff("read_only", 1)),
    (Offset::Days(1), TEN, Does::Cutoff("frozen", 2)),
];
/// When a call is due: a rung that says something, for what it overtakes.
const CALL: i32 = 4;

type Line = (Offset, i64, Does);

struct Warning {
    rung: usize,
    at: Instant,
    leg: usize,
    made: Instant,
    void: bool,
    spent: bool,
    repeated: bool,
}

/// Where a line stands, as far as is known now.
#[derive(Clone, Copy)]
struct Place {
    planned: Instant,
    /// The day that later lines are counted from.
    day: Day,
    /// Days after the anchor, were nothing held.
    distance: i32,
}

pub struct Slow<'a> {
    days: Days<'a>,
    told: &'a Told,
    ladder: &'static [Line],
    now: Instant,
    places: Vec<Place>,
    touched: Vec<(Day, Day)>,
    case: usize,
    made: BTreeSet<usize>,
    entered: [Option<Instant>; 6],
    warnings: Vec<Warning>,
    lines: Vec<(Instant, String)>,
}

/// All that becomes of the invoice until `end`: when, and what.
pub fn walk(zone: &Zone, told: &Told, end: Instant) -> Vec<(Instant, String)> {
    let mut slow = Slow {
        days: Days { zone },
        told,
        ladder: told.ordered.map_or(&LADDER[..], |stages| &ORDERED[..stages]),
        now: told.known,
        places: Vec::new(),
        touched: Vec::new(),
        case: 0,
        made: BTreeSet::new(),
        entered: [None; 6],
        warnings: Vec::new(),
        lines: Vec::new(),
    };
    while slow.now <= end {
        slow.minute();
        slow.now = slow.now.plus_millis(MINUTE);
    }
    slow.lines
}

impl Slow<'_> {
    fn minute(&mut self) {
        if self.told.paid.is_some_and(|paid| paid <= self.now) {
            return self.lift();
        }
        let Some(case) = self.told.begins.iter().rposition(|(at, _)| *at <= self.now) else {
            return;
        };
        if case != self.case {
            self.lift();
            (self.case, self.made) = (case, BTreeSet::new());
        }
        let leg = self.leg();
        self.void(|warning| warning.leg != leg);
        let off = self.told.off.iter().any(|(from, to)| *from <= self.now && self.now < *to);
        if off || self.is_held() || !self.days.is_sending(self.now) {
            return;
        }
        self.touched = self.touched();
        self.places = self.places();
        for (rung, (.., does)) in self.ladder.iter().copied().enumerate() {
            let said = self.lines.len();
            if self.told.quiet.is_some_and(|(from, to)| from <= self.now && self.now < to) {
                match does {
                    Does::Claim => self.claim(rung),
                    // What is late waits for the release.
                    Does::Notice(_) | Does::Grace | Does::Cutoff(..) => {}
                }
                continue;
            }
            match does {
                Does::Notice(kind) => self.notice(rung, kind),
                Does::Grace => self.grace(rung),
                Does::Cutoff(stage, needs) => self.cutoff(rung, stage, needs),
                Does::Claim => self.claim(rung),
            }
            if self.lines.len() > said {
                self.places = self.places();
            }
        }
        self.send_along();
    }

    /// What is to be said later today goes with what is said now.
    fn send_along(&mut self) {
        let message = |(at, line): &(Instant, String)| {
            *at == self.now && (line.starts_with("notice ") || line.starts_with("warn "))
        };
        if !self.lines.iter().any(message) {
            return;
        }
        for (rung, (.., does)) in self.ladder.iter().copied().enumerate() {
            let planned = self.places[rung].planned;
            let later = planned > self.now && self.days.day(planned) == self.days.day(self.now);
            if let Does::Notice(kind) = does
                && later
                && self.is_still_to_say(rung, planned)
            {
                self.made.insert(rung);
                self.say(format!("notice {kind}"));
            }
        }
    }

    fn say(&mut self, line: String) {
        self.lines.push((self.now, line));
    }

    /// Those can be used for nothing any more.
    fn void(&mut self, which: impl Fn(&Warning) -> bool) {
        for warning in self.warnings.iter_mut().filter(|it| which(it) && !it.void && !it.spent) {
            warning.void = true;
            self.lines.push((self.now, "void warning".to_owned()));
        }
    }

    fn lift(&mut self) {
        for (rung, (.., does)) in self.ladder.iter().copied().enumerate() {
            if self.entered[rung].take().is_some() {
                let stage = match does {
                    Does::Cutoff(stage, _) => stage,
                    _ => "grace",
                };
                self.say(format!("lift {stage}"));
            }
        }
        self.void(|_| true);
    }

    // What is made.

    fn notice(&mut self, rung: usize, kind: &str) {
        let planned = self.places[rung].planned;
        if planned <= self.now && self.is_still_to_say(rung, planned) {
            self.made.insert(rung);
            self.say(format!("notice {kind}"));
        }
    }

    /// Not said yet, not over when the invoice became known, and nothing later is due.
    fn is_still_to_say(&self, rung: usize, planned: Instant) -> bool {
        let over = self.days.day(planned) < self.days.day(self.began());
        let then = planned.max(self.now);
        let later = (rung + 1..self.ladder.len()).any(|it| self.places[it].planned <= then);
        let overtaken = later || (rung < 3 && self.is_call_due(then));
        !(over || overtaken || self.made.contains(&rung))
    }

    fn grace(&mut self, rung: usize) {
        let planned = self.places[rung].planned;
        if planned <= self.now && self.entered[rung].is_none() {
            // Of what is asked for nothing is overdue.
            let say = self.told.ordered.is_none() && self.is_still_to_say(rung, planned);
            self.entered[rung] = Some(self.now);
            self.say("enter grace".to_owned());
            if say {
                self.made.insert(rung);
                self.say("notice overdue".to_owned());
            }
        }
    }

    fn claim(&mut self, rung: usize) {
        if self.is_due(rung) && self.made.insert(rung) {
            self.say("task formal_claim".to_owned());
        }
    }

    fn cutoff(&mut self, rung: usize, stage: &str, needs: usize) {
        if self.entered[rung].is_some() {
            return;
        }
        let planned = self.places[rung].planned;
        let Some(place) = self.live(rung) else {
            return self.warn(rung, stage, planned);
        };
        let Some(proved) = self.proved(place, needs) else { return };
        let comes = self.comes(place, planned, proved);
        let repetition = self.days.start_that_leaves(comes, 1);
        let warning = &mut self.warnings[place];
        if !warning.repeated
            && repetition > warning.made
            && repetition <= self.now
            && self.now < comes
        {
            warning.repeated = true;
            self.say("notice again".to_owned());
        }
        let slack = comes.plus_millis(15 * MINUTE);
        if slack <= self.now && self.days.is_cutoff(self.now) && self.is_before_in_force(rung) {
            self.entered[rung] = Some(self.now);
            self.warnings[place].spent = true;
            self.say(format!("enter {stage}"));
            self.say("notice entered".to_owned());
            // An older one of the same line can be used for nothing any more.
            self.void(|warning| warning.rung == rung);
        }
    }

    fn warn(&mut self, rung: usize, stage: &str, planned: Instant) {
        let before = self.ladder[..rung].iter().enumerate().filter(|(_, it)| is_entered_by(it.2));
        let announced = before.map(|(earlier, _)| earlier).all(|earlier| {
            let cutoff = matches!(self.ladder[earlier].2, Does::Cutoff(..));
            self.entered[earlier].is_some() || (cutoff && self.live(earlier).is_some())
        });
        if !announced || self.days.start_that_leaves(planned, 7) > self.now {
            return;
        }
        // What follows one that lapsed at the time that it named is made the moment after.
        let lapsed = self.warnings.iter().any(|it| it.rung == rung && it.at == self.now);
        let now = self.now.plus_millis(i64::from(lapsed));
        let at = self.days.next_cutoff(planned.max(self.days.days_after(now, 7)));
        let (day, minutes) = self.days.local(at);
        let word = day.weekday().word();
        let (hour, minute) = (minutes / 60, minutes % 60);
        self.say(format!("warn {stage} from {word} {day} {hour:02}:{minute:02}"));
        let (leg, made) = (self.leg(), self.now);
        let (void, spent, repeated) = (false, false, false);
        self.warnings.push(Warning { rung, at, leg, made, void, spent, repeated });
    }

    // What is so.

    /// The warning of that rung that can still make its cutoff possible.
    fn live(&self, rung: usize) -> Option<usize> {
        let Does::Cutoff(_, needs) = self.ladder[rung].2 else { return None };
        let place = self.warnings.iter().rposition(|warning| warning.rung == rung)?;
        let warning = &self.warnings[place];
        let live = !warning.void
            && !warning.spent
            && match self.proved(place, needs) {
                None => self.now < warning.at,
                Some(proved) => self.now < self.good_until(place, proved),
            };
        live.then_some(place)
    }

    /// When so many mailboxes had taken it, as known now and by the time that it names.
    fn proved(&self, place: usize, needs: usize) -> Option<Instant> {
        let proofs = self.told.proofs.get(place)?;
        let mut known: Vec<Instant> = proofs.iter().map(|(_, at)| *at).collect();
        known.sort();
        let proved = *known.get(needs - 1)?;
        (proved <= self.now && proved <= self.warnings[place].at).then_some(proved)
    }

    fn comes(&self, place: usize, planned: Instant, proved: Instant) -> Instant {
        let at = self.warnings[place].at;
        self.days.next_cutoff(at.max(planned).max(self.days.days_after(proved, 7)))
    }

    /// The end of cutoff hours of the working day after the first cutoff time that it allows.
    fn good_until(&self, place: usize, proved: Instant) -> Instant {
        let at = self.warnings[place].at;
        let mut day =
            self.days.day(self.days.next_cutoff(at.max(self.days.days_after(proved, 7)))).plus(1);
        while !is_working(day) {
            day = day.plus(1);
        }
        self.days.at(day, FOUR)
    }

    fn is_before_in_force(&self, rung: usize) -> bool {
        let mut before = self.ladder[..rung].iter().zip(self.entered);
        before.all(|(line, entered)| !is_entered_by(line.2) || entered.is_some())
    }

    fn is_due(&self, rung: usize) -> bool {
        self.places[rung].planned <= self.now
    }

    fn is_call_due(&self, then: Instant) -> bool {
        let distance = plus_working_days(self.anchor(), CALL).since(self.anchor());
        let grace = self.places[2];
        let date = self
            .ladder_days(self.anchor(), distance)
            .max(self.ladder_days(grace.day, distance - grace.distance));
        self.days.start_on(forward(date)) <= then
    }

    fn leg(&self) -> usize {
        self.holds().len()
    }
}

const fn is_entered_by(does: Does) -> bool {
    matches!(does, Does::Grace | Does::Cutoff(..))
}
