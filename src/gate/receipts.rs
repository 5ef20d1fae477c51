//! Receipts of banners: that a notice was shown to a person (SPEC 4 `needs`, 6 "Banner").
//!
//! Rules:
//! 1. One per notice, person and day, with an id derived from the three: gates that do not know of
//!    each other make the same one.
//! 2. Staff, nobody, and people whose token names no person prove nothing.
//! 3. They wait in a bounded queue and leave in the background; what does not fit is made again
//!    when the banner is shown again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use serde_json::json;
use tokio::sync::Notify;

use super::bounded;
use super::identify::Identity;
use crate::domain::grant::{BannerNotice, Words};
use crate::domain::id::{Derivation, Derived};
use crate::domain::stage::{Role, Roles};
use crate::domain::time::{Instant, Zone};

/// So long after a failure it is tried again.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// At most so many wait.
const WAITING_MAX: usize = 10_000;

/// At most so many are remembered as made.
const MADE_MAX: usize = 100_000;

/// What was shown to whom.
#[derive(Debug)]
pub struct Receipts {
    made: Cache<Derived, ()>,
    waiting: Mutex<VecDeque<Vec<u8>>>,
    more: Notify,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { made: bounded::cache(MADE_MAX), waiting: Mutex::default(), more: Notify::new() }
    }
}

impl Receipts {
    /// The notices of `words` were shown to this person at `now`.
    pub fn shown(&self, who: &Identity, words: &Words, now: Instant) {
        let Some(person) = who.person.filter(|_| !who.staff) else { return };
        let zone = Zone::named(&words.time_zone).unwrap_or_else(Zone::utc);
        let day = i64::from(zone.day(now).number());
        for notice in &words.banners {
            let Some(role) = role(notice, who.roles) else { continue };
            let id: Derived =
                Derivation::of("shown").id(notice.notice).id(person).number(day).finish();
            if self.made.get(&id).is_some()
                || !self.queue(event(who, notice, person, role, id, now))
            {
                continue;
            }
            self.made.insert(id, ());
        }
    }

    fn queue(&self, event: Vec<u8>) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            return false;
        }
        waiting.push_back(event);
        self.more.notify_one();
        true
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The next one that waits: a CloudEvent as JSON.
    pub async fn next(&self) -> Vec<u8> {
        loop {
            let more = self.more.notified();
            match self.take() {
                Some(event) => return event,
                None => more.await,
            }
        }
    }
}

/// The role in which a person of `roles` is one of those whom the notice is for.
fn role(notice: &BannerNotice, roles: Roles) -> Option<Role> {
    let everyone = notice.to.is_everyone();
    roles.iter().find(|role| everyone || notice.to.contains(*role))
}

fn event(
    who: &Identity,
    notice: &BannerNotice,
    person: Derived,
    role: Role,
    id: Derived,
    now: Instant,
) -> Vec<u8> {
    json!({
        "specversion": "1.0",
        "type": "ambergate.notice.receipt",
        "source": "ambergate/gate",
        "id": id.to_string(),
        "subject": who.tenant.as_str(),
        "time": now,
        "datacontenttype": "application/json",
        "data": {
            "notice": notice.notice,
            "channel": "banner",
            "person": person.to_string(),
            "role": role,
            "kind": "seen",
            "at": now,
        },
    })
    .to_string()
    .into_bytes()
}
