//! From a configuration to the gate and the proxy.
//!
//! Rule: `gate` and `proxy` never see the configuration; what they need of it is made here.

use http::{HeaderName, Method, StatusCode};

use crate::config::{Config, Enforce, Jwt, JwtKey, Route};
use crate::gate::classify::{self, Routes};
use crate::gate::settings::{self as gate, BadToken, Mode, Place, RoleNames, Rules, Unidentified};
use crate::gate::token::Key;
use crate::proxy;

/// How far clocks may differ for a token to be taken, in seconds.
const LEEWAY_SECONDS: u64 = 30;

/// What the gate is told.
///
/// # Errors
/// What of the configuration cannot be used, one sentence each: a key that is too weak, say.
pub fn gate_settings(config: &Config) -> Result<gate::Settings, Vec<String>> {
    let mut faults = Vec::new();
    let mut routes = Vec::new();
    for known in &config.routes {
        match route(known) {
            Ok(route) => routes.push(route),
            Err(fault) => faults.push(fault),
        }
    }
    let mut identify = Vec::new();
    for (number, jwt) in config.identify.iter().enumerate() {
        match identification(jwt) {
            Ok(jwt) => identify.push(jwt),
            Err(fault) => faults.push(format!("identify[{number}].jwt: {fault}")),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let rules = &config.identify_rules;
    Ok(gate::Settings {
        enforce: match config.gate.enforce {
            Enforce::On => Mode::On,
            Enforce::Observe => Mode::Observe,
            Enforce::Off => Mode::Off,
        },
        canary: config.gate.canary,
        status: StatusCode::from_u16(config.gate.status).unwrap_or(StatusCode::PAYMENT_REQUIRED),
        prefix: config.gate.prefix.clone(),
        open_file: config.gate.open_file.clone(),
        stale_max: config.store.stale_max,
        routes: Routes::new(routes),
        identify,
        rules: Rules {
            anonymous: if rules.anonymous_pass { Unidentified::Pass } else { Unidentified::Refuse },
            bad_token: if rules.bad_token_pass { BadToken::Pass } else { BadToken::Refuse },
            roles: RoleNames {
                billing: rules.billing.clone(),
                admin: rules.admin.clone(),
                staff: rules.staff.clone(),
            },
        },
        ..gate::Settings::default()
    })
}

/// What the proxy is told.
///
/// # Errors
/// What of the configuration cannot be used, one sentence each.
pub fn proxy_settings(config: &Config) -> Result<proxy::Settings, Vec<String>> {
    let mut faults = Vec::new();
    let mut addresses = Vec::new();
    for address in &config.upstream.addresses {
        match format!("http://{address}").parse() {
            Ok(address) => addresses.push(address),
            Err(fault) => faults.push(format!("upstream.addresses: {fault}")),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let upstream = proxy::Upstream {
        addresses,
        connections_max: config.upstream.max_connections,
        first_byte: u32::try_from(config.upstream.first_byte.as_secs()).unwrap_or(u32::MAX),
        ..proxy::Upstream::default()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(proxy::Settings {
        listen: config.proxy.listen,
        workers: config.proxy.workers.unwrap_or(cores),
        trusted_proxies: config.proxy.trusted_proxies.clone(),
        upstream,
        ..proxy::Settings::default()
    })
}

fn route(route: &Route) -> Result<classify::Route, String> {
    let method = |method: &String| {
        Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("routes: {method:?} is no method such as POST"))
    };
    Ok(classify::Route {
        glob: route
            .pattern
            .parse()
            .map_err(|fault| format!("routes: {}: {fault}", route.pattern))?,
        methods: route.methods.iter().map(method).collect::<Result<_, _>>()?,
        class: route.class,
        scope: route.scope.clone(),
    })
}

fn identification(jwt: &Jwt) -> Result<gate::Jwt, String> {
    let key = match &jwt.key {
        JwtKey::Secret(secret) => Key::secret(secret.expose().as_bytes()),
        JwtKey::Pem(pem) => Key::pem(pem),
        JwtKey::Demo(secret) => Ok(Key::secret_of_any_length(secret.expose().as_bytes())),
    };
    let key = key.map_err(|fault| fault.to_string())?;
    if !jwt.algorithms.iter().any(|algorithm| algorithm.word() == key.algorithm()) {
        return Err(format!(
            "the key is one for {}, which `algorithms` leaves out",
            key.algorithm()
        ));
    }
    let mut places = Vec::new();
    if let Some(header) = &jwt.header {
        let name = HeaderName::from_bytes(header.as_bytes());
        places.push(Place::Header(name.map_err(|_| format!("{header:?} is no header"))?));
    }
    if let Some(cookie) = &jwt.cookie {
        places.push(Place::Cookie(cookie.clone()));
    }
    Ok(gate::Jwt {
        key,
        kid: None,
        places,
        claim: jwt.claim.clone(),
        role_claim: jwt.role_claim.clone(),
        issuer: jwt.issuer.clone(),
        audience: jwt.audience.clone(),
        leeway: LEEWAY_SECONDS,
    })
}
