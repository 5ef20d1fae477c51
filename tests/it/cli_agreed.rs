//! `ambergate tenant …`: how agreements end, and how invoices are named.

use serde_json::json;

use crate::cli_tenant::Stub;
use crate::support::command::ambergate;

#[tokio::test]
async fn a_dispute_is_answered_in_words() {
    let stub = Stub::start().await;
    let told = ["tenant", "release", "acme", "d1", "--how", "partly", "--amount", "5.00EUR"];
    let told = [&told[..], &["--reason", "one hour too many"]].concat();
    let (code, out, said) = ambergate(&told, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Ended: d1\n"), "{said}");
    let amount = json!({"minor": 500, "currency": "EUR"});
    let body = json!({"how": "partly", "amount": amount, "reason": "one hour too many"});
    assert_eq!(stub.newest(), ("POST /v1/tenants/acme/arrangements/d1/end".to_owned(), body));
}

#[tokio::test]
async fn invoices_are_named_by_id_or_number_and_what_nobody_knows_is_refused() {
    let stub = Stub::start().await;
    let told = ["tenant", "received", "acme", "--amount", "5.00EUR", "--payment", "p", "--invoice"];
    let (code, _, said) = ambergate(&[&told[..], &["1001"]].concat(), &stub.address, "").await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(stub.newest().1["data"]["invoices"][0]["invoice"], "shop:1001");
    let promise = ["tenant", "promise", "acme", "--until", "2026-04-02", "--invoice", "R-3"];
    for unknown in [[&told[..], &["R-3"]].concat(), promise.to_vec()] {
        let (code, out, said) = ambergate(&unknown, &stub.address, "").await;
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(
            said.contains("acme has no invoice R-3: it has 1001 (shop:1001), R-2 (in_2)"),
            "{said}"
        );
    }
    assert_eq!(stub.posted().len(), 1, "nothing was sent of what is not known");
}
