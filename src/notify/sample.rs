//! Made-up letters with which every template is tried when it is loaded.

use super::letter::{Kind, Letter, Open, Ordered, Said};
use crate::domain::effect::{Effect, Rate};
use crate::domain::grant::Cause;
use crate::domain::id::Derivation;
use crate::domain::money::{Currency, Money};
use crate::domain::policy::{LateFee, Percent};
use crate::domain::span::{Span, Unit};
use crate::domain::stage::Stage;
use crate::domain::term::TermKind;
use crate::domain::time::{Day, Instant, Zone};

const CAUSES: [Cause; 4] = [Cause::Overdue, Cause::Declined, Cause::Confirm, Cause::Returned];

/// Letters in the language `tag` that between them take every way through every template.
pub(super) fn letters(tag: &str) -> Vec<Letter> {
    let mut letters = Vec::new();
    for kind in Kind::ALL {
        for effect in effects() {
            for cause in CAUSES.into_iter().filter(|cause| depends(kind, *cause)) {
                for full in [false, true] {
                    letters.push(letter(tag, said(kind, effect, cause, full), full, false));
                    letters.push(letter(tag, said(kind, effect, cause, full), full, true));
                }
            }
        }
    }
    letters
}

/// Each stage, and slowness alone and beside one.
fn effects() -> Vec<Effect> {
    let stages = [Stage::Grace, Stage::ReadOnly, Stage::Frozen].map(Effect::of);
    let slow: Option<Rate> = "20 per minute".parse().ok();
    let slowed = [Stage::Full, Stage::ReadOnly].map(|stage| Effect { stage, slow });
    stages.into_iter().chain(slowed).collect()
}

/// Whether a template of this kind may read differently for this cause than for the first.
fn depends(kind: Kind, cause: Cause) -> bool {
    cause == CAUSES[0] || matches!(kind, Kind::Overdue | Kind::Warning | Kind::Again)
}

fn said(kind: Kind, effect: Effect, cause: Cause, full: bool) -> Said {
    Said {
        kind,
        number: "R-2026-104".to_owned(),
        open: euro(124_000),
        due_on: due(),
        effect,
        scope: full.then(|| "Reports".to_owned()),
        at: Instant::from_seconds(1_774_857_600),
        cause,
        order: kind.word().starts_with("ordered").then(|| Ordered {
            reason: full.then(|| "More mail than agreed".to_owned()),
            until: full.then(|| Instant::from_seconds(1_777_536_000)),
        }),
        term: kind.word().starts_with("end").then(|| (TermKind::Trial, full.then(due))),
        fee: Some((late_fee(), due().plus(31))).filter(|_| full && kind.says_overdue()),
    }
}

fn late_fee() -> LateFee {
    let after = Span { count: 30, unit: Unit::Days };
    LateFee { rate_per_month: Percent(150), after, cap: Percent(1_800) }
}

fn letter(tag: &str, said: Said, full: bool, neutral: bool) -> Letter {
    let pay_url = full.then(|| "https://pay.example/R-2026-104".to_owned());
    let open = euro(124_000).map(|amount| Open {
        number: "R-2026-104".to_owned(),
        amount,
        due_on: full.then(due),
        pay_url: full.then(|| "https://pay.example/one".to_owned()),
    });
    Letter {
        message: Derivation::of("sample").text(tag).finish(),
        recipient: "ada@example.com".to_owned(),
        hello: full.then(|| "Ada".to_owned()),
        neutral,
        locale: Some(tag.to_owned()),
        zone: Zone::utc(),
        tenant: "Example Ltd".to_owned(),
        notices: vec![said],
        invoices: if full { open.into_iter().collect() } else { Vec::new() },
        owed: if full { euro(124_000).into_iter().collect() } else { Vec::new() },
        overdue: if full { euro(124_000).into_iter().collect() } else { Vec::new() },
        pay_url,
        settlers: if full { vec!["Ada".to_owned(), "Ben".to_owned()] } else { Vec::new() },
    }
}

fn euro(minor: i64) -> Option<Money> {
    let currency: Option<Currency> = "EUR".parse().ok();
    currency.map(|currency| Money { minor, currency })
}

/// Friday, 2026-03-13.
const fn due() -> Day {
    Day::from_number(20_525)
}
