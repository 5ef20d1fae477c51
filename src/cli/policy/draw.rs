//! A climb, drawn: in text for a terminal, as SVG for a page.
//!
//! Rule: the drawing shows what the table says, and nothing of its own.

use std::fmt::Write as _;

use crate::cli::page;
use crate::domain::course::Happening;
use crate::domain::simulate::{Row, Simulated};
use crate::domain::stage::Stage;
use crate::domain::time::{DAY, Day, Instant, Zone};
use crate::net::html::escaped;

/// How many columns the drawing has beside its labels.
const COLUMNS: usize = 72;
/// How many columns the labels have.
const LABELS: usize = 11;
/// How far the drawing goes on after the last step.
const AFTER: i64 = 5 * DAY;

/// Width and height of the drawing on a page, and the height of a stage.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 260;
const LEFT: i64 = 90;
const STEP: i64 = 54;

/// What is drawn.
#[derive(Debug)]
pub(super) struct Ladder<'a> {
    zone: &'a Zone,
    from: Instant,
    until: Instant,
    stages: Vec<(Instant, Stage)>,
    marks: Vec<(Instant, char)>,
}

impl<'a> Ladder<'a> {
    /// Of what was simulated.
    pub(super) fn of(done: &'a Simulated) -> Self {
        let mark = |what: &Happening| match what {
            Happening::Notice { .. } => Some('n'),
            Happening::Warning { again: false, .. } => Some('w'),
            Happening::Warning { again: true, .. } => Some('r'),
            Happening::Task { .. } => Some('t'),
            _ => None,
        };
        let marks = done.steps.iter().filter_map(|step| Some((step.at, mark(&step.what)?)));
        let marks: Vec<_> = marks.collect();
        let steps = done.steps.last().map_or(done.known, |step| step.at);
        let told = done.told.last().map_or(steps, |(at, ..)| *at);
        let mut stages = vec![(done.known, Stage::Full)];
        stages.extend(done.stages.iter().copied());
        let until = steps.max(told).plus_millis(AFTER).min(done.until).max(done.known);
        Self { zone: &done.zone, from: done.known, until, stages, marks }
    }

    /// For a terminal; ends with a line that says what the letters mean.
    pub(super) fn text(&self) -> String {
        let mut rows = Stage::ALL.map(|_| vec![' '; COLUMNS]);
        for (index, (at, stage)) in self.stages.iter().enumerate() {
            let end = self.stages.get(index + 1).map_or(self.until, |(next, _)| *next);
            let (start, end) = (self.column(*at), self.column(end));
            rows[*stage as usize][start..=end].fill('━');
        }
        for (at, letter) in &self.marks {
            let stage = self.stage_at(*at) as usize;
            rows[stage][self.column(*at)] = *letter;
        }
        for pair in self.stages.windows(2) {
            let (one, two, column) =
                (pair[0].1 as usize, pair[1].1 as usize, self.column(pair[1].0));
            for row in &mut rows[one.min(two)..one.max(two)] {
                row[column] = '┃';
            }
            rows[one][column] = if two > one { '┓' } else { '┛' };
            rows[two][column] = if two > one { '┗' } else { '┏' };
        }
        let mut text = String::new();
        for (stage, row) in Stage::ALL.iter().zip(&rows) {
            let row: String = row.iter().collect();
            let _ = writeln!(text, "{:<LABELS$}{}", name(*stage), row.trim_end());
        }
        let _ = writeln!(text, "{:LABELS$}{}", "", self.axis().trim_end());
        text.push_str("\nn notice   w warning   r warning again   t task\n");
        text
    }

    /// For a page.
    fn svg(&self) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"the stages over time\">"
        );
        for stage in Stage::ALL {
            let y = height(stage);
            let _ = write!(
                svg,
                "<line class=\"rail\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text x=\"0\" y=\"{}\">{}</text>",
                y + 5,
                name(stage)
            );
        }
        for (day, label) in self.months() {
            let (x, y) = (self.x(self.zone.start_of(day)), HEIGHT - 8);
            let _ = write!(svg, "<text class=\"month\" x=\"{x}\" y=\"{y}\">{label}</text>");
        }
        let mut points = String::new();
        let mut last = height(Stage::Full);
        for (at, stage) in &self.stages {
            let (x, y) = (self.x(*at), height(*stage));
            let _ = write!(points, "{x},{last} {x},{y} ");
            last = y;
        }
        let _ = write!(points, "{},{last}", self.x(self.until));
        let _ = write!(svg, "<polyline class=\"climb\" points=\"{points}\"/>");
        for (at, letter) in &self.marks {
            let (x, y) = (self.x(*at), height(self.stage_at(*at)));
            let title = match letter {
                'w' => "warning",
                'r' => "warning again",
                't' => "task",
                _ => "notice",
            };
            let _ = write!(
                svg,
                "<circle class=\"{letter}\" cx=\"{x}\" cy=\"{y}\" r=\"5\"><title>{title}</title></circle>"
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// The stage that was in force when something happened; what begins then does not count.
    fn stage_at(&self, at: Instant) -> Stage {
        let before = self.stages.iter().rev().find(|(since, _)| *since < at);
        before.map_or(Stage::Full, |(_, stage)| *stage)
    }

    /// Thousandths of the way.
    fn share(&self, at: Instant, of: i64) -> i64 {
        let whole = (self.until.millis() - self.from.millis()).max(1);
        let part = (at.millis() - self.from.millis()).clamp(0, whole);
        let scaled = i128::from(part) * i128::from(of) / i128::from(whole);
        i64::try_from(scaled).unwrap_or(of)
    }

    fn column(&self, at: Instant) -> usize {
        usize::try_from(self.share(at, COLUMNS as i64 - 1)).unwrap_or(0).min(COLUMNS - 1)
    }

    fn x(&self, at: Instant) -> i64 {
        LEFT + self.share(at, WIDTH - LEFT - 10)
    }

    /// The first day of each month, and what is written there.
    fn months(&self) -> Vec<(Day, String)> {
        let (first, last) = (self.zone.day(self.from), self.zone.day(self.until));
        let days = (0..=last.since(first)).map(|n| first.plus(n));
        let begins = days.filter(|day| day.to_jiff().day() == 1);
        begins.map(|day| (day, day.to_string()[..7].to_owned())).collect()
    }

    fn axis(&self) -> String {
        let mut axis = vec![' '; COLUMNS + 8];
        let mut free = 0;
        for (day, label) in self.months() {
            let column = self.column(self.zone.start_of(day));
            if column < free {
                continue;
            }
            for (place, letter) in label.chars().enumerate() {
                axis[column + place] = letter;
            }
            free = column + label.len() + 1;
        }
        axis.into_iter().collect()
    }
}

/// A page by itself: the ladder and the table.
pub(super) fn page(done: &Simulated, rows: &[Row]) -> String {
    let title = escaped(&done.policy.title);
    let mut body = format!(
        "<h1>{title}</h1>\n<p>{} · {}</p>\n{}\n<table>\n\
         <tr><th>when<th>what<th><th>to</tr>\n",
        escaped(done.policy.name.as_str()),
        escaped(done.zone.name()),
        Ladder::of(done).svg()
    );
    for row in rows {
        let _ = writeln!(
            body,
            "<tr class=\"{}\"><td>{}<td>{}<td>{}<td>{}</tr>",
            row.what,
            row.local,
            row.what,
            escaped(&row.detail),
            escaped(&row.to)
        );
    }
    body.push_str("</table>");
    page::document("en", &done.policy.title, &body)
}

fn height(stage: Stage) -> i64 {
    24 + stage as i64 * STEP
}

/// A stage as people read it.
fn name(stage: Stage) -> String {
    stage.word().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::policies;
    use crate::domain::simulate::{rows, simulate};

    fn done(more: serde_json::Value) -> Simulated {
        let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
        let mut scenario = json!({"due_on": "2026-03-13", "known": "2026-03-02T08:00"});
        for (key, value) in more.as_object().unwrap() {
            scenario[key] = value.clone();
        }
        let scenario = serde_json::from_value(scenario).unwrap();
        simulate(&law, "standard", &scenario).unwrap()
    }

    #[test]
    fn a_climb_in_text() {
        let told = json!({
            "promises": [{"at": "2026-03-24T13:00", "until": "2026-04-02"}],
            "payments": [{"at": "2026-05-01T10:00"}],
        });
        let drawn = Ladder::of(&done(told)).text();
        let expected = [
            "full       ━━━━━━━━n━━━n━━┓                                                 ┏━━━━━━",
            "grace                     ┗━━tt━━w━━━━━━━━━━━━━━━w━━━r━━┓                   ┃",
            "read-only                                               ┗━━━━━━━w━━━r━━━┓   ┃",
            "frozen                                                                  ┗━━━┛",
            "                                           2026-04                          2026-05",
            "",
            "n notice   w warning   r warning again   t task",
        ];
        assert_eq!(drawn.lines().collect::<Vec<_>>(), expected, "{drawn}");
    }

    #[test]
    fn a_page_is_whole_and_escaped() {
        let mut done = done(json!({}));
        std::sync::Arc::make_mut(&mut done.policy).title = "<Net> & 30".to_owned();
        let page = page(&done, &rows(&done));
        assert!(page.contains("<h1>&lt;Net&gt; &amp; 30</h1>") && !page.contains("<Net>"));
        assert!(page.contains("<polyline") && page.contains("Mon 2026-03-30 10:15"));
        assert!(!page.contains("http"), "nothing comes from elsewhere");
    }
}
