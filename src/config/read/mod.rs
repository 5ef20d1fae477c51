//! From the merged tree to a [`Config`].
//!
//! Rule: every section is read even where another one is at fault, so that all is told at once.

mod hooks;
mod identity;
mod outside;
mod routes;
mod servers;
mod sources;
#[cfg(test)]
mod tests;

pub use servers::authority as upstream_address;

use std::net::SocketAddr;

use super::fields::Fields;
use super::policies;
use super::settings::{Config, Enforce, ProcessRole, StoreKind};
use super::show::Shown;
use super::tree::Node;

/// What differs between kinds of processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) demo: bool,
    pub(super) role: ProcessRole,
    pub(super) policies: policies::Defaults<'static>,
}

/// The whole configuration. Usable only if there was no fault.
pub(super) fn config(root: &Fields<'_>, tree: &Node, setting: Setting) -> Option<Config> {
    let mut notes = Vec::new();
    let proxy = root.table("proxy").and_then(|fields| servers::proxy(&fields));
    let upstream = root.table("upstream").and_then(|fields| servers::upstream(&fields));
    let admin = root.table("admin").and_then(|fields| servers::admin(&fields));
    let ingest = root.table("ingest").and_then(|fields| fields.parsed("listen"));
    let authz = root.table("authz").and_then(|fields| fields.parsed("listen"));
    let store = root.table("store").and_then(|fields| outside::store(&fields));
    let journal = root.table("journal").and_then(|fields| fields.parsed("path"));
    let identify = identity::identify(root);
    let rules = root.table("identify_rules").and_then(|fields| identity::rules(&fields));
    let ways_out = routes::ways_out(root);
    let mut gate = root.table("gate").and_then(|fields| servers::gate(&fields));
    if let Some(gate) = gate.as_mut() {
        gate.enforce = routes::enforcement(root, &ways_out, setting.demo, &mut notes);
    }
    let mut all_routes = ways_out.routes;
    all_routes.extend(routes::routes(root));
    let email = root.table("email").and_then(|fields| outside::email(&fields));
    let digest = root.table("digest").and_then(|fields| outside::digest(&fields, setting.demo));
    let breaker = root.table("breaker").and_then(|fields| outside::breaker(&fields));
    let cors_origins = root.table("cors").and_then(|fields| outside::origins(&fields));
    let stripe = sources::stripe(root);
    let heard_every = sources::heard_every(root);
    let hooks = hooks::hooks(root);
    let log = root.table("log").and_then(|fields| outside::log(&fields));
    let mut law = policies::law(root, setting.policies);
    law.hooks = hooks::of_law(&hooks);
    let mut config = Config {
        proxy: proxy?,
        upstream: upstream?,
        gate: gate?,
        admin: admin?,
        ingest,
        authz,
        store: store?,
        journal: journal?,
        identify,
        identify_rules: rules?,
        routes: all_routes,
        email,
        digest,
        breaker,
        cors_origins: cors_origins?,
        stripe,
        heard_every,
        hooks,
        log: log?,
        law,
        notes,
        shown: Shown::of(tree),
    };
    together(root, &config, setting);
    config.notes.splice(0..0, absent(&config, setting));
    Some(config)
}

/// What is right, and does not do what most expect of it.
fn absent(config: &Config, setting: Setting) -> Vec<String> {
    let gate = setting.role != ProcessRole::Control;
    let control = setting.role != ProcessRole::Gate;
    let notes = [
        (
            gate && config.identify.is_empty(),
            "nobody is known, so every request passes: say in [[identify]] who is asking",
        ),
        (
            control && config.email.is_none(),
            "no mail leaves, so no warning arrives and nobody is cut off: say in [email] how",
        ),
        (
            control
                && config.email.is_none()
                && config.digest.as_ref().is_some_and(|it| it.required),
            "[digest] required, and no mail leaves: nobody is cut off before one is delivered",
        ),
        (
            control && config.email.as_ref().is_some_and(|email| email.only_to.is_some()),
            "[email] only_to is for rehearsals: nobody else gets mail, so nobody else is cut off",
        ),
        (
            config.admin.tokens.is_empty(),
            "nobody can use the admin API or send events: name a token in admin.tokens",
        ),
    ];
    let said = notes.into_iter().filter(move |(is_so, _)| *is_so && !setting.demo);
    said.map(|(_, note)| note.to_owned()).collect()
}

/// What is right by itself and wrong together.
fn together(root: &Fields<'_>, config: &Config, setting: Setting) {
    let mut taken: Vec<(&'static str, SocketAddr)> =
        vec![("proxy", config.proxy.listen), ("admin", config.admin.listen)];
    taken.extend(config.ingest.map(|address| ("ingest", address)));
    taken.extend(config.authz.map(|address| ("authz", address)));
    for (index, (section, address)) in taken.iter().enumerate() {
        let same = taken[..index].iter().find(|(_, other)| other == address && other.port() != 0);
        if let (Some((other, _)), Some(fields)) = (same, root.again(section)) {
            let what = format!("`{section}.listen` is the address of `{other}.listen`");
            fields.faults().add(fields.place_of("listen"), what, "give each its own port");
        }
    }
    let embedded = matches!(config.store.kind, StoreKind::Embedded { .. });
    if let (true, ProcessRole::Gate, Some(fields)) = (embedded, setting.role, root.again("store")) {
        let what = "a gate by itself cannot use the embedded store: it is one process's own file";
        fields.faults().add(fields.place_of("kind"), what, "set store.kind = \"redis\"");
    }
}

impl Enforce {
    const WORDS: [(&'static str, Self); 3] =
        [("on", Self::On), ("observe", Self::Observe), ("off", Self::Off)];
}
