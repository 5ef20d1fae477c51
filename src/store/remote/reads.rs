//! What is read from the server, over all shards where it must be.

use redis::{Cmd, Pipeline};
use serde::de::DeserializeOwned;

use super::Remote;
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;
use crate::store::{Row, SHARDS, StoreError, Stored, Unjournaled, form, shard_of};

/// How many accounts are deleted at a time.
const DELETED_AT_ONCE: usize = 500;

/// What a shard knows of its incarnation: the server process, and whether it recovers.
type Incarnated = (Option<String>, Option<String>);

impl Remote {
    pub(super) async fn read_grant(
        &self,
        tenant: &TenantId,
    ) -> Result<(Option<Grant>, u64), StoreError> {
        let (sequence, grant): (Option<u64>, Option<Vec<u8>>) =
            self.read_complete(shard_of(tenant), tenant, "grant").await?;
        let grant = grant.map(|bytes| form::read_grant(tenant, &bytes)).transpose()?;
        Ok((grant, sequence.unwrap_or_default()))
    }

    pub(super) async fn read_words(&self, tenant: &TenantId) -> Result<Option<Words>, StoreError> {
        let (_, words) = self.read_complete(shard_of(tenant), tenant, "words").await?;
        words.map(|bytes| form::read_words(tenant, &bytes)).transpose()
    }

    /// What gates read of a tenant, with the shard's sequence: nothing while the store recovers.
    async fn read_complete(
        &self,
        shard: u16,
        tenant: &TenantId,
        what: &str,
    ) -> Result<(Option<u64>, Option<Vec<u8>>), StoreError> {
        let mut ask = Pipeline::new();
        // In this order: a value that is newer than its sequence is told once more; one that was
        // lost in between finds its incarnation lost too.
        ask.get(self.keys().shard(shard, "sequence"))
            .hget(self.keys().tenant(shard, tenant), what)
            .hmget(self.keys().shard(shard, "incarnation"), &["run", "state"]);
        let live = self.link().live()?;
        let (sequence, value, (run, state)): (Option<u64>, Option<Vec<u8>>, Incarnated) =
            self.link().many_on(&live, &ask).await?;
        let complete = run.as_deref() == Some(live.run()) && state.as_deref() == Some("ready");
        if complete { Ok((sequence, value)) } else { Err(StoreError::Recovering) }
    }

    pub(super) async fn read_account(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<Stored>, StoreError> {
        let key = self.keys().tenant(shard_of(tenant), tenant);
        let ask = Cmd::hmget(&key, &["digest", "account"]);
        let unreadable =
            |detail: &str| StoreError::Unreadable { place: key.clone(), detail: detail.to_owned() };
        match self.link().one::<(Option<String>, Option<Vec<u8>>)>(&ask).await? {
            (None, None) => Ok(None),
            (Some(digest), Some(account)) => {
                form::check_account(tenant, &account)?;
                let digest = digest.parse().map_err(|_| unreadable("its digest is not one"))?;
                Ok(Some(Stored { digest, account }))
            }
            _ => Err(unreadable("it has only one of digest and account")),
        }
    }

    /// Wakes not after `until`, the earliest of all shards first.
    pub(super) async fn wakes(
        &self,
        until: Option<Instant>,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        let until = until.map_or_else(|| "+inf".to_owned(), |until| until.millis().to_string());
        let limit_each = isize::try_from(limit).unwrap_or(isize::MAX);
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            let key = self.keys().shard(shard, "wakes");
            ask.zrangebyscore_limit_withscores(key, "-inf", &until, 0, limit_each);
        }
        let shards: Vec<Vec<(String, f64)>> = self.link().many(&ask).await?;
        let mut wakes = Vec::new();
        for (name, millis) in shards.into_iter().flatten() {
            // Scores are whole milliseconds of a range that a double holds exactly.
            #[allow(clippy::cast_possible_truncation)]
            wakes.push((self.tenant_named(&name, "wakes")?, Instant::from_millis(millis as i64)));
        }
        wakes.sort_by(|(one, at), (other, then)| at.cmp(then).then_with(|| one.cmp(other)));
        wakes.truncate(limit);
        Ok(wakes)
    }

    pub(super) async fn read_rows(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let start = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let limit_each = isize::try_from(limit).unwrap_or(isize::MAX);
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            let key = self.keys().shard(shard, "names");
            ask.zrangebylex_limit(key, &start, "+", 0, limit_each);
        }
        let shards: Vec<Vec<String>> = self.link().many(&ask).await?;
        let mut names: Vec<String> = shards.into_iter().flatten().collect();
        names.sort();
        names.truncate(limit);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut tenants = Vec::with_capacity(names.len());
        let mut ask = Pipeline::new();
        for name in &names {
            let tenant = self.tenant_named(name, "names")?;
            ask.hget(self.keys().tenant(shard_of(&tenant), &tenant), "row");
            tenants.push(tenant);
        }
        let rows: Vec<Option<Vec<u8>>> = self.link().many(&ask).await?;
        let there = tenants.iter().zip(rows).filter_map(|(tenant, row)| Some((tenant, row?)));
        there.map(|(tenant, row)| form::read_row(tenant, &row)).collect()
    }

    pub(super) async fn read_inbox(
        &self,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        type Fields = Vec<(Vec<u8>, Vec<u8>)>;
        let ask = Cmd::xrange_count(self.keys().inbox(), "-", "+", limit.max(1));
        let entries: Vec<(String, Fields)> = self.link().one(&ask).await?;
        let event = |fields: Fields| {
            let event = fields.into_iter().find(|(field, _)| field == b"event");
            // An entry without an event is nothing that can be accepted; whoever reads the inbox
            // says so and settles it.
            event.map(|(_, event)| event).unwrap_or_default()
        };
        Ok(entries.into_iter().map(|(name, fields)| (name, event(fields))).collect())
    }

    pub(super) async fn read_outbox(&self) -> Result<Vec<Unjournaled>, StoreError> {
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            ask.hgetall(self.keys().shard(shard, "outbox"));
        }
        let shards: Vec<Vec<(String, Vec<u8>)>> = self.link().many(&ask).await?;
        let mut outbox = Vec::new();
        for (shard, entries) in (0..SHARDS).zip(shards) {
            outbox.extend(entries.into_iter().map(|(digest, lines)| {
                let entries = lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                Unjournaled { name: format!("{shard:03}:{digest}"), entries }
            }));
        }
        Ok(outbox)
    }

    pub(super) async fn empty_outbox(&self, names: &[String]) -> Result<(), StoreError> {
        let mut delete = Pipeline::new();
        for name in names {
            let Some((shard, digest)) = name.split_once(':') else { continue };
            let Ok(shard) = shard.parse() else { continue };
            delete.hdel(self.keys().shard(shard, "outbox"), digest).ignore();
        }
        if delete.is_empty() { Ok(()) } else { self.link().many(&delete).await }
    }

    pub(super) async fn read_journals(&self) -> Result<Vec<(String, bool)>, StoreError> {
        let mut ask = Pipeline::new();
        ask.hget(self.keys().whole("incarnation"), "id").hgetall(self.keys().whole("journals"));
        let (id, journals): (Option<String>, Vec<(String, String)>) =
            self.link().many(&ask).await?;
        let current = |applied: String| id.as_ref() == Some(&applied);
        let mut journals: Vec<(String, bool)> =
            journals.into_iter().map(|(name, applied)| (name, current(applied))).collect();
        journals.sort();
        Ok(journals)
    }

    pub(super) async fn all_json<T: DeserializeOwned>(
        &self,
        what: &str,
        place: &str,
    ) -> Result<Vec<T>, StoreError> {
        let all: Vec<Vec<u8>> = self.link().one(&Cmd::hvals(self.keys().whole(what))).await?;
        all.iter().map(|value| form::read_json(place, value)).collect()
    }

    /// Deletes every account of every shard, some at a time.
    pub(super) async fn delete_accounts(&self) -> Result<(), StoreError> {
        for shard in 0..SHARDS {
            let names_key = self.keys().shard(shard, "names");
            loop {
                let last = isize::try_from(DELETED_AT_ONCE).unwrap_or(isize::MAX) - 1;
                let names: Vec<String> = self.link().one(&Cmd::zrange(&names_key, 0, last)).await?;
                if names.is_empty() {
                    break;
                }
                let mut delete = Pipeline::new();
                for name in &names {
                    let tenant = self.tenant_named(name, "names")?;
                    delete.unlink(self.keys().tenant(shard, &tenant));
                }
                delete.zrem(self.keys().shard(shard, "wakes"), &names).zrem(&names_key, &names);
                self.link().many::<()>(&delete).await?;
            }
        }
        Ok(())
    }

    fn tenant_named(&self, name: &str, what: &str) -> Result<TenantId, StoreError> {
        name.parse().map_err(|_| StoreError::Unreadable {
            place: self.keys().whole(what),
            detail: format!("{name:?} is not a tenant's name"),
        })
    }
}

/// Whether `name` is one that the server gave an entry of a stream.
pub(super) fn is_stream_id(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.parse::<u64>().is_ok();
    name.split_once('-').is_some_and(|(millis, count)| number(millis) && number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_the_server_gave_are_settled() {
        assert!(is_stream_id("1700000000000-0"));
        for wrong in ["", "1", "1-", "-1", "0-never", "+", "1-2-3"] {
            assert!(!is_stream_id(wrong), "{wrong}");
        }
    }
}
