//! `[[hooks]]`: what is right, and every fault.

use super::{faults, read, read_with};
use crate::domain::outbound::HookEvent;

#[test]
fn hooks_are_told_to_the_law_without_where_they_are() {
    let key = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let text = format!(
        "[[hooks]]\nname = \"a\"\nurl = \"https://example.com/x\"\nsecrets = [\"{key}\"]\n\
         [[hooks]]\nname = \"b\"\nurl = \"http://127.0.0.1:9/\"\nprivate = true\n\
         events = [\"late_fee.due\"]\nsecrets = [\"{key}\", \"{key}\"]\n"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.law.hooks[0].events, HookEvent::ALL);
    assert_eq!(config.law.hooks[1].events, [HookEvent::LateFeeDue]);
    assert_eq!(config.hooks[1].keys.len(), 2);
    assert_eq!(config.hooks[0].keys[0].expose(), (0..32).collect::<Vec<u8>>());
    let shown = format!("{config:?}{}", config.shown.to_toml());
    assert!(!shown.contains("AAECAwQF"), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, format!("{key}\n")).unwrap();
    let text = text.replace(&format!("secrets = [\"{key}\"]"), "");
    let name = "AMBERGATE__HOOKS__0__SECRETS_FILE";
    let config = read_with(&text, &[(name, path.to_str().unwrap())]).unwrap();
    assert_eq!(config.hooks[0].keys.len(), 1);
}

#[test]
fn each_fault_is_told_with_what_would_be_right() {
    let hook = |rest: &str| {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let own = format!("url = \"https://example.com/\"\nsecrets = [\"whsec_{key}\"]");
        let given = |word: &str| rest.lines().any(|line| line.starts_with(word));
        let own = own.lines().filter(|line| !given(line.split(' ').next().unwrap()));
        let own: Vec<&str> = own.collect();
        let first = format!(
            "[[hooks]]\nname = \"a\"\nurl = \"https://example.com/\"\n\
             secrets = [\"whsec_{key}\"]\n"
        );
        format!("{first}[[hooks]]\n{}\n{rest}", own.join("\n"))
    };
    for (text, what) in [
        (hook("name = \"b\"\nname2 = 1"), "hooks[1].name2"),
        (hook(""), "`hooks[1].name` is missing"),
        (hook("name = \"a\""), "is the name of another hook"),
        (hook("name = \"a b\""), "is no name of a hook"),
        (hook("name = \"b\"\nevents = [\"stage.enterd\"]"), "did you mean `stage.entered`?"),
        (hook("name = \"b\"\nevents = []"), "it would be told nothing"),
        (hook("name = \"b\"\nurl = \"example.com\""), "is no address"),
        (hook("name = \"b\"\nurl = \"http://example.com\""), "has no TLS"),
        (hook("name = \"b\"\nurl = \"https://10.0.0.1/\""), "private = true"),
        (hook("name = \"b\"\nurl = \"https://[::1]/\""), "private = true"),
        (hook("name = \"b\"\nurl = \"http://8.8.8.8\"\nprivate = true"), "the internet at large"),
        (hook("name = \"b\"\nurl = \"https://u:p@example.com\""), "a user or a password"),
        (hook("name = \"b\"\nsecrets = []"), "hooks[1].secrets"),
        (hook("name = \"b\"\nsecrets = [\"whsec_AAAA\"]"), "24 to 64 random bytes"),
    ] {
        let faults = faults(&text);
        assert!(faults.iter().any(|fault| fault.contains(what)), "{text}: {faults:#?}");
        assert!(faults.iter().all(|fault| fault.starts_with("a.toml:")), "{faults:#?}");
    }
}
