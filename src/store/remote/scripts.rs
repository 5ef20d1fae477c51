//! The scripts: each names its keys, arguments and answer in its head. Keys of one script are of
//! one hash tag, so that a cluster can run it.

use std::sync::LazyLock;

use redis::{Cmd, Pipeline, Script, ToRedisArgs};

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])*
        pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $file))));)*

        /// Loads every script: part of a connection's first words.
        pub(super) fn load_all() -> Pipeline {
            let mut pipeline = Pipeline::new();
            $(pipeline.cmd("SCRIPT").arg("LOAD").arg(include_str!(concat!("scripts/", $file)));)*
            pipeline
        }
    };
}

scripts! {
    COMMIT = "commit.lua";
    BEGIN = "begin.lua";
    ENTER = "enter.lua";
    RECOVERED = "recovered.lua";
    APPLIED = "applied.lua";
    FORWARD = "forward.lua";
    BEAT = "beat.lua";
    SWITCH = "switch.lua";
    BREAKER = "breaker.lua";
    SLOT = "slot.lua";
    LEASE = "lease.lua";
    SUBMIT = "submit.lua";
}

/// A call of a script; arguments are added to it.
pub(super) fn call<K: ToRedisArgs>(script: &Script, keys: &[K]) -> Cmd {
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(script.get_hash()).arg(keys.len());
    for key in keys {
        cmd.arg(key);
    }
    cmd
}
