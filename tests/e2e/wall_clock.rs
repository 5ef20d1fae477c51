//! The wall clock of all processes of a world: it goes on, from where a test puts it.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ambergate::clock::machine_now;
use ambergate::domain::time::Instant;

use crate::python::{alone, kept};

const SOURCE: &str = include_str!("peers/clock.c");

/// A clock that processes follow which are started with it.
#[derive(Debug)]
pub(crate) struct WallClock {
    library: PathBuf,
    path: PathBuf,
    file: fs::File,
}

impl WallClock {
    /// Begins at `start`; what processes read of it is kept in `folder`.
    pub(crate) fn new(folder: &Path, start: &str) -> Self {
        let path = folder.join("clock");
        fs::write(&path, 0_i64.to_ne_bytes()).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let clock = Self { library: library(), path, file };
        clock.set(start);
        clock
    }

    /// From now on it is `at`, and time goes on from there.
    pub(crate) fn set(&self, at: &str) {
        let at: Instant = at.parse().unwrap();
        self.move_by_nanos((at.millis() - machine_now().millis()) * 1_000_000);
    }

    /// What it says, given what was last set.
    pub(crate) fn now(&self) -> Instant {
        let bytes = fs::read(&self.path).unwrap();
        let moved = i64::from_ne_bytes(bytes.try_into().unwrap());
        machine_now().plus_millis(moved / 1_000_000)
    }

    /// Goes on by so many minutes at once.
    pub(crate) fn skip_minutes(&self, minutes: i64) {
        let to = self.now().plus_millis(minutes * 60_000);
        self.move_by_nanos((to.millis() - machine_now().millis()) * 1_000_000);
    }

    /// Has a process follow it.
    pub(crate) fn applied<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LD_PRELOAD", &self.library).env("E2E_CLOCK", &self.path)
    }

    fn move_by_nanos(&self, nanos: i64) {
        // One write of a few bytes of a page that processes have mapped: they see all of it.
        self.file.write_all_at(&nanos.to_ne_bytes(), 0).unwrap();
    }
}

/// The library that moves a process's clock, built where it is missing or of another source.
fn library() -> PathBuf {
    let library = kept().join("e2e-clock.so");
    let source = kept().join("e2e-clock.c");
    alone("e2e-clock", || {
        let is_built = fs::read_to_string(&source).is_ok_and(|built| built == SOURCE);
        if is_built && library.exists() {
            return;
        }
        let fresh = kept().join("e2e-clock.fresh.c");
        fs::write(&fresh, SOURCE).unwrap();
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &fresh])
            .status();
        assert!(built.as_ref().is_ok_and(|it| it.success()), "cc: {built:?}");
        fs::rename(&fresh, &source).unwrap();
    });
    library
}
