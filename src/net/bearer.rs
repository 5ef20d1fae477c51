//! Who calls the control plane: bearers of tokens that are known by their hashes (SPEC 10).
//!
//! Rules:
//! 1. A token is compared as SHA-256, with all known ones, in constant time.
//! 2. Nothing of a token is ever said: whoever it is has a name.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};

use super::problem::Problem;
use crate::config::{Token, TokenRole};

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 1_024;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Recorded with what is done.
    pub name: String,
    /// What may be done.
    pub role: TokenRole,
}

/// All tokens that are known.
#[derive(Clone, Debug)]
pub struct Tokens(Arc<[Token]>);

impl Tokens {
    /// These and no others.
    #[must_use]
    pub fn new(tokens: Vec<Token>) -> Self {
        Self(tokens.into())
    }

    /// Whose token the request bears.
    ///
    /// # Errors
    ///
    /// 401: none, or none that is known.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = token.filter(|token| !token.is_empty()).ok_or_else(Problem::unauthorized)?;
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Problem::unknown_token());
        }
        let hash = Sha256::digest(token.as_bytes());
        let mut found = None;
        for known in self.0.iter() {
            if verify_slices_are_equal(&known.sha256.0, &hash).is_ok() {
                found = Some(Caller { name: known.name.clone(), role: known.role });
            }
        }
        found.ok_or_else(Problem::unknown_token)
    }

    /// Whose token the request bears, if it is one of these roles.
    ///
    /// # Errors
    ///
    /// 401 as [`Tokens::caller`]; 403: a known token, and not one of these roles.
    pub fn caller_in(&self, headers: &HeaderMap, roles: &[TokenRole]) -> Result<Caller, Problem> {
        let caller = self.caller(headers)?;
        if roles.contains(&caller.role) {
            return Ok(caller);
        }
        let names: Vec<_> = roles.iter().map(|role| word(*role)).collect();
        let detail = format!(
            "a token of role {} may; this one has the role {}",
            names.join(" or "),
            word(caller.role)
        );
        Err(Problem::forbidden(detail))
    }
}

const fn word(role: TokenRole) -> &'static str {
    match role {
        TokenRole::Ingest => "ingest",
        TokenRole::Viewer => "viewer",
        TokenRole::Agent => "agent",
        TokenRole::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let hash = |token: &str| crate::config::Sha256(Sha256::digest(token).into());
        Tokens::new(vec![
            Token { name: "ann".to_owned(), role: TokenRole::Viewer, sha256: hash("one") },
            Token { name: "books".to_owned(), role: TokenRole::Ingest, sha256: hash("two") },
        ])
    }

    fn bearing(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn only_known_tokens_and_only_their_roles() {
        let tokens = tokens();
        assert_eq!(tokens.caller(&bearing("Bearer one")).unwrap().name, "ann");
        assert_eq!(tokens.caller(&bearing("bearer two")).unwrap().role, TokenRole::Ingest);
        for wrong in ["Bearer three", "Bearer ", "Bearer", "Basic one", "one", "Bearer one two"] {
            assert_eq!(tokens.caller(&bearing(wrong)).unwrap_err().status(), 401, "{wrong}");
        }
        assert_eq!(tokens.caller(&HeaderMap::new()).unwrap_err().status(), 401);
        let said = |headers| format!("{:?}", tokens.caller(&headers).unwrap_err());
        assert!(said(bearing("Bearer three")).contains("This token is not known"));
        assert!(!said(bearing("Bearer three")).contains("three"));
        assert!(said(bearing("Basic one")).contains("send a token"));
        assert!(said(HeaderMap::new()).contains("send a token"));
        let forbidden = tokens.caller_in(&bearing("Bearer one"), &[TokenRole::Admin]);
        assert_eq!(forbidden.unwrap_err().status(), 403);
    }
}
