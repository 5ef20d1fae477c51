//! `[[identify]]` and `[identify_rules]`.

use super::super::fields::Fields;
use super::super::secret::Secret;
use super::super::settings::{Algorithm, IdentifyRules, Jwt, JwtKey};

/// The shortest shared secret, in bytes: as long as the hash (RFC 7518 3.2).
const SECRET_BYTES_MIN: usize = 32;

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("HS256", Algorithm::Hs256), ("RS256", Algorithm::Rs256), ("ES256", Algorithm::Es256)];

/// Other ways to identify, which this version does not know.
const LATER: [&str; 5] = ["header", "host", "path", "api_key", "client_cert"];

pub(super) fn identify(root: &Fields<'_>) -> Vec<Jwt> {
    let one = |(index, node)| {
        let fields = Fields::of(node, &format!("identify[{index}]"), root.faults())?;
        fields.later(&LATER);
        match fields.table("jwt") {
            Some(fields) => jwt(&fields),
            None if LATER.iter().any(|key| fields.has(key)) => None,
            None => fields.missing("jwt", "jwt = { secret = \"…\", claim = \"tenant\" }"),
        }
    };
    root.list("identify").unwrap_or_default().iter().enumerate().filter_map(one).collect()
}

fn jwt(fields: &Fields<'_>) -> Option<Jwt> {
    let key = key(fields);
    let algorithms = algorithms(fields, key.as_ref());
    let header = fields.text("header").map(str::to_owned);
    if header.as_deref().is_some_and(|name| http::HeaderName::try_from(name).is_err()) {
        fields.fault("header", "is no name of a header", "such as \"Authorization\"");
    }
    let cookie = fields.text("cookie").map(str::to_owned);
    let odd = |name: &str| name.is_empty() || name.contains([' ', ';', '=', ',', '"']);
    if cookie.as_deref().is_some_and(odd) {
        fields.fault("cookie", "is no name of a cookie", "such as \"session\"");
    }
    let anywhere = header.is_some() || cookie.is_some();
    let header = if anywhere { header } else { Some("Authorization".to_owned()) };
    let claim = fields.text("claim").unwrap_or("tenant").to_owned();
    let role_claim = fields.text("role_claim").map(str::to_owned);
    for (key, claim) in [("claim", Some(&claim)), ("role_claim", role_claim.as_ref())] {
        if claim.is_some_and(String::is_empty) {
            fields.fault(key, "is empty", "a name, or a JSON pointer such as \"/org/id\"");
        }
    }
    let issuer = fields.text("issuer").map(str::to_owned);
    let audience = fields.texts("audience").unwrap_or_default();
    let audience = audience.into_iter().map(|(text, _)| text.to_owned()).collect();
    fields.later(&["jwks"]);
    let key = key?;
    Some(Jwt { key, algorithms, header, cookie, claim, role_claim, issuer, audience })
}

fn key(fields: &Fields<'_>) -> Option<JwtKey> {
    let secret = fields.secret("secret");
    let pem = fields.text("pem");
    match (secret, pem) {
        (Some(_), Some(_)) => {
            fields.fault("pem", "beside `secret`", "give one of the two");
            None
        }
        (Some(secret), None) => shared(fields, secret),
        (None, Some(pem)) => public(fields, pem).map(JwtKey::Pem),
        (None, None) if fields.has("secret") || fields.has("pem") || fields.has("jwks") => None,
        (None, None) => {
            let help = "give `secret` (HS256) or `pem` (RS256, ES256)";
            fields.faults().add(fields.place(), "tokens without a key", help);
            None
        }
    }
}

fn shared(fields: &Fields<'_>, secret: Secret) -> Option<JwtKey> {
    let text = secret.expose();
    if text.starts_with("-----BEGIN") {
        fields.fault("secret", "is a key in PEM", "give it as `pem`");
        return None;
    }
    if text.len() < SECRET_BYTES_MIN {
        let what = format!("has {} bytes", text.len());
        let help = format!("at least {SECRET_BYTES_MIN}, by chance: openssl rand -hex 32");
        fields.fault("secret", &what, help);
        return None;
    }
    Some(JwtKey::Secret(secret))
}

/// A public key: its PEM, or the file that holds it.
fn public(fields: &Fields<'_>, given: &str) -> Option<String> {
    let text = if given.starts_with("-----BEGIN") {
        given.to_owned()
    } else {
        fields.checked(
            "pem",
            std::fs::read_to_string(given)
                .map_err(|error| format!("a PEM, or a file that can be read; {given:?}: {error}")),
        )?
    };
    if text.contains("PRIVATE KEY-----") {
        fields.fault("pem", "is a private key", "give the public one: openssl pkey -pubout");
        return None;
    }
    if !text.contains("-----BEGIN") {
        fields.fault(
            "pem",
            "is no PEM",
            "a public key that begins with -----BEGIN PUBLIC KEY-----",
        );
        return None;
    }
    Some(text)
}

fn algorithms(fields: &Fields<'_>, key: Option<&JwtKey>) -> Vec<Algorithm> {
    let fits = |algorithm: Algorithm| match key {
        Some(JwtKey::Secret(_) | JwtKey::Demo(_)) => algorithm == Algorithm::Hs256,
        Some(JwtKey::Pem(_)) => algorithm != Algorithm::Hs256,
        None => true,
    };
    match fields.words("algorithms", &ALGORITHMS) {
        None => ALGORITHMS.iter().map(|(_, algorithm)| *algorithm).filter(|a| fits(*a)).collect(),
        Some(given) => {
            if !given.iter().all(|algorithm| fits(*algorithm)) {
                let help = "HS256 goes with `secret`; RS256 and ES256 with `pem`";
                fields.fault("algorithms", "do not fit the key", help);
            } else if fields.list("algorithms").is_some_and(<[_]>::is_empty) {
                fields.fault("algorithms", "is empty", "such as [\"HS256\"]");
            }
            given
        }
    }
}

pub(super) fn rules(fields: &Fields<'_>) -> Option<IdentifyRules> {
    let words = [("pass", true), ("401", false)];
    let anonymous_pass = fields.word("anonymous", &words);
    let bad_token_pass = fields.word("bad_token", &words);
    let roles = fields.table("roles")?;
    let names = |key| -> Vec<String> {
        let texts = roles.texts(key).unwrap_or_default();
        texts.into_iter().map(|(text, _)| text.to_owned()).collect()
    };
    Some(IdentifyRules {
        anonymous_pass: anonymous_pass?,
        bad_token_pass: bad_token_pass?,
        billing: names("billing"),
        admin: names("admin"),
        staff: names("staff"),
    })
}
