//! Puts markup into a page as it streams through.
//!
//! Rules:
//! 1. Right after the first explicit `<body>`; scripts, comments and templates that only look like
//!    one do not count. Without one the page passes unchanged.
//! 2. Once it is in, the rest of the page passes without being looked at.
//! 3. Memory does not grow with the page; what cannot be parsed within bounds passes unchanged. No
//!    byte of the page is ever lost or changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use lol_html::html_content::ContentType;
use lol_html::send::{HtmlRewriter, Settings};
use lol_html::{MemorySettings, element};

/// The most that one tag or comment may need.
const MEMORY_BYTES_MAX: usize = 256 * 1024;

type Sink = Box<dyn FnMut(&[u8]) + Send>;
type Rewriter = HtmlRewriter<'static, Sink>;

/// A page on its way through.
pub struct Insert {
    /// `None`: the rest passes.
    rewriter: Option<Box<Rewriter>>,
    rewritten: Arc<Mutex<BytesMut>>,
    inserted: Arc<AtomicBool>,
}

impl std::fmt::Debug for Insert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Insert").field("inserted", &self.is_inserted()).finish_non_exhaustive()
    }
}

impl Insert {
    /// Puts `markup` into a page.
    #[must_use]
    pub fn new(markup: String) -> Self {
        let inserted = Arc::<AtomicBool>::default();
        let rewritten = Arc::<Mutex<BytesMut>>::default();
        let seen = Arc::clone(&inserted);
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(MEMORY_BYTES_MAX)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = Settings::new_send()
            .with_strict(false)
            .with_memory_settings(memory)
            .append_element_content_handler(element!("body", move |body| {
                if !seen.swap(true, Ordering::Relaxed) {
                    body.prepend(&markup, ContentType::Html);
                }
                Ok(())
            }));
        let sink = Arc::clone(&rewritten);
        let sink: Sink = Box::new(move |part: &[u8]| {
            sink.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        });
        let rewriter = Some(Box::new(HtmlRewriter::new(settings, sink)));
        Self { rewriter, rewritten, inserted }
    }

    /// Puts nothing into a page.
    #[must_use]
    pub fn passing() -> Self {
        Self { rewriter: None, rewritten: Arc::default(), inserted: Arc::default() }
    }

    /// Whether the markup is in the page.
    #[must_use]
    pub fn is_inserted(&self) -> bool {
        self.inserted.load(Ordering::Relaxed)
    }

    /// What of the page can go on after `chunk` came.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        let Some(rewriter) = &mut self.rewriter else { return chunk };
        let failed = rewriter.write(&chunk).is_err();
        if failed {
            // What it had was passed on as it came; it cannot be used any more.
            self.rewriter = None;
        } else if self.is_inserted() {
            self.stop();
        }
        self.take()
    }

    /// What is left when the page has ended.
    pub fn finish(&mut self) -> Bytes {
        self.stop();
        self.take()
    }

    fn stop(&mut self) {
        if let Some(rewriter) = self.rewriter.take() {
            // Ending only passes on what it held back; where it fails it has passed that on too.
            let _ = rewriter.end();
        }
    }

    fn take(&self) -> Bytes {
        self.rewritten.lock().unwrap_or_else(PoisonError::into_inner).split().freeze()
    }
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
