//! The ladder of SPEC 4 a second time: slow, obvious, walking minute by minute and asking each
//! minute anew what is so. It shares no date, no record and no plan with the law, only the words
//! of SPEC 4 and 5; what both do to the same invoice must be the same lines.

use std::collections::BTreeSet;

use ambergate::domain::time::{Day, Instant, MINUTE, Zone};

use crate::differential::Told;
use crate::slow_days::{Days, FOUR, NINE, TEN, back, forward, is_working, plus_working_days};

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
const LADDER: [(Offset, i64, Does); 6] = [
    (Offset::WorkingDays(-3), NINE, Does::Notice("upcoming")),
    (Offset::Days(0), NOON, Does::Notice("due_today")),
    (Offset::Days(1), NINE, Does::Grace),
    (Offset::Days(15), TEN, Does::Cutoff("read_only", 1)),
    (Offset::Days(29), TEN, Does::Cutoff("frozen", 2)),
    (Offset::Days(45), NINE, Does::Claim),
];
/// When a call is due: a rung that says something, for what it overtakes.
const CALL: i32 = 4;

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
    now: Instant,
    places: Vec<Place>,
    touched: Vec<(Day, Day)>,
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
        now: told.known,
        places: Vec::new(),
        touched: Vec::new(),
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
        let leg = self.leg();
        self.void(|warning| warning.leg != leg);
        let off = self.told.off.iter().any(|(from, to)| *from <= self.now && self.now < *to);
        if off || self.is_held() || !self.days.is_sending(self.now) {
            return;
        }
        self.touched = self.touched();
        self.places = self.places();
        for (rung, (.., does)) in LADDER.into_iter().enumerate() {
            let said = self.lines.len();
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
        for (rung, (.., does)) in LADDER.into_iter().enumerate() {
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
        let over = self.days.day(planned) < self.days.day(self.told.known);
        let later = (rung + 1..LADDER.len()).any(|it| self.is_due(it));
        let overtaken = later || (rung < 3 && self.is_call_due());
        !(over || overtaken || self.made.contains(&rung))
    }

    fn grace(&mut self, rung: usize) {
        let planned = self.places[rung].planned;
        if planned <= self.now && self.entered[rung].is_none() {
            let say = self.is_still_to_say(rung, planned);
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
        let before = LADDER[..rung].iter().enumerate().filter(|(_, it)| is_entered_by(it.2));
        let announced = before.map(|(earlier, _)| earlier).all(|earlier| {
            let cutoff = matches!(LADDER[earlier].2, Does::Cutoff(..));
            self.entered[earlier].is_some() || (cutoff && self.live(earlier).is_some())
        });
        if !announced || self.days.start_that_leaves(planned, 7) > self.now {
            return;
        }
        let at = self.days.next_cutoff(planned.max(self.days.days_after(self.now, 7)));
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
        let Does::Cutoff(_, needs) = LADDER[rung].2 else { return None };
        let place = self.warnings.iter().rposition(|warning| warning.rung == rung)?;
        let warning = &self.warnings[place];
        let live = !warning.void
            && !warning.spent
            && match self.proved(place, needs) {
                None => self.now <= warning.at,
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
        let mut before = LADDER[..rung].iter().zip(self.entered);
        before.all(|(line, entered)| !is_entered_by(line.2) || entered.is_some())
    }

    fn is_due(&self, rung: usize) -> bool {
        self.places[rung].planned <= self.now
    }

    fn is_call_due(&self) -> bool {
        let distance = plus_working_days(self.anchor(), CALL).since(self.anchor());
        let grace = self.places[2];
        let date = self
            .ladder_days(self.anchor(), distance)
            .max(self.ladder_days(grace.day, distance - grace.distance));
        self.days.start_on(forward(date)) <= self.now
    }

    fn leg(&self) -> usize {
        self.told.promises.iter().filter(|(made, _)| *made <= self.now).count()
    }

    // Holds.

    /// From when to when each promise that was made holds: to the end of the working day after
    /// its last one.
    fn holds(&self) -> Vec<(Instant, Instant)> {
        let known = self.told.promises.iter().filter(|(made, _)| *made <= self.now);
        let end = |last: Day| {
            let mut day = last.plus(1);
            while !is_working(day) {
                day = day.plus(1);
            }
            self.days.at(day.plus(1), 0)
        };
        known.map(|(made, last)| (*made, end(*last))).collect()
    }

    fn is_held(&self) -> bool {
        self.holds().iter().any(|(from, to)| *from <= self.now && self.now < *to)
    }

    /// The first and the last date that each hold touches.
    fn touched(&self) -> Vec<(Day, Day)> {
        let dates = |(begin, end): (Instant, Instant)| {
            (self.days.day(begin), self.days.day(end.plus_millis(-1)))
        };
        self.holds().into_iter().map(dates).collect()
    }

    fn is_touched(&self, day: Day) -> bool {
        self.touched.iter().any(|(first, last)| *first <= day && day <= *last)
    }

    /// The date so many days later, counting only dates that no hold touches.
    fn ladder_days(&self, from: Day, count: i32) -> Day {
        let (mut day, mut left) = (from, count);
        if count < 0 {
            return from.plus(count);
        }
        while left > 0 {
            day = day.plus(1);
            if !self.is_touched(day) {
                left -= 1;
            }
        }
        day
    }

    // Dates.

    fn anchor(&self) -> Day {
        let known = self.days.day(self.told.known);
        forward(self.told.due_on).max(plus_working_days(known, 3))
    }

    /// Where each line stands.
    fn places(&self) -> Vec<Place> {
        let anchor = self.anchor();
        let mut places: Vec<Place> = Vec::new();
        for (rung, (offset, ..)) in LADDER.iter().enumerate() {
            let distance = match offset {
                Offset::Days(days) => *days,
                Offset::WorkingDays(days) => plus_working_days(anchor, *days).since(anchor),
            };
            let mut date = self.ladder_days(anchor, distance);
            for (earlier, place) in places.iter().enumerate() {
                if is_entered_by(LADDER[earlier].2) {
                    date = date.max(self.ladder_days(place.day, distance - place.distance));
                }
            }
            let planned = self.planned_on(rung, date);
            let day = self.rung_day(rung, date, planned);
            places.push(Place { planned, day, distance });
        }
        places
    }

    /// The day that later rungs are counted from.
    fn rung_day(&self, rung: usize, date: Day, planned: Instant) -> Day {
        let free = self.free();
        let comes = match (self.entered[rung], LADDER[rung].2) {
            (Some(entered), _) => entered,
            (None, Does::Cutoff(_, needs)) => match self.live(rung) {
                Some(place) => match self.proved(place, needs) {
                    Some(proved) => self.comes(place, planned, proved),
                    None => self.days.next_cutoff(self.warnings[place].at.max(planned)),
                },
                None => {
                    let leaves =
                        self.days.next_sending(self.days.start_that_leaves(planned, 7).max(free));
                    self.days.next_cutoff(planned.max(self.days.days_after(leaves, 7)))
                }
            },
            (None, _) => self.days.next_sending(planned.max(free)),
        };
        let day = self.days.day(comes);
        if day == self.days.day(planned) { date } else { day }
    }

    fn planned_on(&self, rung: usize, date: Day) -> Instant {
        match LADDER[rung] {
            (.., Does::Cutoff(..)) => self.days.next_cutoff(self.days.at(date, TEN)),
            (_, time, Does::Notice(_)) => self.days.at(back(date), time),
            _ => self.days.start_on(forward(date)),
        }
    }

    /// Now, or when no promise holds any more.
    fn free(&self) -> Instant {
        let mut free = self.now;
        while let Some((_, end)) =
            self.holds().into_iter().find(|(from, to)| *from <= free && free < *to)
        {
            free = end;
        }
        free
    }
}

const fn is_entered_by(does: Does) -> bool {
    matches!(does, Does::Grace | Does::Cutoff(..))
}
