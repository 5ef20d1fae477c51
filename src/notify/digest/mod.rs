//! The digest: each working day one mail to the operator, of who will be cut off next (SPEC 8).
//!
//! Rules:
//! 1. It leaves once a working day of the operator's calendar for each mailbox, from its hour on,
//!    whichever replica is first; until a server takes it or refuses it, it is tried again that day,
//!    under the same `Message-ID`. What was missed is not made up for: only the newest is sent.
//! 2. That a cutoff was listed is recorded after a server took the mail, never before: where the
//!    digest is required, what nobody was told of is not entered.
//! 3. A link in it only leads to a page; what holds is a form on that page. Programs that open the
//!    links of mails hold nothing.
//! 4. While the store recovers nothing is known, so nothing is said.

mod sheet;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;

use self::sheet::write;
use super::email::{Mailer, Outcome};
use super::letter::line;
use super::scheduler::Chore;
use crate::config::Secret;
use crate::domain::bearings;
use crate::domain::digest::{Lines, Listed, horizon, lines, place};
use crate::domain::fact::{Channel, NoticeReceipt, ReceiptKind};
use crate::domain::id::TenantId;
use crate::domain::record::Fact;
use crate::domain::time::{Day, Fold, Instant, MINUTE, Zone};
use crate::domain::week::TimeOfDay;
use crate::ledger::{self, Ledger, Standing};
use crate::store::marks::{Mark, Marks as _, Times};
use crate::store::{Store as _, StoreError};

/// So long another replica leaves it to the one that makes it.
const CLAIM: Duration = Duration::from_secs(5 * 60);
/// So long after an attempt that nobody took it is tried again.
const AGAIN: i64 = 5 * MINUTE;
/// How many tenants are asked for at once.
const ROWS_AT_ONCE: usize = 500;
/// How many of them are looked at side by side.
const SIDE_BY_SIDE: usize = 16;
/// So many cutoffs are listed; more than that in two days are not a list any more.
const LISTED_MAX: usize = 1_000;

/// How the digest leaves, as configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// To whom.
    pub to: Vec<String>,
    /// From when on, on each working day.
    pub at: TimeOfDay,
    /// Where the admin address is reached from outside, for the links that hold.
    pub url: String,
    /// What those links are signed with.
    pub secret: Secret,
}

/// One mail that is no letter to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// To which mailbox.
    pub to: String,
    /// The same for each attempt.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What carries it.
pub trait Carrier: Send + Sync + 'static {
    /// One attempt, dated `now`.
    fn carry(&self, sheet: &Sheet, now: Instant) -> impl Future<Output = Outcome> + Send;
}

impl Carrier for Mailer {
    async fn carry(&self, sheet: &Sheet, now: Instant) -> Outcome {
        self.deliver_sheet(sheet, now).await
    }
}

/// Makes the digest when it is time.
#[derive(Debug)]
pub struct Digest<C> {
    ledger: Ledger,
    carrier: C,
    settings: Settings,
    holder: String,
    progress: Mutex<Progress>,
}

/// How far this process got.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// On that day everybody got it.
    done: Option<Day>,
    /// It is not tried before.
    again: Option<Instant>,
}

/// A cutoff, or a warning of one, with whose it is.
#[derive(Debug)]
struct Line {
    tenant: TenantId,
    name: Option<String>,
    zone: Zone,
    listed: Listed,
}

/// What a digest says.
#[derive(Debug, Default)]
struct Said {
    cutoffs: Vec<Line>,
    more: usize,
    undelivered: Vec<Line>,
    parked: usize,
    silent: Vec<String>,
    switch_open: bool,
}

impl<C: Carrier> Digest<C> {
    /// A digest; `holder` tells this process from other replicas.
    #[must_use]
    pub fn new(ledger: Ledger, carrier: C, settings: Settings, holder: String) -> Self {
        Self { ledger, carrier, settings, holder, progress: Mutex::default() }
    }

    /// Sends it if it is due. Answers whether a server took it for anybody.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn look(&self) -> Result<bool, StoreError> {
        let now = self.ledger.now().await;
        let Some((zone, today)) = self.due(now) else { return Ok(false) };
        let progress = self.progress();
        if progress.done == Some(today) || progress.again.is_some_and(|again| now < again) {
            return Ok(false);
        }
        let sent = self.ledger.store().marks(Mark::Digest).await?;
        if self.waiting(&sent, &zone, today).is_empty() {
            self.keep(Progress { done: Some(today), again: None });
            return Ok(false);
        }
        if !self.claim().await? {
            return Ok(false);
        }
        self.keep(Progress { again: Some(now.plus_millis(AGAIN)), ..progress });
        // Another replica may have sent it between the two.
        let sent = self.ledger.store().marks(Mark::Digest).await?;
        let waiting = self.waiting(&sent, &zone, today);
        let said = self.gather().await?;
        let (taken, done) = self.send(&said, &waiting, (today, now)).await?;
        // Ended in between it is sent again, as the same mail.
        if taken {
            for line in said.cutoffs.iter().filter(|line| !line.listed.again) {
                self.note(&line.tenant, &line.listed).await?;
            }
        }
        let all = done.len() == waiting.len();
        let marks = done.into_iter().map(|to| (to, now)).collect();
        self.ledger.store().mark(Mark::Digest, marks).await?;
        if all {
            self.keep(Progress { done: Some(today), again: None });
        }
        Ok(taken)
    }

    /// The operator's zone and date, if its hour has come on a working day.
    fn due(&self, now: Instant) -> Option<(Zone, Day)> {
        let law = self.ledger.law();
        let (zone, calendar) = place(&law)?;
        let today = zone.day(now);
        let begun = now >= zone.at(today, self.settings.at, Fold::Later);
        (begun && calendar.is_working_day(today)).then_some((zone, today))
    }

    /// When it is to be looked at next.
    fn next_after(&self, now: Instant) -> Option<Instant> {
        let law = self.ledger.law();
        let (zone, calendar) = place(&law)?;
        let (today, progress) = (zone.day(now), self.progress());
        if self.due(now).is_some() && progress.done != Some(today) {
            return Some(progress.again.unwrap_or(now).max(now.plus_millis(1)));
        }
        let at = |day: Day| zone.at(day, self.settings.at, Fold::Later);
        let day = calendar.forward(today);
        Some(at(day)).filter(|at| *at > now).or_else(|| Some(at(calendar.next(today))))
    }

    /// Mailboxes for which no server took or refused it on that day.
    fn waiting(&self, sent: &Times, zone: &Zone, today: Day) -> Vec<String> {
        let done = |to: &&String| sent.get(*to).is_some_and(|sent| zone.day(*sent) >= today);
        self.settings.to.iter().filter(|to| !done(to)).cloned().collect()
    }

    async fn claim(&self) -> Result<bool, StoreError> {
        let millis = u64::try_from(CLAIM.as_millis()).unwrap_or(u64::MAX);
        self.ledger.store().lease("digest", &self.holder, millis).await
    }

    async fn gather(&self) -> Result<Said, StoreError> {
        let mut said = Said {
            parked: self.ledger.parked().await?.iter().filter(|parked| parked.money).count(),
            silent: self.ledger.silent_sources().iter().map(|it| it.source.to_string()).collect(),
            switch_open: self.ledger.switch().await?.open,
            ..Said::default()
        };
        let mut after: Option<TenantId> = None;
        loop {
            let rows = self.ledger.rows(after.as_ref(), ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.tenant.clone());
            let read = stream::iter(rows).map(|row| async move { self.read(&row.tenant).await });
            let mut read = read.buffered(SIDE_BY_SIDE);
            while let Some(standing) = read.next().await {
                said.extend(standing?);
            }
            // It takes long where there are many: the claim is kept.
            self.claim().await?;
        }
        said.cutoffs.sort_by_key(|line| line.listed.at);
        said.more = said.cutoffs.len().saturating_sub(LISTED_MAX);
        said.cutoffs.truncate(LISTED_MAX);
        said.undelivered.sort_by_key(|line| line.listed.at);
        Ok(said)
    }

    async fn read(&self, tenant: &TenantId) -> Result<Option<Standing>, StoreError> {
        match self.ledger.standing(tenant).await {
            Ok(Some(standing)) if !standing.situation.ready => {
                Err(StoreError::Unavailable("it recovers: nothing is known yet".to_owned()))
            }
            Err(StoreError::Unreadable { place, detail }) => {
                tracing::error!(%place, %detail, "a tenant is left out of the digest");
                Ok(None)
            }
            other => other,
        }
    }

    /// Whether a server took it for anybody, and for which mailboxes nothing more is to be done.
    async fn send(
        &self,
        said: &Said,
        waiting: &[String],
        (today, now): (Day, Instant),
    ) -> Result<(bool, Vec<String>), StoreError> {
        let expires = horizon(&self.ledger.law(), now);
        let (mut taken, mut done) = (false, Vec::new());
        for to in waiting {
            self.claim().await?;
            let sheet = write(said, &self.settings, to, (today, expires));
            let outcome = self.carrier.carry(&sheet, now).await;
            let kind = outcome.receipt().word();
            metrics::counter!("ambergate_digests_total", "receipt" => kind).increment(1);
            let accepted = matches!(outcome, Outcome::Accepted(_));
            if accepted || matches!(outcome, Outcome::Refused(_)) {
                done.push(to.clone());
            }
            if !accepted {
                tracing::error!(%today, receipt = kind, "a mailbox did not get the digest; where \
                    it is required nobody is cut off whom no delivered one listed");
            }
            taken |= accepted;
        }
        Ok((taken, done))
    }

    /// Records that a delivered digest listed it.
    async fn note(&self, tenant: &TenantId, listed: &Listed) -> Result<(), StoreError> {
        let receipt = NoticeReceipt {
            notice: Some(listed.notice),
            message: None,
            attempt: None,
            channel: Channel::Email,
            person: None,
            mailbox: None,
            role: None,
            kind: ReceiptKind::Listed,
            at: None,
            detail: None,
            tried: None,
        };
        let Ok(id) = format!("listed-{}", listed.notice).parse() else { return Ok(()) };
        match self.ledger.record(tenant, id, Fact::NoticeReceipt(Box::new(receipt))).await {
            ledger::Outcome::Unavailable => {
                Err(StoreError::Unavailable("what was listed could not be recorded".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

impl<C: Carrier> Chore for Digest<C> {
    fn next(&self, now: Instant) -> Option<Instant> {
        self.next_after(now)
    }

    fn look(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the digest is looked at later");
            }
        })
    }
}

impl Said {
    fn extend(&mut self, standing: Option<Standing>) {
        let Some(standing) = standing else { return };
        let (tenant, account, law) = (&standing.tenant, &standing.account, &standing.law);
        let Lines { cutoffs, undelivered } = lines(tenant, account, law, &standing.situation);
        let zone = bearings::zone(law, account);
        let name = account.profile.name.as_deref().map(line);
        let own = |listed| Line {
            tenant: tenant.clone(),
            name: name.clone(),
            zone: zone.clone(),
            listed,
        };
        self.cutoffs.extend(cutoffs.into_iter().map(own));
        self.undelivered.extend(undelivered.into_iter().map(own));
    }
}
