//! The compact forms in which accounts, grants and words are stored.
//!
//! Rules:
//! 1. One byte says which form; an older one is read, a newer one is refused with a message that
//!    says so. What the law adds to records goes to the end and begins a new form.
//! 2. Every form carries its tenant, and is refused for any other.
//! 3. The digest of an account is the hash of exactly its stored bytes; bytes that do not have it
//!    are refused.
//! 4. What holds free JSON (rules, parked events) is kept as JSON behind the same byte.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Row, StoreError, Stored, reading};
use crate::domain::grant::{Grant, Words};
use crate::domain::id::{Derived, Digest, TenantId};
use crate::domain::record::Record;

/// The form that is written, and the newest that is read.
pub const FORM: u8 = 1;

/// The account of `records`, ready to be stored.
///
/// # Errors
///
/// [`StoreError::Unreadable`] if a record has no compact form.
pub fn account(tenant: &TenantId, records: &[Record]) -> Result<Stored, StoreError> {
    let account = write(&|| format!("the account of {tenant}"), &(tenant, records))?;
    Ok(Stored { digest: digest_of(&account), account })
}

/// The records of a stored account.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for a newer form, another tenant's account, or damage.
pub fn records(tenant: &TenantId, stored: &Stored) -> Result<Vec<Record>, StoreError> {
    let place = || format!("the account of {tenant}");
    let actual = digest_of(&stored.account);
    if actual != stored.digest {
        let detail = format!("its bytes have digest {actual}, not {}: damaged", stored.digest);
        return Err(StoreError::Unreadable { place: place(), detail });
    }
    let (owner, records) = match reading::account(body(&place, &stored.account)?) {
        Some(read) => read,
        None => read(&place, &stored.account)?,
    };
    same(&place, tenant, &owner)?;
    Ok(records)
}

/// That an account is of a known form and of this tenant, without reading its records.
///
/// # Errors
///
/// [`StoreError::Unreadable`] if it is not.
pub fn check_account(tenant: &TenantId, account: &[u8]) -> Result<(), StoreError> {
    let place = || format!("the account of {tenant}");
    let body = body(&place, account)?;
    let (owner, _) = postcard::take_from_bytes::<TenantId>(body)
        .map_err(|error| unreadable(&place, format!("no tenant in it: {error}")))?;
    same(&place, tenant, &owner)
}

/// The digest of an account's stored bytes: tells what was written from what is there, and shows
/// damage. It keeps nobody out: who can write the bytes can write their digest.
#[must_use]
pub fn digest_of(account: &[u8]) -> Digest {
    Derived::from_bytes(xxhash_rust::xxh3::xxh3_128(account).to_be_bytes()).into()
}

/// A grant, ready to be stored or told to watchers.
///
/// # Errors
///
/// [`StoreError::Unreadable`] if it has no compact form.
pub fn grant(grant: &Grant) -> Result<Vec<u8>, StoreError> {
    write(&|| format!("the grant of {}", grant.tenant), grant)
}

/// A stored grant.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for a newer form, another tenant's grant, or damage.
pub fn read_grant(tenant: &TenantId, bytes: &[u8]) -> Result<Grant, StoreError> {
    let place = || format!("the grant of {tenant}");
    let grant: Grant = read(&place, bytes)?;
    same(&place, tenant, &grant.tenant)?;
    Ok(grant)
}

/// A grant that a watcher heard: it names its tenant itself.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for a newer form, or damage.
pub fn heard_grant(bytes: &[u8]) -> Result<Grant, StoreError> {
    read(&|| "a grant that was told to watchers".to_owned(), bytes)
}

/// Words, ready to be stored.
///
/// # Errors
///
/// [`StoreError::Unreadable`] if they have no compact form.
pub fn words(words: &Words) -> Result<Vec<u8>, StoreError> {
    write(&|| format!("the words of {}", words.tenant), words)
}

/// Stored words.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for a newer form, another tenant's words, or damage.
pub fn read_words(tenant: &TenantId, bytes: &[u8]) -> Result<Words, StoreError> {
    let place = || format!("the words of {tenant}");
    let words: Words = read(&place, bytes)?;
    same(&place, tenant, &words.tenant)?;
    Ok(words)
}

/// A line of the list of tenants, ready to be stored.
///
/// # Errors
///
/// [`StoreError::Unreadable`] if it has no compact form.
pub fn row(row: &Row) -> Result<Vec<u8>, StoreError> {
    write(&|| format!("the row of {}", row.tenant), row)
}

/// A stored line of the list of tenants.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for a newer form, another tenant's row, or damage.
pub fn read_row(tenant: &TenantId, bytes: &[u8]) -> Result<Row, StoreError> {
    let place = || format!("the row of {tenant}");
    let row: Row = read(&place, bytes)?;
    same(&place, tenant, &row.tenant)?;
    Ok(row)
}

/// Anything that JSON can say, ready to be stored.
pub(super) fn json<T: Serialize>(place: &str, value: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![FORM];
    serde_json::to_writer(&mut bytes, value)
        .map_err(|error| unreadable(&|| place.to_owned(), error.to_string()))?;
    Ok(bytes)
}

/// What [`json`] stored.
pub(super) fn read_json<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let place = || place.to_owned();
    serde_json::from_slice(body(&place, bytes)?)
        .map_err(|error| unreadable(&place, format!("not what was stored there: {error}")))
}

fn write<T: Serialize>(place: &dyn Fn() -> String, value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(value, vec![FORM])
        .map_err(|error| unreadable(place, format!("it has no compact form: {error}")))
}

fn read<T: DeserializeOwned>(place: &dyn Fn() -> String, bytes: &[u8]) -> Result<T, StoreError> {
    let (value, rest) = postcard::take_from_bytes(body(place, bytes)?)
        .map_err(|error| unreadable(place, format!("damaged: {error}")))?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(unreadable(place, format!("damaged: {} bytes too many", rest.len())))
    }
}

fn body<'a>(place: &dyn Fn() -> String, bytes: &'a [u8]) -> Result<&'a [u8], StoreError> {
    match bytes.split_first() {
        Some((&FORM, body)) => Ok(body),
        Some((&form, _)) if form > FORM => Err(unreadable(
            place,
            format!(
                "it has form {form}, written by a newer ambergate; this one reads forms up to \
                 {FORM}: use the newer one"
            ),
        )),
        _ => Err(unreadable(place, "it is not a form of ambergate's".to_owned())),
    }
}

fn same(place: &dyn Fn() -> String, tenant: &TenantId, owner: &TenantId) -> Result<(), StoreError> {
    if tenant == owner {
        Ok(())
    } else {
        Err(unreadable(place, format!("it belongs to tenant {owner}, not to {tenant}")))
    }
}

fn unreadable(place: &dyn Fn() -> String, detail: String) -> StoreError {
    StoreError::Unreadable { place: place(), detail }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::fact::{InvoiceTerms, TenantUpdated};
    use crate::domain::record::Fact;
    use crate::domain::time::{Day, Instant};

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    fn some_records() -> Vec<Record> {
        let at = Instant::from_seconds(1_772_438_400);
        let of = |id: &str| ("test".parse().unwrap(), id.parse().unwrap());
        let updated = TenantUpdated { name: Some("Acme".into()), ..TenantUpdated::default() };
        let terms: InvoiceTerms = serde_json::from_str(
            r#"{"invoice":"t:1","amount":{"minor":4200,"currency":"EUR"},"due_on":"2026-03-13"}"#,
        )
        .unwrap();
        assert_eq!(terms.due_on, Some("2026-03-13".parse::<Day>().unwrap()));
        vec![
            Record::fact(of("1"), at, at, Fact::TenantUpdated(Box::new(updated))),
            Record::fact(of("2"), at, at, Fact::InvoiceIssued(Box::new(terms))),
        ]
    }

    #[test]
    fn an_account_comes_back_as_it_was_stored() {
        let stored = account(&tenant("acme"), &some_records()).unwrap();
        assert_eq!(records(&tenant("acme"), &stored).unwrap(), some_records());
        let again = account(&tenant("acme"), &some_records()).unwrap();
        assert_eq!(again.digest, stored.digest);
        let empty = account(&tenant("acme"), &[]).unwrap();
        assert_ne!(empty.digest, stored.digest);
    }

    proptest! {
        /// By hand or by the general reader: the same.
        #[test]
        fn what_is_read_by_hand_is_what_was_written(
            told in prop::collection::vec(crate::domain::event::tests::record(), 0..6),
        ) {
            let stored = account(&tenant("acme"), &told).unwrap();
            let by_hand = reading::account(&stored.account[1..]);
            prop_assert_eq!(by_hand, Some((tenant("acme"), told)));
            for end in 1..stored.account.len() {
                prop_assert_eq!(reading::account(&stored.account[1..end]), None);
            }
            let longer = [&stored.account[1..], &[0]].concat();
            prop_assert_eq!(reading::account(&longer), None);
        }

        /// Bytes that are anything are read as the general reader reads them, or by one of them only:
        /// by hand names are not looked at again.
        #[test]
        fn nothing_is_read_into_bytes_that_is_not_there(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            told in crate::domain::event::tests::record(),
            place in any::<prop::sample::Index>(),
        ) {
            let mut damaged = account(&tenant("acme"), &[told]).unwrap().account[1..].to_vec();
            let index = place.index(damaged.len());
            damaged[index] ^= bytes.first().copied().unwrap_or(1);
            for bytes in [bytes, damaged] {
                let read = postcard::from_bytes::<(TenantId, Vec<Record>)>(&bytes);
                if let (Some(by_hand), Ok(read)) = (reading::account(&bytes), read) {
                    prop_assert_eq!(by_hand, read);
                }
            }
        }
    }

    #[test]
    fn another_tenants_account_is_refused() {
        let stored = account(&tenant("acme"), &some_records()).unwrap();
        let error = records(&tenant("globex"), &stored).unwrap_err().to_string();
        assert!(error.contains("acme") && error.contains("globex"), "{error}");
        assert!(check_account(&tenant("globex"), &stored.account).is_err());
        assert_eq!(check_account(&tenant("acme"), &stored.account), Ok(()));
    }

    #[test]
    fn a_newer_form_is_refused_by_name() {
        let mut stored = account(&tenant("acme"), &some_records()).unwrap();
        stored.account[0] = FORM + 1;
        stored.digest = digest_of(&stored.account);
        let error = records(&tenant("acme"), &stored).unwrap_err().to_string();
        assert!(error.contains("newer ambergate") && error.contains("acme"), "{error}");
        assert!(check_account(&tenant("acme"), &stored.account).is_err());
    }

    #[test]
    fn damage_is_seen_wherever_it_is() {
        let stored = account(&tenant("acme"), &some_records()).unwrap();
        for place in 0..stored.account.len() {
            let mut damaged = stored.clone();
            damaged.account[place] ^= 0x10;
            assert!(records(&tenant("acme"), &damaged).is_err(), "byte {place}");
            let cut = Stored { account: stored.account[..place].to_vec(), ..stored.clone() };
            assert!(records(&tenant("acme"), &cut).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_grant_is_cut_or_of_another() {
        let stored = account(&tenant("acme"), &[]).unwrap();
        let full = Grant::full(tenant("acme"), stored.digest);
        let bytes = grant(&full).unwrap();
        assert_eq!(read_grant(&tenant("acme"), &bytes), Ok(full));
        assert!(read_grant(&tenant("globex"), &bytes).is_err());
        assert!(read_grant(&tenant("acme"), &bytes[..bytes.len() - 1]).is_err());
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(read_grant(&tenant("acme"), &longer).is_err());
        assert!(read_grant(&tenant("acme"), b"{}").is_err());
    }
}
