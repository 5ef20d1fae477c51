//! Puts markup into a page as it streams through.
//!
//! Rules:
//! 1. Right after the first explicit `<body>` that is the page's own: what stands in scripts,
//!    comments, attributes, templates, drawings and other elements is not. Without one the page
//!    passes unchanged, and so does one that says in a `<meta>` that it wants none.
//! 2. Once that is settled, the rest of the page passes without being looked at.
//! 3. Memory does not grow with the page; what cannot be parsed within bounds passes unchanged. No
//!    byte of the page is ever lost or changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use lol_html::html_content::ContentType;
use lol_html::send::{Element, EndTagHandler, HtmlRewriter, Settings};
use lol_html::{HandlerResult, MemorySettings, element};

/// The most that one tag or comment may need.
const MEMORY_BYTES_MAX: usize = 256 * 1024;

type Sink = Box<dyn FnMut(&[u8]) + Send>;
type Rewriter = HtmlRewriter<'static, Sink>;

/// Elements in which a page's body does not begin.
const HEAD: [&str; 11] = [
    "html", "head", "title", "base", "basefont", "bgsound", "link", "style", "script", "noscript",
    "noframes",
];

/// Elements that may be left open: what comes after them is not inside of them.
const LEFT_OPEN: [&str; 17] = [
    "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot",
    "colgroup", "caption", "rt", "rp", "a",
];

/// What was found of a page so far.
#[derive(Debug, Default)]
struct Found {
    inserted: AtomicBool,
    unwanted: AtomicBool,
    /// Whether an element before the body, that hides what is in it, has not ended yet.
    inside: Arc<AtomicBool>,
}

impl Found {
    fn is_settled(&self) -> bool {
        self.inserted.load(Ordering::Relaxed) || self.unwanted.load(Ordering::Relaxed)
    }

    fn see(&self, element: &mut Element<'_, '_>, markup: &str) -> HandlerResult {
        if self.is_settled() || self.inside.load(Ordering::Relaxed) {
            return Ok(());
        }
        let name = element.tag_name();
        match name.as_str() {
            "body" => {
                self.inserted.store(true, Ordering::Relaxed);
                element.prepend(markup, ContentType::Html);
            }
            "meta" => {
                let says = |name: &str, value: &str| {
                    element
                        .get_attribute(name)
                        .is_some_and(|own| own.trim_ascii().eq_ignore_ascii_case(value))
                };
                if says("name", "ambergate-banner") && says("content", "off") {
                    self.unwanted.store(true, Ordering::Relaxed);
                }
            }
            name if HEAD.contains(&name) || LEFT_OPEN.contains(&name) => {}
            _ => {
                let inside = Arc::clone(&self.inside);
                let outside = Arc::clone(&inside);
                let ends: EndTagHandler<'static> = Box::new(move |_| {
                    outside.store(false, Ordering::Relaxed);
                    Ok(())
                });
                if let Some(handlers) = element.end_tag_handlers() {
                    inside.store(true, Ordering::Relaxed);
                    handlers.push(ends);
                }
            }
        }
        Ok(())
    }
}

/// A page on its way through.
pub struct Insert {
    /// `None`: the rest passes.
    rewriter: Option<Box<Rewriter>>,
    rewritten: Arc<Mutex<BytesMut>>,
    found: Arc<Found>,
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
        let found = Arc::<Found>::default();
        let rewritten = Arc::<Mutex<BytesMut>>::default();
        let finds = Arc::clone(&found);
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(MEMORY_BYTES_MAX)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = Settings::new_send()
            .with_strict(false)
            .with_memory_settings(memory)
            .append_element_content_handler(element!("*", move |element| {
                finds.see(element, &markup)
            }));
        let sink = Arc::clone(&rewritten);
        let sink: Sink = Box::new(move |part: &[u8]| {
            sink.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        });
        let rewriter = Some(Box::new(HtmlRewriter::new(settings, sink)));
        Self { rewriter, rewritten, found }
    }

    /// Puts nothing into a page.
    #[must_use]
    pub fn passing() -> Self {
        Self { rewriter: None, rewritten: Arc::default(), found: Arc::default() }
    }

    /// Whether the markup is in the page.
    #[must_use]
    pub fn is_inserted(&self) -> bool {
        self.found.inserted.load(Ordering::Relaxed)
    }

    /// What of the page can go on after `chunk` came.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        let Some(rewriter) = &mut self.rewriter else { return chunk };
        let failed = rewriter.write(&chunk).is_err();
        if failed {
            // What it had was passed on as it came; it cannot be used any more.
            self.rewriter = None;
        } else if self.found.is_settled() {
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
