//! What lies in `deploy/` is right by the program's own measure.

use std::path::Path;

use ambergate::config::{Config, Enforce, Environment, ProcessRole, Request, load_text, render};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The variables that begin with `AMBERGATE_`, as `name<separator>value` lines give them, with
/// what a shell would put in place of `${…}`.
fn variables(text: &str, separator: &str) -> Vec<(String, String)> {
    let one = |line: &str| {
        let line = line.trim().trim_end_matches(" \\");
        let line = line.strip_prefix("ENV ").unwrap_or(line);
        let (name, value) = line.split_once(separator)?;
        let value = value.trim_matches(['"', '\'']);
        let value = match value.split_once("${") {
            None => value.to_owned(),
            Some((before, rest)) => {
                let after = rest.split_once('}').map_or("", |(_, after)| after);
                format!("{before}{}{after}", "0123456789abcdef".repeat(4))
            }
        };
        name.starts_with("AMBERGATE_").then(|| (name.to_owned(), value))
    };
    text.lines().filter_map(one).collect()
}

fn load(text: &str, variables: Vec<(String, String)>, role: ProcessRole) -> Config {
    let environment = Environment::new(variables);
    let request = Request { environment, role, ..Request::default() };
    load_text(text, "deploy", &request)
        .unwrap_or_else(|faults| panic!("{}", render(&faults, false)))
}

#[test]
fn what_compose_runs_is_a_configuration() {
    let mut given = variables(&file("Dockerfile"), "=");
    assert_eq!(given.len(), 3, "{given:?}");
    given.extend(variables(&file("compose.yaml"), ": "));
    assert_eq!(given.len(), 6, "{given:?}");
    for role in [ProcessRole::All, ProcessRole::Gate] {
        let config = load(&file("compose/ambergate.toml"), given.clone(), role);
        assert_eq!(config.gate.enforce, Enforce::On);
        assert_eq!(config.admin.tokens.len(), 1);
        assert_eq!(config.identify.len(), 1);
        assert_eq!(config.proxy.listen.to_string(), "0.0.0.0:8080");
    }
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = file("compose.yaml");
    for line in compose.lines().filter_map(|line| line.trim().strip_prefix("- ./")) {
        let (path, _) = line.split_once(':').expect("a mount");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
        assert!(path.exists(), "{}", path.display());
    }
    assert!(file("compose/app/index.html").contains("<body>"));
}

#[test]
fn the_unit_hands_secrets_over_as_files() {
    let unit = file("systemd/ambergate.service");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwt"), "s".repeat(32)).unwrap();
    std::fs::write(folder.path().join("stripe"), "whsec_1\n").unwrap();
    let lines: String = unit
        .lines()
        .filter_map(|line| line.strip_prefix("Environment="))
        .map(|line| line.replace("%d", &folder.path().display().to_string()) + "\n")
        .collect();
    let given = variables(&lines, "=");
    let text = "[[identify]]\njwt = { claim = \"tenant\" }\n";
    let config = load(text, given, ProcessRole::All);
    assert_eq!(config.identify.len(), 1);
    assert_eq!(config.stripe.unwrap().secrets.len(), 1);
}
