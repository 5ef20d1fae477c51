//! The switch of law 8 as this process sees it: three ways to open everything.
//!
//! Rules:
//! 1. The store's switch, the local file and this process's own switch each open everything;
//!    everything is closed only when all three are.
//! 2. Only the store's switch has a generation.
//! 3. Closing restricts nobody at that moment, the local ways too: what was entered under the
//!    generation known when they were closed, or an older one, restricts nothing here any more.
//! 4. Who can raise the generation is told of a local closing, once it is known which one counts:
//!    while the store's switch is not heard, others may have raised it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::store::Switch;

/// No generation was voided.
const NONE: u64 = u64::MAX;

/// What opens everything.
#[derive(Debug)]
pub struct LocalSwitch {
    stored: AtomicBool,
    generation: AtomicU64,
    here: AtomicBool,
    by_file: AtomicBool,
    /// Up to this generation nothing restricts.
    void: AtomicU64,
    file: Option<PathBuf>,
    link: Mutex<Link>,
    closed: Notify,
}

/// Whether the store's switch is heard; whoever changes anything holds it.
#[derive(Debug, Default)]
struct Link {
    heard: bool,
    /// Closed while it was not.
    closed_meanwhile: bool,
}

impl LocalSwitch {
    /// Closed, unless `file` exists.
    #[must_use]
    pub fn new(file: Option<PathBuf>) -> Self {
        let switch = Self {
            stored: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            here: AtomicBool::new(false),
            by_file: AtomicBool::new(false),
            void: AtomicU64::new(NONE),
            file,
            link: Mutex::default(),
            closed: Notify::new(),
        };
        switch.look();
        switch
    }

    /// Whether everything passes.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stored.load(Ordering::Relaxed) || self.is_open_locally()
    }

    fn is_open_locally(&self) -> bool {
        self.here.load(Ordering::Acquire) || self.by_file.load(Ordering::Acquire)
    }

    /// The newest generation heard of.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Whether nothing that was entered under `generation` restricts: a local switch was closed.
    #[must_use]
    pub fn is_void(&self, generation: u64) -> bool {
        let void = self.void.load(Ordering::Relaxed);
        void != NONE && generation <= void
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store's switch was read, and every change of it is heard from now on.
    pub fn begin(&self, switch: &Switch) {
        self.hear(switch);
        let mut link = self.link();
        link.heard = true;
        if std::mem::take(&mut link.closed_meanwhile) {
            self.void_now();
        }
    }

    /// Changes of the store's switch may be missed.
    pub fn lose(&self) {
        self.link().heard = false;
    }

    /// The store's switch was set. An older generation than the one known is no news.
    pub fn hear(&self, switch: &Switch) {
        let _changing = self.link();
        if switch.generation >= self.generation.load(Ordering::Relaxed) {
            self.generation.store(switch.generation, Ordering::Relaxed);
            self.stored.store(switch.open, Ordering::Relaxed);
        }
    }

    /// Opens or closes for this process alone.
    pub fn set_here(&self, open: bool) {
        self.turn(&self.here, open);
    }

    /// Whether it is open for this process alone.
    #[must_use]
    pub fn is_open_here(&self) -> bool {
        self.here.load(Ordering::Relaxed)
    }

    /// Looks whether the file exists.
    pub fn look(&self) {
        let exists = self.file.as_deref().is_some_and(std::path::Path::exists);
        if self.turn(&self.by_file, exists) != exists {
            let word = if exists { "open" } else { "closed" };
            tracing::warn!(switch = word, "the local file of the switch appeared or went");
        }
    }

    /// Waits until a local switch is closed, and the generation that it voids is known.
    pub async fn closed(&self) {
        self.closed.notified().await;
    }

    /// Turns one of the local ways. Answers how it stood.
    fn turn(&self, way: &AtomicBool, open: bool) -> bool {
        let mut link = self.link();
        let was = way.load(Ordering::Relaxed);
        let closes = was && !open;
        if closes {
            // Before anybody can see that it is closed.
            self.void.store(self.generation(), Ordering::Relaxed);
        }
        way.store(open, Ordering::Release);
        if closes && !self.is_open_locally() {
            tracing::warn!(
                "a local switch was closed: what was entered before restricts nobody here until \
                 the generation is raised. `ambergate close` does that: each is cut off again at \
                 the next cutoff time"
            );
            if link.heard {
                self.void_now();
            } else {
                link.closed_meanwhile = true;
            }
        }
        was
    }

    fn void_now(&self) {
        self.void.store(self.generation(), Ordering::Relaxed);
        self.closed.notify_one();
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

    #[test]
    fn a_local_closing_voids_what_was_entered_before() {
        let switch = LocalSwitch::new(None);
        switch.begin(&stored(false, 2));
        switch.set_here(false);
        assert!(!switch.is_void(2), "it was not open");
        switch.set_here(true);
        switch.hear(&stored(false, 3));
        switch.set_here(false);
        assert!(switch.is_void(2) && switch.is_void(3) && !switch.is_void(4));
    }

    #[tokio::test]
    async fn what_was_not_heard_meanwhile_is_void_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("open");
        std::fs::write(&file, "").unwrap();
        let switch = LocalSwitch::new(Some(file.clone()));
        switch.begin(&stored(false, 2));
        switch.lose();
        std::fs::remove_file(&file).unwrap();
        switch.look();
        assert!(switch.is_void(2) && !switch.is_void(5));
        assert!(futures_util::FutureExt::now_or_never(switch.closed()).is_none(), "not yet");
        switch.begin(&stored(false, 5));
        assert!(switch.is_void(5) && !switch.is_void(6));
        switch.closed().await;
        switch.lose();
        switch.begin(&stored(false, 6));
        assert!(!switch.is_void(6), "once");
    }
}
