//! The road of a timer: read, decide, commit, journal, act (SPEC 5.13, 5.14).
//!
//! Rules:
//! 1. A tenant that is due is planned on the account as just read; nothing is carried over.
//! 2. An attempt at a message is committed before it begins, on the account as just read again.
//!    Whoever loses that commit makes no attempt.
//! 3. What its billing system is to be asked about is asked between two plans, and never while
//!    the tenant is held.
//! 4. No attempt begins, and none leaves, while facts that were received wait to be worked off.

use std::sync::Arc;

use super::accept::Settled;
use super::ask::{ASKED_MAX, Asked};
use super::beside::settled;
use super::{Ledger, fault};
use crate::domain::account::{Account, NoticeState};
use crate::domain::decision::{Decision, MessageMade, MessageTried};
use crate::domain::id::{CaseId, MessageId, TenantId};
use crate::domain::plan::{Ask, may_leave};
use crate::domain::policy::Law;
use crate::domain::time::Instant;
use crate::store::{Condition, Store as _, StoreError};

/// How often somebody else may be faster before the tenant is left for later.
const CONFLICTS_MAX: usize = 50;

/// What looking at a tenant came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Messages whose next attempt is due now.
    pub sends: Vec<MessageId>,
    /// Hooks of the operator's that are to be told something now, each once.
    pub hooks: Vec<String>,
    /// When to look again.
    pub wake: Option<Instant>,
    /// Into which tenant it was merged: what changed here may count there.
    pub into: Option<TenantId>,
}

/// An attempt at a message that may begin now.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// To whose people.
    pub tenant: TenantId,
    /// The message.
    pub made: Arc<MessageMade>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The store's time when it was committed.
    pub at: Instant,
    /// The notices in it, as they were made.
    pub notices: Vec<NoticeState>,
    /// The account that the attempt was committed on.
    pub account: Arc<Account>,
    /// The rules that it was reckoned with.
    pub law: Arc<Law>,
}

impl Ledger {
    /// Tenants that are due, the earliest first, at most `limit`. None while the store recovers.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn due(&self, limit: usize) -> Result<Vec<TenantId>, StoreError> {
        let now = self.store().now().await?;
        let due = self.due_by(now, limit).await?;
        Ok(due.into_iter().map(|(tenant, _)| tenant).collect())
    }

    /// Tenants that are due by `now`, each with when. None while the store recovers, or is not
    /// the one that this process is acquainted with: its rules are not read yet.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn due_by(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        match self.store().condition().await? {
            Condition::Ready(incarnation) if self.knows(&incarnation) => {
                self.store().due(now, limit).await
            }
            Condition::Ready(_) | Condition::Recovering(_) => Ok(Vec::new()),
        }
    }

    /// When the first tenant is due.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn next_wake(&self) -> Result<Option<Instant>, StoreError> {
        self.store().next_wake().await
    }

    /// Looks at a tenant: decides and commits what is due.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or what is stored cannot be read.
    pub async fn advance(&self, tenant: &TenantId) -> Result<Advanced, StoreError> {
        let advanced = self.look_at(tenant, false).await?;
        self.look_at_kin().await;
        Ok(advanced)
    }

    /// The same, for who sees to it that the hooks are told: the tenant is not due because of them.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or what is stored cannot be read.
    pub async fn advance_telling(&self, tenant: &TenantId) -> Result<Advanced, StoreError> {
        let advanced = self.look_at(tenant, true).await?;
        self.look_at_kin().await;
        Ok(advanced)
    }

    /// The same; whoever it pays for is looked at afterwards.
    pub(super) async fn look_at(
        &self,
        tenant: &TenantId,
        tells: bool,
    ) -> Result<Advanced, StoreError> {
        let (mut advanced, mut asks) = self.advance_after(tenant, None, tells).await?;
        let mut asked: Vec<CaseId> = Vec::new();
        while let Some(ask) = asks.into_iter().find(|ask| !asked.contains(&ask.case)) {
            // Facts about the tenant are taken meanwhile: the answer may need its time.
            let came = self.ask(tenant, &ask).await?;
            asked.push(ask.case);
            let agreed = (came == Asked::Agrees).then_some(ask.case);
            (advanced, asks) = self.advance_after(tenant, agreed, tells).await?;
            if came == Asked::Unreached || asked.len() == ASKED_MAX {
                break;
            }
        }
        Ok(advanced)
    }

    /// After a billing system agreed about that case's invoice, or nobody was asked.
    async fn advance_after(
        &self,
        tenant: &TenantId,
        agreed: Option<CaseId>,
        tells: bool,
    ) -> Result<(Advanced, Vec<Ask>), StoreError> {
        let _alone = self.alone(tenant).await;
        for _ in 0..CONFLICTS_MAX {
            match self.try_advance(tenant, agreed, tells).await {
                Err(StoreError::Conflict | StoreError::OtherIncarnation) => {}
                done => return done,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    async fn try_advance(
        &self,
        tenant: &TenantId,
        agreed: Option<CaseId>,
        tells: bool,
    ) -> Result<(Advanced, Vec<Ask>), StoreError> {
        let mut draft = self.draft(tenant).await?;
        if !draft.is_known() {
            return Ok((Advanced::default(), Vec::new()));
        }
        draft.set_agreed(agreed);
        draft.set_tells(tells);
        let Settled { plan, mut draft } = self.settle(tenant, draft, None).await?;
        let mut hooks: Vec<String> = plan.calls.iter().map(|call| call.hook.clone()).collect();
        hooks.sort_unstable();
        hooks.dedup();
        let (wake, into) = (draft.wake(&plan), draft.account().profile.merged_into.clone());
        Ok((Advanced { wake, sends: plan.sends, hooks, into }, plan.asks))
    }

    /// Commits that an attempt at `message` begins now. `None`: it is not due, or fell away.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or what is stored cannot be read.
    pub async fn try_message(
        &self,
        tenant: &TenantId,
        message: MessageId,
    ) -> Result<Option<Envelope>, StoreError> {
        let _alone = self.alone(tenant).await;
        for _ in 0..CONFLICTS_MAX {
            match self.begin_attempt(tenant, message).await {
                Err(StoreError::Conflict | StoreError::OtherIncarnation) => {}
                done => return done,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    async fn begin_attempt(
        &self,
        tenant: &TenantId,
        message: MessageId,
    ) -> Result<Option<Envelope>, StoreError> {
        let law = self.law();
        let mut draft = self.draft(tenant).await?;
        if !draft.is_known() {
            return Ok(None);
        }
        self.read_payer(&mut draft).await?;
        let (mut draft, plan) = settled(draft).await?;
        if !plan.sends.contains(&message) {
            return Ok(None);
        }
        let known = draft.account().messages.iter().find(|known| known.made.message == message);
        let Some(tried) = known.map(|known| known.tried.len()) else { return Ok(None) };
        let attempt = u32::try_from(tried).unwrap_or(u32::MAX - 1) + 1;
        fault::hit("before-tried");
        draft.decide(vec![Decision::MessageTried(MessageTried { message, attempt })]);
        let Settled { draft, .. } = self.settle(tenant, draft, None).await?;
        fault::hit("after-tried");
        let at = draft.now();
        let (_, account) = draft.into_account();
        let known = account.messages.iter().find(|known| known.made.message == message);
        let Some(made) = known.map(|known| known.made.clone()) else { return Ok(None) };
        let notices = made.notices.iter().filter_map(|id| account.notice(*id).cloned()).collect();
        let (tenant, account) = (tenant.clone(), Arc::new(account));
        Ok(Some(Envelope { tenant, made, attempt, at, notices, account, law }))
    }

    /// Whether an attempt that was committed is still right to make: read once more, right
    /// before it leaves. Where that cannot be told it is not.
    pub async fn is_still_right(&self, envelope: &Envelope) -> bool {
        let names = |it: &NoticeState| it.made.names.is_some() || it.made.says.is_some();
        if self.inner.told.is_off(Some(&envelope.tenant)) && envelope.notices.iter().any(names) {
            return false;
        }
        let Ok(Some((_, account))) = self.account(&envelope.tenant).await else { return false };
        let Ok(situation) = self.present().await else { return false };
        situation.feeds && may_leave(&envelope.made.notices, &account, &envelope.law, &situation)
    }
}
