//! Tokens that must be taken, and many that must not.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::gate::settings::Place;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_800_000_000;

fn jwt() -> Jwt {
    Jwt {
        key: Key::secret(SECRET).unwrap(),
        kid: None,
        places: vec![Place::Cookie("session".to_owned())],
        claim: "tenant".to_owned(),
        role_claim: Some("role".to_owned()),
        issuer: Some("https://id.example".to_owned()),
        audience: vec!["app".to_owned()],
        leeway: 30,
    }
}

fn now() -> Instant {
    Instant::from_seconds(NOW)
}

fn good() -> Value {
    json!({"tenant": "acme", "exp": NOW + 60, "iss": "https://id.example", "aud": "app"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn sign(header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn is_taken(claims: &Value) -> bool {
    verify(&sign(&Header::default(), claims), &jwt(), now()).is_ok()
}

fn raw(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

#[test]
fn a_good_token_is_taken() {
    let verified = verify(&sign(&Header::default(), &good()), &jwt(), now()).unwrap();
    assert_eq!(verified.claims.text("tenant"), Some("acme"));
    assert_eq!(verified.expires, Instant::from_seconds(NOW + 60));
    assert!(is_taken(&with("aud", json!(["other", "app"]))));
    assert!(is_taken(&with("nbf", json!(NOW + 20))));
    assert!(is_taken(&with("exp", json!(NOW - 20))));
    assert!(is_taken(&with("exp", json!(NOW as f64 + 5.5))));
}

#[test]
fn claims_that_do_not_hold_are_bad() {
    for (name, value) in [
        ("exp", json!(NOW - 30)),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("nbf", json!(NOW + 31)),
        ("nbf", json!("0")),
        ("iss", json!("https://evil.example")),
        ("iss", json!(["https://id.example"])),
        ("aud", json!("other")),
        ("aud", json!({"app": true})),
    ] {
        assert!(!is_taken(&with(name, value.clone())), "{name} {value}");
    }
    let mut endless = good();
    endless.as_object_mut().unwrap().remove("exp");
    assert!(!is_taken(&endless));
}

#[test]
fn the_token_does_not_choose_its_algorithm_or_key() {
    let claims = good().to_string();
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"typ":"JWT"}"#,
        "[]",
    ] {
        assert_eq!(verify(&raw(header, &claims), &jwt(), now()).err(), Some(BadToken), "{header}");
    }
    let jku = r#"{"alg":"HS256","jku":"https://evil.example","jwk":{"kty":"oct","k":"AA"}}"#;
    assert!(verify(&raw(jku, &claims), &jwt(), now()).is_ok(), "ignored, not followed");
}

#[test]
fn spoilt_tokens_are_bad() {
    let token = sign(&Header::default(), &good());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode([0; 32]);
    for spoilt in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{other}"),
        format!("{message}.{signature}="),
        format!("{message}.{signature}.x"),
        format!(" {token}"),
        format!("{message}.{signature}{}", "A".repeat(TOKEN_BYTES_MAX)),
        format!("{{\"payload\":\"{token}\"}}"),
    ] {
        assert!(verify(&spoilt, &jwt(), now()).is_err(), "{spoilt:.80}");
    }
}

#[test]
fn doubled_claims_are_bad() {
    let claims = format!(
        r#"{{"tenant":"acme","tenant":"evil","exp":{},"iss":"https://id.example","aud":"app"}}"#,
        NOW + 60
    );
    assert!(verify(&raw(r#"{"alg":"HS256"}"#, &claims), &jwt(), now()).is_err());
}

#[test]
fn kid_chooses_among_loaded_keys_only() {
    let one = Jwt { kid: Some("one".to_owned()), ..jwt() };
    let claims = good().to_string();
    let named = |kid: &str| raw(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#), &claims);
    assert!(verify(&named("\"one\""), &one, now()).is_ok());
    for other in ["\"two\"", "\"../../etc/passwd\"", "[\"one\"]", "null"] {
        assert!(verify(&named(other), &one, now()).is_err(), "{other}");
    }
}

#[test]
fn weak_and_wrong_keys_are_refused_when_loaded() {
    assert_eq!(Key::secret(b"short").err(), Some(KeyError::ShortSecret(5)));
    assert_eq!(Key::secret(b"").err(), Some(KeyError::ShortSecret(0)));
    let rsa = include_str!("../../tests/fixtures/keys/rsa-2048.pub.pem");
    assert_eq!(Key::secret(rsa.as_bytes()).err(), Some(KeyError::PemAsSecret));
    assert_eq!(Key::pem(rsa).unwrap().algorithm(), "RS256");
    let weak = include_str!("../../tests/fixtures/keys/rsa-1024.pub.pem");
    assert_eq!(Key::pem(weak).err(), Some(KeyError::WeakRsa(1024)));
    let curve = include_str!("../../tests/fixtures/keys/p256.pub.pem");
    assert_eq!(Key::pem(curve).unwrap().algorithm(), "ES256");
    let other = include_str!("../../tests/fixtures/keys/secp256k1.pub.pem");
    assert_eq!(Key::pem(other).err(), Some(KeyError::NotAKey));
    let private = include_str!("../../tests/fixtures/keys/p256.pem");
    assert_eq!(Key::pem(private).err(), Some(KeyError::Private));
    assert_eq!(Key::pem("nonsense").err(), Some(KeyError::NotAKey));
    assert!(!format!("{:?}", jwt()).contains("0123456789"));
}

#[test]
fn public_keys_check_their_own_algorithm_only() {
    let pairs = [
        (
            Key::pem(include_str!("../../tests/fixtures/keys/rsa-2048.pub.pem")).unwrap(),
            EncodingKey::from_rsa_pem(include_bytes!("../../tests/fixtures/keys/rsa-2048.pem")),
            Algorithm::RS256,
        ),
        (
            Key::pem(include_str!("../../tests/fixtures/keys/p256.pub.pem")).unwrap(),
            EncodingKey::from_ec_pem(include_bytes!("../../tests/fixtures/keys/p256.pem")),
            Algorithm::ES256,
        ),
    ];
    for (key, private, algorithm) in pairs {
        let jwt = Jwt { key, ..jwt() };
        let token = encode(&Header::new(algorithm), &good(), &private.unwrap()).unwrap();
        assert!(verify(&token, &jwt, now()).is_ok(), "{algorithm:?}");
        assert!(verify(&sign(&Header::default(), &good()), &jwt, now()).is_err());
        let (message, _) = token.rsplit_once('.').unwrap();
        let zeros = URL_SAFE_NO_PAD.encode([0_u8; 64]);
        assert!(verify(&format!("{message}.{zeros}"), &jwt, now()).is_err());
    }
}
