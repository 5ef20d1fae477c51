//! Programs of others, from PyPI: in an environment of their own, made once and kept beside the
//! build.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const REQUIREMENTS: &str = include_str!("peers/requirements.txt");

/// Where what is built for these tests is kept.
pub(crate) fn kept() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A script of the peers.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/peers").join(name)
}

/// A program of the environment: `python`, `jupyter`.
pub(crate) fn program(name: &str) -> PathBuf {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(environment).join(name)
}

/// What a script of the peers prints.
pub(crate) fn ask(name: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program("python"))
        .arg(script(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{name} failed");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Does `work` while no other test process does anything of this name.
pub(crate) fn alone<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let lock = File::create(kept().join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    work()
}

/// The folder of programs; the environment is made if it is not there, or of other versions.
fn environment() -> PathBuf {
    let folder = kept().join("e2e-venv");
    let stamp = folder.join("requirements.txt");
    alone("e2e-venv", || {
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == REQUIREMENTS) {
            return;
        }
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let wanted = script("requirements.txt");
        let mut install = Command::new(folder.join("bin/pip"));
        run(install.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(wanted));
        fs::write(&stamp, REQUIREMENTS).unwrap();
    });
    folder.join("bin")
}

fn run(command: &mut Command) {
    let status = command.status();
    assert!(status.as_ref().is_ok_and(|it| it.success()), "{command:?}: {status:?}");
}
