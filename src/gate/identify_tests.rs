//! Places, contradictions, roles, and how long a token is believed.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::domain::stage::Role;
use crate::gate::token::Key;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const OTHER: &[u8] = b"another secret of thirty-two bytes";
const NOW: i64 = 1_800_000_000;

fn source(secret: &[u8], places: &[Place]) -> Jwt {
    Jwt {
        key: Key::secret(secret).unwrap(),
        kid: None,
        places: places.to_vec(),
        claim: "tenant".to_owned(),
        role_claim: Some("role".to_owned()),
        issuer: None,
        audience: Vec::new(),
        leeway: 0,
    }
}

fn places() -> [Place; 2] {
    [Place::Header(AUTHORIZATION), Place::Cookie("session".to_owned())]
}

fn identify(rules: Rules) -> Identify {
    Identify::new(vec![source(SECRET, &places()), source(OTHER, &places())], rules, 100)
}

fn token(secret: &[u8], tenant: &str) -> String {
    let claims = json!({"tenant": tenant, "sub": "eve", "role": ["billing"], "exp": NOW + 300});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    headers
}

fn ask(identify: &Identify, headers: &HeaderMap) -> Result<Option<Arc<Identity>>, NotIdentified> {
    identify.identify(headers, Instant::from_seconds(NOW), &Counters::default())
}

#[test]
fn a_person_is_read_from_a_header_or_a_cookie() {
    let identify = identify(Rules::default());
    let token = token(SECRET, "acme");
    for pair in [
        ("authorization", format!("Bearer {token}")),
        ("authorization", format!("bearer  {token}")),
        ("cookie", format!("a=b; session={token}; c=d")),
        ("cookie", format!("session=\"{token}\"")),
    ] {
        let who = ask(&identify, &headers(&[(pair.0, &pair.1)])).unwrap().unwrap();
        assert_eq!(who.tenant.as_str(), "acme");
        assert!(who.roles.contains(Role::Billing) && who.roles.contains(Role::User));
        assert!(!who.roles.contains(Role::Admin) && !who.staff);
        assert!(who.person.is_some());
    }
}

#[test]
fn nobody_is_nobody() {
    let identify = identify(Rules::default());
    for pairs in [&[][..], &[("authorization", "Basic eHg6eHg=")], &[("cookie", "session=; a=b")]] {
        assert!(ask(&identify, &headers(pairs)).unwrap().is_none());
    }
}

#[test]
fn contradictions_are_refused() {
    let identify = identify(Rules::default());
    let (one, other) = (token(SECRET, "acme"), token(OTHER, "evil"));
    let bearer = format!("Bearer {one}");
    let session = format!("session={other}");
    let doubled = format!("session={one}; session={one}");
    for pairs in [
        &[("authorization", bearer.as_str()), ("cookie", session.as_str())][..],
        &[("authorization", &bearer), ("authorization", &bearer)],
        &[("cookie", &doubled)],
        &[("cookie", &session), ("cookie", &session)],
    ] {
        let refused = ask(&identify, &headers(pairs));
        assert!(matches!(refused, Err(NotIdentified::Contradiction(_))), "{refused:?}");
    }
    let same = format!("session={}", token(OTHER, "acme"));
    let both = headers(&[("authorization", &bearer), ("cookie", &same)]);
    assert_eq!(ask(&identify, &both).unwrap().unwrap().tenant.as_str(), "acme");
}

#[test]
fn bad_tokens_are_refused_or_pass_as_nobody() {
    let bad = token(b"a secret that nobody here has ever seen", "acme");
    let headers = headers(&[("authorization", &format!("Bearer {bad}"))]);
    let refused = ask(&identify(Rules::default()), &headers);
    assert_eq!(refused.err(), Some(NotIdentified::BadToken));
    let lenient = Rules { bad_token: BadToken::Pass, ..Rules::default() };
    assert!(ask(&identify(lenient), &headers).unwrap().is_none());
}

#[test]
fn a_remembered_token_still_ends() {
    let identify = identify(Rules::default());
    let headers = headers(&[("authorization", &format!("Bearer {}", token(SECRET, "acme")))]);
    let counters = Counters::default();
    let at = |seconds: i64| {
        identify.identify(&headers, Instant::from_seconds(NOW + seconds), &counters).is_ok()
    };
    assert!(at(0) && at(59));
    assert_eq!((counters.tokens_verified.get(), counters.tokens_cached.get()), (1, 1));
    assert!(at(60), "looked at again");
    assert_eq!(counters.tokens_verified.get(), 2);
    assert!(at(299) && !at(300));
}

#[test]
fn two_issuers_do_not_share_what_was_verified() {
    let one = Identify::new(
        vec![source(SECRET, &places()[..1]), source(OTHER, &places()[1..])],
        Rules::default(),
        100,
    );
    let token = token(SECRET, "acme");
    assert!(ask(&one, &headers(&[("authorization", &format!("Bearer {token}"))])).is_ok());
    let elsewhere = ask(&one, &headers(&[("cookie", &format!("session={token}"))]));
    assert_eq!(elsewhere.err(), Some(NotIdentified::BadToken), "the cookie has another issuer");
}

#[test]
fn a_place_is_read_in_every_spelling_that_an_app_may_take() {
    let identify = identify(Rules::default());
    let token = token(SECRET, "acme");
    for pair in [
        ("authorization", format!("Bearer\t{token}")),
        ("authorization", format!("JWT {token}")),
        ("authorization", token.clone()),
        ("authorization", format!("Basic eDp5, Bearer {token}")),
        ("authorization", format!("Bearer:{token}")),
        ("cookie", format!("session ={token}")),
        ("cookie", format!("a=b;\tsession\t= {token}")),
        ("cookie", format!("%73ession={token}")),
        ("cookie", format!("\u{a0}session={token}")),
        ("cookie", format!("a=b session={token}")),
        ("cookie", format!("a=b, session={token}")),
        ("cookie", format!("a=b\tsession = {token} c=d")),
        ("cookie", format!("session{}={token}", " ".repeat(300))),
        ("cookie", format!("session{}={token}", "\t".repeat(300))),
        ("cookie", format!("a=b;{}session={token}", "\u{a0}".repeat(300))),
        ("cookie", format!("session{}={token}", "\u{a0}".repeat(300))),
        ("cookie", format!("{}session={token}", "%20".repeat(300))),
        ("cookie", format!("\u{a0}%73ession\u{a0}={token}")),
        ("cookie", format!("session%00x={token}")),
        ("cookie", format!("session[={token}")),
        ("cookie", format!("a=b[c session[x]={token}")),
    ] {
        let mut map = HeaderMap::new();
        let name: HeaderName = pair.0.parse().unwrap();
        map.append(name, HeaderValue::from_bytes(pair.1.as_bytes()).unwrap());
        let found = ask(&identify, &map).unwrap();
        assert_eq!(found.map(|who| who.tenant.to_string()).as_deref(), Some("acme"), "{pair:?}");
    }
    let dotted = Identify::new(
        vec![source(SECRET, &[Place::Cookie("my_session".into())])],
        Rules::default(),
        10,
    );
    for name in ["my_session", "my.session", "my session", "a=b; my%20session"] {
        let found = ask(&dotted, &headers(&[("cookie", &format!("{name}={token}"))])).unwrap();
        assert!(found.is_some(), "{name}");
    }
    for between in ["; ", " ", ", ", "\t", "  x=y,"] {
        let twice = format!("session={token}{between}session ={token}");
        let refused = ask(&identify, &headers(&[("cookie", &twice)]));
        assert!(matches!(refused, Err(NotIdentified::Contradiction(_))), "{between:?}");
    }
    for nobody in [
        ("authorization", "Basic eDp5"),
        ("cookie", "Session=x; my_session=y; session2=z; xsession=v; x=%73"),
    ] {
        assert!(ask(&identify, &headers(&[nobody])).unwrap().is_none(), "{nobody:?}");
    }
}

#[test]
fn a_header_of_ones_own_has_one_spelling() {
    let place = Place::Header(HeaderName::from_static("x-app-token"));
    let identify = Identify::new(vec![source(SECRET, &[place])], Rules::default(), 10);
    let token = token(SECRET, "acme");
    assert!(ask(&identify, &headers(&[("x-app-token", &token)])).unwrap().is_some());
    for name in ["X_App_Token", "x.app-token"] {
        let refused = ask(&identify, &headers(&[(name, &token)]));
        assert!(matches!(refused, Err(NotIdentified::Contradiction(_))), "{name}");
    }
}
