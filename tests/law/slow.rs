//! The ladder of SPEC 4 a second time: slow, obvious, walking minute by minute and asking each
//! minute anew what is so. It shares no date, no record and no plan with the law, only the words
//! of SPEC 4 and 5; what both do to the same invoice must be the same lines.

use std::collections::BTreeSet;

use ambergate::domain::time::{Day, Fold, Instant, MINUTE, Zone};
use ambergate::domain::week::TimeOfDay;

const NOON: i64 = 12 * 60;
const NINE: i64 = 9 * 60;
const TEN: i64 = 10 * 60;
const FOUR: i64 = 16 * 60;
const SIX: i64 = 18 * 60;

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

/// What happens to the one invoice, besides time.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it became known.
    pub known: Instant,
    /// The date printed on it.
    pub due_on: Day,
    /// Promises: when each is made, and its last day.
    pub promises: Vec<(Instant, Day)>,
    /// When it is paid.
    pub paid: Option<Instant>,
    /// From when to when nothing is planned.
    pub off: Vec<(Instant, Instant)>,
    /// For each warning, in their order: when each mailbox took it.
    pub proofs: Vec<Vec<(String, Instant)>>,
}

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
    zone: &'a Zone,
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
        zone,
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
        for place in 0..self.warnings.len() {
            let warning = &mut self.warnings[place];
            if warning.leg != leg && !warning.void && !warning.spent {
                warning.void = true;
                self.say("void warning".to_owned());
            }
        }
        let off = self.told.off.iter().any(|(from, to)| *from <= self.now && self.now < *to);
        if off || self.is_held() || !self.is_sending(self.now) {
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
        for place in 0..self.warnings.len() {
            let warning = &mut self.warnings[place];
            if !warning.void && !warning.spent {
                warning.void = true;
                self.say("void warning".to_owned());
            }
        }
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
        let over = self.day(planned) < self.day(self.told.known);
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
        let repetition = self.start_that_leaves(comes, 1);
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
        if slack <= self.now && self.is_cutoff(self.now) && self.is_before_in_force(rung) {
            self.entered[rung] = Some(self.now);
            self.warnings[place].spent = true;
            self.say(format!("enter {stage}"));
            self.say("notice entered".to_owned());
            // An older one of the same line can be used for nothing any more.
            for place in 0..self.warnings.len() {
                let warning = &mut self.warnings[place];
                if warning.rung == rung && !warning.void && !warning.spent {
                    warning.void = true;
                    self.say("void warning".to_owned());
                }
            }
        }
    }

    fn warn(&mut self, rung: usize, stage: &str, planned: Instant) {
        let before = LADDER[..rung].iter().enumerate().filter(|(_, it)| is_entered_by(it.2));
        let announced = before.map(|(earlier, _)| earlier).all(|earlier| {
            let cutoff = matches!(LADDER[earlier].2, Does::Cutoff(..));
            self.entered[earlier].is_some() || (cutoff && self.live(earlier).is_some())
        });
        if !announced || self.start_that_leaves(planned, 7) > self.now {
            return;
        }
        let at = self.next_cutoff(planned.max(self.days_after(self.now, 7)));
        let (day, minutes) = self.local(at);
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
                Some(proved) => self.now <= self.good_until(place, proved),
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
        self.next_cutoff(at.max(planned).max(self.days_after(proved, 7)))
    }

    /// The end of cutoff hours of the working day after the first cutoff time that it allows.
    fn good_until(&self, place: usize, proved: Instant) -> Instant {
        let at = self.warnings[place].at;
        let mut day = self.day(self.next_cutoff(at.max(self.days_after(proved, 7)))).plus(1);
        while !is_working(day) {
            day = day.plus(1);
        }
        self.at(day, FOUR)
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
        self.start_on(forward(date)) <= self.now
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
            self.at(day.plus(1), 0)
        };
        known.map(|(made, last)| (*made, end(*last))).collect()
    }

    fn is_held(&self) -> bool {
        self.holds().iter().any(|(from, to)| *from <= self.now && self.now < *to)
    }

    /// The first and the last date that each hold touches.
    fn touched(&self) -> Vec<(Day, Day)> {
        let dates =
            |(begin, end): (Instant, Instant)| (self.day(begin), self.day(end.plus_millis(-1)));
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
        let known = self.day(self.told.known);
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
                    None => self.next_cutoff(self.warnings[place].at.max(planned)),
                },
                None => {
                    let leaves = self.next_sending(self.start_that_leaves(planned, 7).max(free));
                    self.next_cutoff(planned.max(self.days_after(leaves, 7)))
                }
            },
            (None, _) => self.next_sending(planned.max(free)),
        };
        let day = self.day(comes);
        if day == self.day(planned) { date } else { day }
    }

    fn planned_on(&self, rung: usize, date: Day) -> Instant {
        match LADDER[rung] {
            (.., Does::Cutoff(..)) => self.next_cutoff(self.at(date, TEN)),
            (_, time, Does::Notice(_)) => self.at(back(date), time),
            _ => self.start_on(forward(date)),
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

    fn local(&self, at: Instant) -> (Day, i64) {
        let (day, millis) = self.zone.local(at);
        (day, millis / MINUTE)
    }

    fn day(&self, at: Instant) -> Day {
        self.local(at).0
    }

    fn at(&self, day: Day, minutes: i64) -> Instant {
        let minutes = u16::try_from(minutes).unwrap();
        self.zone.at(day, TimeOfDay::new(minutes / 60, minutes % 60).unwrap(), Fold::Later)
    }

    fn start_on(&self, day: Day) -> Instant {
        self.at(day, NINE)
    }

    fn days_after(&self, from: Instant, days: i32) -> Instant {
        let (day, minutes) = self.local(from);
        let rest = from.millis().rem_euclid(MINUTE);
        self.at(day.plus(days), minutes).plus_millis(rest)
    }

    fn is_sending(&self, at: Instant) -> bool {
        let (day, minutes) = self.local(at);
        is_working(day) && (NINE..SIX).contains(&minutes)
    }

    fn is_cutoff(&self, at: Instant) -> bool {
        let (day, minutes) = self.local(at);
        is_cutoff_day(day) && (TEN..FOUR).contains(&minutes)
    }

    /// The first cutoff time from then on, a full quarter of an hour.
    fn next_cutoff(&self, from: Instant) -> Instant {
        let quarter = 15 * MINUTE;
        let mut at =
            Instant::from_millis((from.millis() + quarter - 1).div_euclid(quarter) * quarter);
        while !self.is_cutoff(at) {
            let (day, minutes) = self.local(at);
            let later = is_cutoff_day(day) && minutes < TEN;
            at = self.at(if later { day } else { day.plus(1) }, TEN);
        }
        at
    }

    fn next_sending(&self, from: Instant) -> Instant {
        let mut at = from;
        while !self.is_sending(at) {
            let (day, minutes) = self.local(at);
            at = self.start_on(if minutes < NINE { day } else { day.plus(1) });
            at = if is_working(self.day(at)) { at } else { self.at(self.day(at), SIX) };
        }
        at
    }

    /// The last start of a working day's sending from which so many days fit before `at`, and
    /// for a warning one whole working day.
    fn start_that_leaves(&self, at: Instant, days: i32) -> Instant {
        let mut day = self.day(at);
        while !is_working(day) || self.days_after(self.start_on(day), days) > at {
            day = day.plus(-1);
        }
        self.start_on(day)
    }
}

const fn is_entered_by(does: Does) -> bool {
    matches!(does, Does::Grace | Does::Cutoff(..))
}

/// 2026-12-25, 2026-12-26 and 2027-01-01.
const HOLIDAYS: [i32; 3] = [20_812, 20_813, 20_819];

fn is_working(day: Day) -> bool {
    let weekend = matches!(day.weekday().word(), "sat" | "sun");
    !weekend && !HOLIDAYS.contains(&day.number())
}

fn is_cutoff_day(day: Day) -> bool {
    is_working(day) && is_working(day.plus(1)) && day.weekday().word() != "fri"
}

fn forward(mut day: Day) -> Day {
    while !is_working(day) {
        day = day.plus(1);
    }
    day
}

fn back(mut day: Day) -> Day {
    while !is_working(day) {
        day = day.plus(-1);
    }
    day
}

fn plus_working_days(mut day: Day, count: i32) -> Day {
    for _ in 0..count.abs() {
        day = day.plus(count.signum());
        while !is_working(day) {
            day = day.plus(count.signum());
        }
    }
    day
}
