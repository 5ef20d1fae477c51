//! Tests of the order and the copies of records.

use super::*;
use crate::domain::decision::{MessageTried, NoticeVoided, VoidCause};

#[test]
fn what_was_taken_over_stays_so_however_often_it_is_told() {
    let at = Instant::from_seconds(0);
    let issued = |number: i64, opening: bool| {
        let text = format!(
            r#"{{"invoice":"t:1","amount":{{"minor":{number},"currency":"EUR"}}{}}}"#,
            if opening { r#","opening":true"# } else { "" }
        );
        let terms: InvoiceTerms = serde_json::from_str(&text).unwrap();
        let key = ("test".parse().unwrap(), "1".parse().unwrap());
        Record::fact(key, at, at, Fact::InvoiceIssued(Box::new(terms)))
    };
    for number in 0..20 {
        let (plain, taken) = (issued(number, false), issued(number, true));
        assert_eq!(plain.clone().reconcile(taken.clone()), taken);
        assert_eq!(taken.clone().reconcile(plain.clone()), taken);
        // In whatever order three copies come, one of them with other contents.
        let other = issued(number + 1, false);
        let one = plain.clone().reconcile(other.clone()).reconcile(taken.clone());
        let two = taken.reconcile(other).reconcile(plain);
        assert_eq!(one, two);
        assert!(one.is_taken_over());
    }
}

#[test]
fn decisions_of_one_time_are_in_the_order_of_their_ids_as_written() {
    let at = Instant::from_seconds(0);
    let message = |n: i64| Derivation::of("test").number(n).finish();
    let notice = |n: i64| Derivation::of("test").number(n).finish();
    let tried = |n, attempt| {
        let tried = MessageTried { message: message(n), attempt };
        Record::decision(at, Decision::MessageTried(tried))
    };
    let voided = |n| {
        let voided = NoticeVoided { notice: notice(n), cause: VoidCause::Case };
        Record::decision(at, Decision::NoticeVoided(voided))
    };
    let tried = (0..9).flat_map(|n| [1, 2, 10, 11].map(|attempt| tried(n, attempt)));
    let voided = (0..9).map(voided);
    let records: Vec<Record> = tried.chain(voided).collect();
    for one in &records {
        for other in &records {
            assert_eq!(one.id_order(other), one.id().cmp(&other.id()));
            let same = one.id() == other.id();
            assert_eq!(one.same_identity(other), same);
            assert_eq!(one.as_decision().unwrap().has_record_id(&other.id()), same);
        }
    }
}
