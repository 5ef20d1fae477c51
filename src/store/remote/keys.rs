//! The names of keys. `{017}` is a hash tag: all of a shard is in one slot of a cluster.

use crate::domain::id::TenantId;
use crate::store::StoreError;

/// The longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 64;

/// Names the keys of one store on its server.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: Box<str>,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Result<Self, StoreError> {
        let fits = !prefix.is_empty() && prefix.len() <= PREFIX_BYTES_MAX;
        let plain = |c: char| c.is_ascii_graphic() && c != '{' && c != '}';
        if fits && prefix.chars().all(plain) {
            return Ok(Self { prefix: prefix.into() });
        }
        Err(StoreError::Unavailable(format!(
            "{prefix:?} cannot be the prefix of keys: 1 to {PREFIX_BYTES_MAX} visible ASCII \
             characters without braces"
        )))
    }

    /// Of a shard.
    pub(super) fn shard(&self, shard: u16, what: &str) -> String {
        format!("{}:{{{shard:03}}}:{what}", self.prefix)
    }

    /// A hash: digest, account, grant, words and row of a tenant.
    pub(super) fn tenant(&self, shard: u16, tenant: &TenantId) -> String {
        self.shard(shard, &format!("tenant:{tenant}"))
    }

    /// Of the whole store.
    pub(super) fn whole(&self, what: &str) -> String {
        format!("{}:{{store}}:{what}", self.prefix)
    }

    /// The stream in which events are left.
    pub(super) fn inbox(&self) -> String {
        format!("{}:inbox", self.prefix)
    }

    /// The channel on which changes are told.
    pub(super) fn changes(&self) -> String {
        format!("{}:changes", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_shard_share_their_hash_tag() {
        let keys = Keys::new("ambergate").unwrap();
        let tenant: TenantId = "a{b}c".parse().unwrap();
        assert_eq!(keys.tenant(17, &tenant), "ambergate:{017}:tenant:a{b}c");
        assert_eq!(keys.shard(17, "wakes"), "ambergate:{017}:wakes");
        assert_eq!(keys.inbox(), "ambergate:inbox");
        for wrong in ["", "a b", "a{b", "ü", &"x".repeat(65)] {
            assert!(Keys::new(wrong).is_err(), "{wrong}");
        }
    }
}
