mod hooks;

use std::time::Duration;

use super::super::environment::Environment;
use super::super::load::{DEFAULT, Request, load, load_text};
use super::super::settings::{Algorithm, Breaker, JwtKey};
use super::super::{Fault, render};
use super::*;
use crate::domain::decide::RouteClass;
use crate::domain::policy::Percent;

const WAYS: &str = r#"
[ways_out]
sign_in = ["/login/**"]
pay = ["/pay/**"]
ask = ["/ask"]
export = ["/export/**"]
cancel = { not_here = "by mail" }
delete = { not_here = "by mail" }
reduce = ["/members/**"]
"#;

fn read(text: &str) -> Result<Config, Vec<Fault>> {
    load_text(text, "a.toml", &Request::default())
}

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<Fault>> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::new(variables);
    load_text(text, "a.toml", &Request { environment, ..Request::default() })
}

fn faults(text: &str) -> Vec<String> {
    read(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_are_a_configuration() {
    let config = read("").unwrap();
    assert_eq!(config.proxy.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.ingest.unwrap().to_string(), "127.0.0.1:8083");
    assert_eq!(config.upstream.addresses, ["127.0.0.1:3000"]);
    assert_eq!(config.upstream.first_byte, Duration::from_secs(60));
    assert_eq!(config.store.stale_max, Duration::from_secs(4 * 3600));
    assert_eq!(config.gate.status, 402);
    assert!(config.email.is_none() && config.stripe.is_none() && config.identify.is_empty());
    assert_eq!(config.law.policies.keys().map(|n| n.as_str()).collect::<Vec<_>>(), ["standard"]);
    assert_eq!(config.gate.enforce, Enforce::Observe);
    let said = ["[[identify]]", "[email]", "admin.tokens", "[ways_out]"];
    assert_eq!(config.notes.len(), said.len());
    assert!(config.notes.iter().zip(said).all(|(note, said)| note.contains(said)));
}

#[test]
fn every_line_of_the_documentation_that_is_commented_out_is_a_key() {
    let mut text = String::new();
    for line in DEFAULT.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let is_key = bare.starts_with('[') && bare.contains(']') || bare.contains(" = ");
        let is_prose = bare.starts_with("[calendars.*]") || bare.starts_with("jwt.pem");
        text.push_str(if is_key && !is_prose { bare } else { line });
        text.push('\n');
    }
    let text = text
        .replace("whsec_…", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        .replace("rk_…", "rk_1")
        .replace("always = true", "always = false");
    let text = text.replace("jwt.secret = \"…\"", &format!("jwt.secret = \"{}\"", "s".repeat(32)));
    let config = read(&text).unwrap_or_else(|faults| panic!("{}", render(&faults, false)));
    assert_eq!(config.gate.enforce, Enforce::On);
    assert_eq!(config.identify[0].audience, ["app"]);
    assert_eq!(config.email.unwrap().only_to.unwrap(), ["@example.com"]);
    let day = Duration::from_secs(24 * 3_600);
    let breaker = Breaker { share: Percent(100), at_least: 3, window: day };
    assert_eq!(config.breaker, Some(breaker));
    assert_eq!(read("").unwrap().breaker, Some(breaker));
    let demo = Request { demo: true, ..Request::default() };
    assert_eq!(load_text("", "a.toml", &demo).unwrap().breaker, None);
    let shown = load_text("[breaker]\nat_least = 5", "a.toml", &demo).unwrap().breaker;
    assert_eq!(shown, Some(Breaker { at_least: 5, ..breaker }));
    let heard = config.heard_every.iter().map(|it| (it.source.as_str(), it.time));
    assert_eq!(heard.collect::<Vec<_>>(), [("books", day), ("stripe", day)]);
    assert_eq!(config.law.select[0].name.as_deref(), Some("slow"));
}

#[test]
fn a_digest_has_readers_an_address_and_a_secret() {
    assert!(read("").unwrap().digest.is_none());
    let secret = "0123456789abcdef0123456789abcdef";
    let right = format!(
        "[digest]\nto = [\"ops@example.com\"]\nat = \"07:30\"\nrequired = true\n\
         url = \"https://gate.example\"\nsecret = \"{secret}\"\n"
    );
    let config = read(&right).unwrap();
    let digest = config.digest.unwrap();
    assert_eq!((digest.to, digest.required), (vec!["ops@example.com".to_owned()], true));
    assert_eq!(digest.at.to_string(), "07:30");
    assert!(config.notes.iter().any(|note| note.contains("[digest] required, and no mail")));
    let wrong = "[digest]\nto = [\"ops\"]\nat = \"8 o'clock\"\nurl = \"gate\"\nsecret = \"x\"";
    let said = faults(wrong);
    for (key, said) in ["to", "at", "url", "secret"].iter().zip(&said) {
        assert!(said.contains(&format!("digest.{key}")), "{said}");
    }
    assert_eq!(said.len(), 4, "{said:?}");
    let said = faults("[digest]\nto = [\"ops@example.com\"]");
    assert!(said.len() == 2 && said[0].contains("url") && said[1].contains("secret"), "{said:?}");
    let said = faults("[digest]\nrequired = true");
    assert!(said.len() == 1 && said[0].contains("names nobody"), "{said:?}");
    let demo = Request { demo: true, ..Request::default() };
    let text = "[digest]\nto = [\"ops@example.com\"]";
    assert!(load_text(text, "a.toml", &demo).unwrap().digest.is_some(), "it has its own");
}

#[test]
fn the_example_is_right() {
    let text = include_str!("../../../config/example.toml");
    let secret = "0123456789abcdef0123456789abcdef";
    let variables = [
        ("AMBERGATE__IDENTIFY__0__JWT__SECRET", secret),
        ("AMBERGATE__SOURCES__STRIPE__SECRETS", "[\"whsec_1\", \"whsec_2\"]"),
    ];
    let config = read_with(text, &variables).unwrap_or_else(|f| panic!("{}", render(&f, false)));
    assert_eq!(config.gate.enforce, Enforce::On);
    assert!(matches!(&config.identify[0].key, JwtKey::Secret(s) if s.expose() == secret));
    assert_eq!(config.identify[0].algorithms, [Algorithm::Hs256]);
    assert_eq!(config.identify[0].header, None);
    assert_eq!(config.stripe.as_ref().unwrap().secrets.len(), 2);
    assert_eq!(config.law.policies.len(), 3);
    assert_eq!(config.routes[0].class, RouteClass::Always);
    assert!(!format!("{config:?}").contains(secret));
    assert!(!config.shown.to_toml().contains(secret));
    assert!(faults(text).iter().any(|fault| fault.contains("tokens without a key")));
}

#[test]
fn a_list_may_begin_in_the_environment() {
    let secret = "0123456789abcdef0123456789abcdef";
    let variable = [("AMBERGATE__IDENTIFY__0__JWT__SECRET", secret)];
    let read = read_with("", &variable);
    let config = read.unwrap_or_else(|faults| panic!("{}", render(&faults, false)));
    assert!(matches!(&config.identify[0].key, JwtKey::Secret(s) if s.expose() == secret));
}

#[test]
fn tables_merge_and_lists_are_replaced() {
    let text = "[calendars.DE]\nholidays = [2030-01-01]\n[policies.standard]\ntitle = \"Ours\"\n";
    let config = read(text).unwrap();
    assert_eq!(config.law.policies["standard"].title, "Ours");
    assert_eq!(config.law.policies["standard"].rungs.len(), 7);
    assert_eq!(config.law.calendars["DE"].holidays().len(), 1);
}

#[test]
fn the_environment_comes_last() {
    let config = read_with(
        "[gate]\nstatus = 403\n",
        &[
            ("AMBERGATE__GATE__STATUS", "451"),
            ("AMBERGATE__UPSTREAM__ADDRESSES", "http://app:80"),
            ("AMBERGATE__STORE__URL", "redis://:p@ss@host:1"),
            ("AMBERGATE__POLICIES__STANDARD__POSTPONEMENTS", "7"),
            ("AMBERGATE__IDENTIFY_RULES__ROLES__STAFF", "[\"us\"]"),
            ("AMBERGATE__PROXY__LISTEN", ""),
        ],
    )
    .unwrap();
    assert_eq!(config.gate.status, 451);
    assert_eq!(config.upstream.addresses, ["app:80"]);
    assert_eq!(config.law.policies["standard"].postponements, Some(7));
    assert_eq!(config.identify_rules.staff, ["us"]);
    assert!(config.shown.to_toml().contains("redis://***@host:1"));
    let faults = read_with("", &[("AMBERGATE__GATE__STATSU", "1")]).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().starts_with("AMBERGATE__GATE__STATSU: `gate.statsu`"));
    assert!(faults[0].help().contains("`status`"));
    assert!(render(&faults, false).contains("AMBERGATE__GATE__STATSU"));
}

#[test]
fn secrets_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    std::fs::write(&path, "whsec_1\nwhsec_2\n").unwrap();
    let name = "AMBERGATE__SOURCES__STRIPE__SECRETS_FILE";
    let config = read_with("", &[(name, path.to_str().unwrap())]).unwrap();
    assert_eq!(config.stripe.unwrap().secrets[1].expose(), "whsec_2");
    let faults = read_with("", &[(name, "/nowhere/at/all")]).unwrap_err();
    assert!(faults[0].to_string().contains("cannot be read"));
}

#[test]
fn enforcing_asks_for_every_way_out() {
    assert_eq!(read(WAYS).unwrap().gate.enforce, Enforce::On);
    let faults = faults(&format!("[gate]\nenforce = \"on\"\n{}", WAYS.replace("pay", "# pay")));
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].starts_with("a.toml:2:11:") && faults[0].contains("where people can: pay"));
    assert!(read("[gate]\nenforce = \"off\"").is_ok());
    let demo = Request { demo: true, ..Request::default() };
    let config = load_text("", "a.toml", &demo).unwrap();
    assert_eq!(config.gate.enforce, Enforce::On);
    assert!(config.law.operator.is_none());
    assert_eq!(config.law.policies["standard"].slack.count, 0);
    let own = load_text("[policies.standard]\nslack = \"5 minutes\"", "a.toml", &demo).unwrap();
    assert_eq!(own.law.policies["standard"].slack.count, 5);
}

#[test]
fn a_gate_by_itself_needs_a_store_that_others_reach() {
    let gate = Request { role: ProcessRole::Gate, ..Request::default() };
    let faults = load_text("", "a.toml", &gate).unwrap_err();
    assert!(faults[0].what().contains("embedded store"));
    assert!(load_text("[store]\nkind = \"redis\"", "a.toml", &gate).is_ok());
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let jwt = |rest: &str| format!("[[identify]]\njwt = {{ {rest} }}");
    let long = "s".repeat(32);
    for (text, what) in [
        ("[proxi]".to_owned(), "did you mean `proxy`?"),
        ("[proxy]\nlisten = \"8080\"".to_owned(), "proxy.listen"),
        ("[proxy]\nlisten = 8080".to_owned(), "a whole number, not a text"),
        ("[proxy]\ntls = { cert = \"a\", key = \"b\" }".to_owned(), "not known to this version"),
        ("[proxy]\ntrusted_proxies = [\"10.0.0.0/40\"]".to_owned(), "10.0.0.0/8"),
        ("[upstream]\naddresses = []".to_owned(), "is empty"),
        ("[upstream]\naddresses = [\"app:3000\"]".to_owned(), "no address of an app"),
        ("[upstream]\nfirst_byte = \"60\"".to_owned(), "a number and a unit"),
        ("[upstream]\nhttp = \"2\"".to_owned(), "more than this version speaks"),
        ("[gate]\nenforce = \"yes\"".to_owned(), "known: on, observe, off"),
        ("[gate]\nstatus = 200".to_owned(), "give 400 to 499"),
        ("[gate]\ncanary = \"110%\"".to_owned(), "at most 100%"),
        ("[gate]\nprefix = \"x\"".to_owned(), "gate.prefix"),
        ("[ingest]\nlisten = \"127.0.0.1:8081\"".to_owned(), "is the address of `admin.listen`"),
        (
            "[admin]\ntokens = [{ name = \"a\", role = \"boss\", sha256 = \"x\" }]".to_owned(),
            "viewer",
        ),
        ("[store]\nkind = \"redsi\"".to_owned(), "did you mean `redis`?"),
        ("[store]\nurl = \"host:6379\"".to_owned(), "no address of a Redis server"),
        ("[store]\nurl = \"redis://u:p@h:99999999\"".to_owned(), "no address of a Redis server"),
        (jwt("claim = \"t\""), "tokens without a key"),
        (jwt("secret = \"short\""), "has 5 bytes"),
        (jwt(&format!("secret = \"{long}\", algorithms = [\"RS256\"]")), "do not fit the key"),
        (jwt("pem = \"/nowhere.pem\""), "/nowhere.pem"),
        (jwt("jwks = \"https://x\""), "not known to this version"),
        ("[[routes]]\nmatch = \"x\"".to_owned(), "must begin with /"),
        ("[[routes]]\nmatch = \"/a/**/b\"".to_owned(), "only at its end"),
        ("[[routes]]\nalways = true".to_owned(), "`routes[0].match` is missing"),
        ("[[routes]]\nmatch = \"/a\"\nmethods = [\"post\"]".to_owned(), "in capitals"),
        ("[email]\nsmtp = \"mail:25\"".to_owned(), "no address of a mail server"),
        ("[email]\nsmtp = \"smtp://mail:25\"".to_owned(), "`email.from` is missing"),
        ("[cors]\norigins = [\"*\"]".to_owned(), "no origin"),
        ("[sources.stripe]\nsecrets = []".to_owned(), "is empty"),
        ("[log]\nlevel = \"nonsense=loud\"".to_owned(), "log.level"),
        ("[sources.stripe]\nsecrets = [\"a\"]\napi = \"x\"".to_owned(), "sources.stripe.key"),
        ("[sources.books]".to_owned(), "sources.books.heard_every"),
        ("[sources.books]\nheard_every = \"1 working day\"".to_owned(), "number and a unit"),
        ("[sources.books]\nheard_every = \"1h\"\nx = 1".to_owned(), "sources.books.x"),
        ("[breaker]\nshare = \"101%\"".to_owned(), "at most 100%"),
        ("[breaker]\nat_least = 0".to_owned(), "breaker.at_least"),
        ("[breaker]\nwindow = \"1 fortnight\"".to_owned(), "breaker.window"),
        ("[authz]\nlisten = \"127.0.0.1:8081\"".to_owned(), "the address of `admin.listen`"),
    ] {
        let faults = faults(&text);
        assert!(faults.iter().any(|fault| fault.contains(what)), "{text}: {faults:#?}");
        assert!(faults.iter().all(|fault| fault.starts_with("a.toml:")), "{faults:#?}");
    }
}

#[test]
fn a_secret_is_never_shown_even_where_it_is_misplaced() {
    let marker = "MARKER-0123456789";
    for text in [
        format!("[[identify]]\njwt = {{ secret = \"{marker}\" }}"),
        format!("[[identify]]\njwt = {{ secrt = \"{marker}\", claim = \"\" }}"),
        format!("[sources.strip]\nsecretz = \"{marker}\""),
        format!("[[sauces]]\nsecretz = [\"{marker}\"]"),
        format!("[email]\nsmtp = \"http://u:{marker}@x\""),
        format!("[store]\nurl = \"redis:{marker}\"\nkind = 3"),
        format!("[email]\nsmtp = \"smtp://u:{marker}@x\" oops"),
        format!("[sources.stripe]\nsecrets = [\"{marker}\"\n[store]\nkind = 1"),
        format!("[[identify]]\njwt = {{ pem = \"-----BEGIN PRIVATE KEY-----{marker}\" }}"),
        format!("[upstream]\naddresses = [\"http://u:{marker}@127.0.0.1:1\"]"),
        format!("[admin]\ntokens = [{{ name = \"x\", role = \"admin\", sha256 = \"{marker}\" }}]"),
        format!("[store]\n# url = \"redis://u:{marker}@h:6379\"\nkind = \"nope\""),
        format!("[sources.stripe]\nsecrets = 5 # [\"{marker}\"]"),
        format!("[[hooks]]\nname = \"a\"\nurl = \"http://u:{marker}@x\"\nsecrets = []"),
        format!("[[hooks]]\nname = \"a\"\nsecrets = [\"whsec_{marker}\"]"),
    ] {
        let faults = read(&text).unwrap_err();
        let all = format!("{faults:?}{}", render(&faults, false));
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert!(!told.concat().contains(marker), "{told:?}");
        assert!(!render(&faults, false).contains(marker), "{}", render(&faults, false));
        assert!(!all.contains(marker), "Debug shows it: {text}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let request = Request { file: Some("/nowhere/a.toml".into()), ..Request::default() };
    let faults = load(&request).unwrap_err();
    assert!(faults[0].to_string().starts_with("/nowhere/a.toml: the configuration cannot be read"));
}
