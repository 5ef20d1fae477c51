//! The banner's markup: at most 2 KB of plain ASCII.

use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderMap;

use super::fits;
use crate::clock;
use crate::domain::effect::Effect;
use crate::domain::grant::Words;
use crate::gate::identify::Identity;
use crate::gate::pages::Pages;
use crate::gate::said::Said;
use crate::gate::service::Gate;
use crate::store::Store;

/// A banner for one person.
#[derive(Clone, Debug)]
pub struct Banner {
    /// What goes into the page.
    pub markup: String,
    /// Whose page.
    pub who: Arc<Identity>,
    /// What is said: its notices are proved by being shown.
    pub words: Arc<Words>,
}

impl<S: Store> Gate<S> {
    /// The banner for a page with these headers. `None`: there is nothing to say, or nothing can
    /// be known now.
    pub async fn banner(
        &self,
        who: &Arc<Identity>,
        effect: Effect,
        page: &HeaderMap,
    ) -> Option<Banner> {
        let now = clock::turn_now();
        let words = self.lookup.words(&who.tenant, who.shard, now).await?;
        let markup = self.pages.banner(&words, effect, who, fits::allows_own_styles(page))?;
        Some(Banner { markup, who: Arc::clone(who), words })
    }

    /// The banner went into a page that a person looks at.
    pub fn shown(&self, banner: &Banner) {
        self.receipts.shown(&banner.who, &banner.words, self.clock.now());
    }
}

impl Pages {
    fn banner(
        &self,
        words: &Words,
        effect: Effect,
        who: &Identity,
        styled: bool,
    ) -> Option<String> {
        let said = Said::of(Some(words), effect, None, who.roles);
        self.render("banner", &said, styled).map(|markup| ascii(markup.trim_end()))
    }
}

/// The same markup whatever the page's encoding: what is not ASCII is written as an entity.
fn ascii(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len() + 16);
    for c in markup.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let _ = write!(text, "&#{};", u32::from(c));
        }
    }
    text
}

#[cfg(test)]
#[path = "markup_tests.rs"]
mod tests;
