//! Settings: read from files and the environment, checked as a whole, all faults at once.
//!
//! Rules:
//! 1. A [`Config`] that exists is valid. Its documentation is `config/default.toml`, which is also
//!    where its defaults come from.
//! 2. Layers: what is compiled in, then one file, then the environment. Tables merge key by key,
//!    lists are replaced.
//! 3. Nothing that came from a secret key is ever printed.

mod addresses;
mod environment;
mod fault;
mod fields;
mod load;
pub mod locales;
mod masks;
pub mod policies;
mod read;
mod secret;
mod settings;
mod show;
mod tree;
mod values;

pub use addresses::is_global;
pub use environment::Environment;
pub use fault::{Fault, render};
pub use load::{DEFAULT, Request, load, load_law, load_text};
pub use read::upstream_address;
pub use secret::{Secret, SigningKey};
pub use settings::{
    Admin, Algorithm, Breaker, Config, Digest, Email, Enforce, Gate, HeardEvery, HookTo,
    IdentifyRules, Jwt, JwtKey, Log, ProcessRole, Proxy, Route, Store, StoreKind, Stripe,
    StripeApi, Token, TokenRole, Upstream,
};
pub use show::{Shown, ShownKey};
pub use values::{Network, Sha256};
