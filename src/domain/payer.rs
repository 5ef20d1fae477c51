//! Tenants that another one pays for (SPEC 4 `paid_by`).
//!
//! Rules:
//! 1. What a payer's standing is, as far as it is shared, is recorded with each tenant it pays for:
//!    the stages that are in force there, and those that its people were told of, and when.
//! 2. Each part of the app of it is a climb of its own name (`payer:acme`), with warnings, proofs and
//!    entries of the tenant's own: nobody is cut off of whose people nobody was told.
//! 3. Nothing of it is entered before the payer's own, and whatever the payer gets back falls at once:
//!    a gate reads the payer's grant beside the tenant's, and the milder of both counts.
//! 4. It is one level: who is paid for shares nothing. So nobody is restricted by a ring either.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::account::{Account, Case, Entry};
use super::decision::Decision;
use super::id::{Derivation, Derived, InvoiceId, Scope, TenantId};
use super::plan::{Ground, Situation, Survey, known_by};
use super::policy::Law;
use super::stage::Stage;
use super::time::Instant;

/// How the names of what payers share begin, in the place of a billing system.
pub const SYSTEM: &str = "payer";

/// The most parts of the app of which a payer's standing is shared.
const PARTS_MAX: usize = 50;

/// Who pays, as events say it: a tenant, or with an empty text nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidBy(pub Option<TenantId>);

impl Serialize for PaidBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_ref().map_or("", TenantId::as_str))
    }
}

impl<'de> Deserialize<'de> for PaidBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads a tenant's name, or none.
struct Text;

impl serde::de::Visitor<'_> for Text {
    type Value = PaidBy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tenant that pays, or an empty text: nobody else pays")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PaidBy, E> {
        let tenant = (!text.is_empty()).then(|| text.parse()).transpose();
        tenant.map(PaidBy).map_err(E::custom)
    }
}

/// A stage of a payer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedStage {
    /// Which.
    pub stage: Stage,
    /// When it came, or comes as its people were told.
    pub at: Instant,
    /// Whether it is in force.
    pub entered: bool,
}

/// `standing.shared`: how a payer stands from now on, as far as it is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingShared {
    /// H(tenant, n).
    pub shared: Derived,
    /// Counts these records of the tenant, from 0.
    pub n: u32,
    /// Whose standing.
    pub payer: TenantId,
    /// In which part of the app.
    pub scope: Scope,
    /// What is in force or announced, the mildest first; none: nothing is.
    pub stages: Vec<SharedStage>,
}

/// `child.linked`: a tenant says that this one pays for it or that it was merged into it, or no
/// longer says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildLinked {
    /// H(tenant, child, n).
    pub link: Derived,
    /// Counts these records of the tenant, from 0.
    pub n: u32,
    /// Which tenant.
    pub child: TenantId,
    /// Whether it is paid for.
    pub paid: bool,
    /// Whether it was merged into this one.
    #[serde(default)]
    pub merged: bool,
}

impl ChildLinked {
    /// How the two belong together.
    #[must_use]
    pub const fn tie(&self) -> Tie {
        match (self.paid, self.merged) {
            (false, _) => Tie::None,
            (true, false) => Tie::Paid,
            (true, true) => Tie::Merged,
        }
    }
}

/// How another tenant belongs to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// Not at all.
    None,
    /// This one pays for it.
    Paid,
    /// It was merged into this one: what is owed by it is owed by this one.
    Merged,
}

impl Tie {
    /// How `payer` is to know `child`, whose account is `account`.
    #[must_use]
    pub fn of(account: &Account, payer: &TenantId) -> Self {
        let profile = &account.profile;
        if profile.merged_into.as_ref() == Some(payer) {
            Self::Merged
        } else if profile.payer() == Some(payer) {
            Self::Paid
        } else {
            Self::None
        }
    }

    /// How `child` belongs to the tenant whose account is `account`, as far as that knows.
    #[must_use]
    pub fn known(account: &Account, child: &TenantId) -> Self {
        if account.merged.contains(child) {
            Self::Merged
        } else if account.children.contains(child) {
            Self::Paid
        } else {
            Self::None
        }
    }
}

/// What a payer shares of one part of the app, as the newest record says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Who pays.
    pub payer: TenantId,
    /// What is in force there or announced, the mildest first.
    pub stages: Vec<SharedStage>,
}

impl Shared {
    /// What is shared of that stage.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> Option<&SharedStage> {
        self.stages.iter().find(|shared| shared.stage == stage)
    }

    /// Whether the payer is in that stage, or a harder one.
    #[must_use]
    pub fn is_entered(&self, stage: Stage) -> bool {
        self.stages.iter().any(|shared| shared.entered && shared.stage >= stage)
    }
}

/// What was read of a payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Which tenant.
    pub tenant: TenantId,
    /// How it stands in each part of the app where anything is against it.
    pub parts: Vec<(Scope, Vec<SharedStage>)>,
}

impl Payer {
    /// What `account`, a payer's, shares.
    #[must_use]
    pub fn of(tenant: &TenantId, account: &Account, law: &Law, situation: &Situation) -> Self {
        let situation = &Situation { now: known_by(account, situation.now), ..*situation };
        let ground = Ground::new(account, law);
        let survey = Survey::new(&ground, *situation);
        let mut parts: Vec<(Scope, Vec<SharedStage>)> = Vec::new();
        // Who is paid for pays for nobody.
        let cases = account.cases.iter().enumerate().filter(|_| account.profile.payer().is_none());
        for (place, case) in cases.filter(|(_, case)| case.is_live()) {
            let entries = case.entries.iter().filter(|it| is_shared(it, situation));
            for entry in entries.filter(|it| it.entered.stage != Stage::Full) {
                let scope = entry.closes.as_ref().unwrap_or(&case.scope);
                for stage in [Stage::Grace, Stage::ReadOnly, Stage::Frozen] {
                    if stage <= entry.entered.stage {
                        let at = entry.entered.at;
                        note(&mut parts, scope, SharedStage { stage, at, entered: true });
                    }
                }
            }
            for (stage, at) in announced(&survey, place, case) {
                note(&mut parts, &case.scope, SharedStage { stage, at, entered: false });
            }
        }
        parts.sort_by(|(one, _), (other, _)| {
            (!one.is_whole(), one).cmp(&(!other.is_whole(), other))
        });
        parts.truncate(PARTS_MAX);
        parts.iter_mut().for_each(|(_, stages)| stages.sort_by_key(|shared| shared.stage));
        Self { tenant: tenant.clone(), parts }
    }
}

/// Whether an entry restricts the payer, or puts it into grace, under the switch's generation.
fn is_shared(entry: &Entry, situation: &Situation) -> bool {
    let restricts = entry.entered.effect().restricts();
    entry.in_force && (!restricts || entry.entered.checked.generation >= situation.generation)
}

/// The cutoffs of a case that people were told of.
fn announced(survey: &Survey<'_>, place: usize, case: &Case) -> Vec<(Stage, Instant)> {
    let now = survey.situation.now;
    let ladder = survey.ladder_at(place).filter(|_| !case.is_held(now));
    let Some(ladder) = ladder else { return Vec::new() };
    let coming = ladder.rungs().filter_map(|(rung, _)| {
        let warning = ladder.live_warning(rung)?;
        let named = warning.made.names.as_ref()?;
        let planned = ladder.place(usize::from(rung))?.planned;
        if named.stage == Stage::Full {
            return None;
        }
        Some((named.stage, ladder.warned(warning)?.comes(planned, now)?))
    });
    coming.collect()
}

/// What is in force counts before what is announced, and the earlier before the later.
fn note(parts: &mut Vec<(Scope, Vec<SharedStage>)>, scope: &Scope, shared: SharedStage) {
    let stages = match parts.iter().position(|(known, _)| known == scope) {
        Some(place) => &mut parts[place].1,
        None => {
            parts.push((scope.clone(), Vec::new()));
            let last = parts.len() - 1;
            &mut parts[last].1
        }
    };
    match stages.iter_mut().find(|known| known.stage == shared.stage) {
        Some(known) => {
            if (!shared.entered, shared.at) < (!known.entered, known.at) {
                *known = shared;
            }
        }
        None => stages.push(shared),
    }
}

/// The name of the climb that a payer's standing in that part of the app is.
#[must_use]
pub fn climb_of(payer: &TenantId, scope: &Scope) -> InvoiceId {
    let name = if scope.is_whole() {
        format!("{SYSTEM}:{payer}")
    } else {
        format!("{SYSTEM}:{payer}:{scope}")
    };
    name.parse().unwrap_or_else(|_| {
        let hash: Derived =
            Derivation::of(SYSTEM).text(payer.as_str()).text(scope.as_str()).finish();
        hash.named(SYSTEM)
    })
}

/// Whether an invoice's name is kept for what payers share.
#[must_use]
pub fn is_climb(invoice: &InvoiceId) -> bool {
    let name = invoice.as_str();
    name == SYSTEM || name.split_once(':').is_some_and(|(system, _)| system == SYSTEM)
}

/// What is to be recorded with `account`, that the payer that was read pays for.
#[must_use]
pub fn news(tenant: &TenantId, account: &Account, payer: &Payer) -> Vec<Decision> {
    if account.profile.payer() != Some(&payer.tenant) {
        return Vec::new();
    }
    let mut found: Vec<(Scope, Vec<SharedStage>)> = Vec::new();
    for (scope, stages) in &payer.parts {
        let name = climb_of(&payer.tenant, scope);
        let known = account.invoice(&name).and_then(|invoice| invoice.shared.as_ref());
        if known.is_none_or(|known| known.stages != *stages) {
            found.push((scope.clone(), stages.clone()));
        }
    }
    for invoice in &account.invoices {
        let known = invoice.shared.as_ref().filter(|shared| !shared.stages.is_empty());
        let gone = !payer.parts.iter().any(|(scope, _)| *scope == invoice.scope);
        if known.is_some_and(|known| known.payer == payer.tenant) && gone {
            found.push((invoice.scope.clone(), Vec::new()));
        }
    }
    let numbered = found.into_iter().zip(account.shares..);
    let decided = numbered.map(|((scope, stages), n)| {
        let shared = Derivation::of("shared").text(tenant.as_str()).number(i64::from(n)).finish();
        let payer = payer.tenant.clone();
        Decision::StandingShared(Box::new(StandingShared { shared, n, payer, scope, stages }))
    });
    decided.collect()
}

/// The record of how `child` says that it belongs to `tenant`; `None`: that is known.
#[must_use]
pub fn link(tenant: &TenantId, account: &Account, child: &TenantId, tie: Tie) -> Option<Decision> {
    if Tie::known(account, child) == tie {
        return None;
    }
    let (paid, merged) = (tie != Tie::None, tie == Tie::Merged);
    let n = account.links;
    let link = Derivation::of("child")
        .text(tenant.as_str())
        .text(child.as_str())
        .number(i64::from(n))
        .finish();
    Some(Decision::ChildLinked(Box::new(ChildLinked {
        link,
        n,
        child: child.clone(),
        paid,
        merged,
    })))
}
