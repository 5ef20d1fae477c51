//! The switch of law 8 as this process sees it: three ways to open everything.
//!
//! Rules:
//! 1. The store's switch, the local file and this process's own switch each open everything;
//!    everything is closed only when all three are.
//! 2. Only the store's switch has a generation.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::store::Switch;

/// What opens everything.
#[derive(Debug, Default)]
pub struct LocalSwitch {
    stored: AtomicBool,
    generation: AtomicU64,
    here: AtomicBool,
    by_file: AtomicBool,
    file: Option<PathBuf>,
}

impl LocalSwitch {
    /// Closed, unless `file` exists.
    #[must_use]
    pub fn new(file: Option<PathBuf>) -> Self {
        let switch = Self { file, ..Self::default() };
        switch.look();
        switch
    }

    /// Whether everything passes.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stored.load(Ordering::Relaxed)
            || self.here.load(Ordering::Relaxed)
            || self.by_file.load(Ordering::Relaxed)
    }

    /// The newest generation heard of.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The store's switch was set. An older generation than the one known is no news.
    pub fn hear(&self, switch: &Switch) {
        if switch.generation >= self.generation.load(Ordering::Relaxed) {
            self.generation.store(switch.generation, Ordering::Relaxed);
            self.stored.store(switch.open, Ordering::Relaxed);
        }
    }

    /// Opens or closes for this process alone.
    pub fn set_here(&self, open: bool) {
        self.here.store(open, Ordering::Relaxed);
    }

    /// Whether it is open for this process alone.
    #[must_use]
    pub fn is_open_here(&self) -> bool {
        self.here.load(Ordering::Relaxed)
    }

    /// Looks whether the file exists.
    pub fn look(&self) {
        let exists = self.file.as_deref().is_some_and(std::path::Path::exists);
        if self.by_file.swap(exists, Ordering::Relaxed) != exists {
            let word = if exists { "open" } else { "closed" };
            tracing::warn!(switch = word, "the local file of the switch appeared or went");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(open: bool, generation: u64) -> Switch {
        Switch { open, generation, ..Switch::default() }
    }

    #[test]
    fn each_way_opens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("open");
        let switch = LocalSwitch::new(Some(file.clone()));
        assert!(!switch.is_open());
        switch.hear(&stored(true, 1));
        assert!(switch.is_open());
        switch.hear(&stored(false, 2));
        assert!(!switch.is_open());
        switch.hear(&stored(true, 1));
        assert!(!switch.is_open(), "old news");
        assert_eq!(switch.generation(), 2);
        switch.set_here(true);
        assert!(switch.is_open() && switch.is_open_here());
        switch.set_here(false);
        std::fs::write(&file, "").unwrap();
        switch.look();
        assert!(switch.is_open());
        std::fs::remove_file(&file).unwrap();
        switch.look();
        assert!(!switch.is_open());
    }
}
