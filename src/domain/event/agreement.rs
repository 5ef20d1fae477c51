//! What an arrangement must say, kind by kind (SPEC 4).
//!
//! Rules:
//! 1. What a kind needs is asked for; what it has no use for is refused: it would be believed to
//!    count.
//! 2. Nothing is judged by other records here: whether an invoice exists, or a date has passed.

use super::check::Checks;
use crate::domain::fact::{ArrangementKind, ArrangementMade, Instalment};
use crate::domain::stage::{Role, Stage};

/// Most instalments of a plan.
const INSTALMENTS_MAX: usize = 120;
/// Most lines of a dispute.
const LINES_MAX: usize = 200;

/// The fields that some kinds have.
const FIELDS: [&str; 12] = [
    "until",
    "due_on",
    "amount",
    "lines",
    "from",
    "instalments",
    "stage",
    "opens",
    "cause",
    "access",
    "accepted_by",
    "reason",
];

/// What a kind needs, and what else it may have.
const fn fields_of(kind: ArrangementKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        ArrangementKind::Promise => (&["until"], &["amount", "opens", "reason"]),
        ArrangementKind::Extension => (&["due_on"], &["reason", "accepted_by"]),
        ArrangementKind::Plan => (&["instalments", "accepted_by"], &["reason"]),
        ArrangementKind::Dispute => (&["reason"], &["lines", "amount"]),
        ArrangementKind::Pause => (&["until", "stage"], &["from", "reason", "accepted_by"]),
        ArrangementKind::Exemption => (&[], &["until", "reason"]),
        ArrangementKind::Silence => (&["cause", "access"], &["from", "reason"]),
        ArrangementKind::Pin => (&["stage", "until", "reason"], &[]),
    }
}

impl Checks<'_> {
    pub(super) fn arrangement(&mut self, made: &ArrangementMade) {
        self.list("invoices", made.invoices.as_deref().unwrap_or_default().len());
        self.money("amount", made.amount);
        self.text("by", made.by.as_deref());
        self.note("reason", made.reason.as_deref());
        let (needed, allowed) = fields_of(made.kind);
        for (field, given) in FIELDS.iter().zip(given(made)) {
            if !given && needed.contains(field) {
                self.fault(field, missing(field));
            } else if given && !needed.contains(field) && !allowed.contains(field) {
                self.fault(field, format!("means nothing for kind `{}`", made.kind.word()));
            }
        }
        self.plan(made.instalments.as_deref().unwrap_or_default());
        self.dispute(made);
        self.stages(made);
        if let Some(accepted) = &made.accepted_by {
            self.text("accepted_by.name", Some(&accepted.name));
            if !matches!(accepted.role, Role::Billing | Role::Admin) {
                self.fault("accepted_by.role", "only `billing` or `admin` can accept");
            }
        }
    }

    fn plan(&mut self, instalments: &[Instalment]) {
        if instalments.len() > INSTALMENTS_MAX {
            self.fault("instalments", format!("more than {INSTALMENTS_MAX}"));
        }
        for (index, part) in instalments.iter().enumerate() {
            let field = format!("instalments[{index}]");
            self.money(&format!("{field}.amount"), Some(part.amount));
            let Some(before) = index.checked_sub(1).map(|before| &instalments[before]) else {
                continue;
            };
            if part.due_on <= before.due_on {
                self.fault(&format!("{field}.due_on"), "not after the instalment before it");
            }
            if part.amount.currency != before.amount.currency {
                let detail = format!("the others are in {}", before.amount.currency);
                self.fault(&format!("{field}.amount.currency"), detail);
            }
        }
    }

    fn dispute(&mut self, made: &ArrangementMade) {
        let lines = made.lines.as_deref().unwrap_or_default();
        if lines.len() > LINES_MAX {
            self.fault("lines", format!("more than {LINES_MAX}"));
        }
        for (index, line) in lines.iter().enumerate() {
            self.text(&format!("lines[{index}].line"), Some(&line.line));
            self.money(&format!("lines[{index}].amount"), Some(line.amount));
        }
        if made.kind != ArrangementKind::Dispute {
            return;
        }
        let in_part = made.lines.is_some() || made.amount.is_some();
        if made.lines.is_some() && made.amount.is_some() {
            self.fault("amount", "lines or an amount, not both");
        }
        if in_part && made.invoices.as_ref().is_none_or(|invoices| invoices.len() != 1) {
            self.fault("invoices", "a part is of exactly one invoice: name it");
        }
    }

    fn stages(&mut self, made: &ArrangementMade) {
        if made.opens.is_some_and(Stage::restricts) {
            self.fault("opens", "full or grace: a promise gives access back");
        }
    }
}

/// Which of [`FIELDS`] are there.
fn given(made: &ArrangementMade) -> [bool; FIELDS.len()] {
    [
        made.until.is_some(),
        made.due_on.is_some(),
        made.amount.is_some(),
        made.lines.as_ref().is_some_and(|lines| !lines.is_empty()),
        made.from.is_some(),
        made.instalments.as_ref().is_some_and(|parts| !parts.is_empty()),
        made.stage.is_some(),
        made.opens.is_some(),
        made.cause.is_some(),
        made.access.is_some(),
        made.accepted_by.is_some(),
        made.reason.is_some(),
    ]
}

fn missing(field: &str) -> &'static str {
    match field {
        "until" => "missing: it stands until a date",
        "due_on" => "missing: an extension gives a new due date",
        "instalments" => "missing: a plan is dated parts, [{due_on, amount}]",
        "accepted_by" => "missing: who accepted it, {name, role}",
        "reason" => "missing: why, in words",
        "stage" => "missing: which stage meanwhile",
        "cause" => "missing: insolvency, litigation, agency or factor",
        "access" => "missing: lift or keep",
        _ => "missing",
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::event::faults_of;
    use crate::domain::fact::{ArrangementKind, ArrangementMade};
    use crate::domain::record::Fact;

    fn faults(kind: &str, data: &str) -> Vec<String> {
        let text = format!(r#"{{"arrangement":"a1","kind":"{kind}"{data}}}"#);
        let made: ArrangementMade = serde_json::from_str(&text).unwrap();
        let faults = faults_of(&Fact::ArrangementMade(Box::new(made)));
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_kind_says_what_it_needs() {
        let who = r#","accepted_by":{"name":"Ann","role":"billing"}"#;
        let parts =
            r#","instalments":[{"due_on":"2026-04-01","amount":{"minor":1,"currency":"EUR"}}]"#;
        let right = [
            ("promise", r#","until":"2026-04-02","opens":"grace""#.to_owned()),
            ("extension", r#","due_on":"2026-04-02""#.to_owned()),
            ("plan", format!("{parts}{who}")),
            ("dispute", r#","reason":"wrong hours""#.to_owned()),
            ("pause", format!(r#","until":"2026-05-01","stage":"grace"{who}"#)),
            ("exemption", String::new()),
            ("silence", r#","cause":"insolvency","access":"keep""#.to_owned()),
            ("pin", r#","stage":"full","until":"2026-05-01","reason":"our fault""#.to_owned()),
            ("pin", r#","stage":"frozen","until":"2026-05-01","reason":"abuse""#.to_owned()),
            ("pause", r#","until":"2026-05-01","stage":"frozen""#.to_owned()),
        ];
        for (kind, data) in &right {
            assert_eq!(faults(kind, data), [""; 0], "{kind}");
        }
        let bare = |kind| faults(kind, "");
        assert_eq!(bare("promise"), ["data.until"]);
        assert_eq!(bare("plan"), ["data.instalments", "data.accepted_by"]);
        assert_eq!(bare("dispute"), ["data.reason"]);
        assert_eq!(bare("pause"), ["data.until", "data.stage"]);
        assert_eq!(bare("silence"), ["data.cause", "data.access"]);
        assert_eq!(bare("pin"), ["data.until", "data.stage", "data.reason"]);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let user =
            r#","until":"2026-05-01","stage":"grace","accepted_by":{"name":"U","role":"user"}"#;
        assert_eq!(faults("pause", user), ["data.accepted_by.role"]);
        let part = r#","reason":"x","amount":{"minor":1,"currency":"EUR"}"#;
        assert_eq!(faults("dispute", part), ["data.invoices"]);
        assert_eq!(faults("exemption", r#","due_on":"2026-05-01""#), ["data.due_on"]);
        let back = r#","accepted_by":{"name":"Ann","role":"admin"},"instalments":[
            {"due_on":"2026-04-01","amount":{"minor":1,"currency":"EUR"}},
            {"due_on":"2026-04-01","amount":{"minor":1,"currency":"USD"}}]"#;
        let wrong = ["data.instalments[1].due_on", "data.instalments[1].amount.currency"];
        assert_eq!(faults("plan", back), wrong);
        assert_eq!(ArrangementKind::Silence.word(), "silence");
    }
}
