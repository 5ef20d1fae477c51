//! What the gate answers itself: refusals, the status, the banner's stylesheet, problems.
//!
//! Rules:
//! 1. A browser's navigation gets a page, at the same address, never a redirect; everything else
//!    gets `application/problem+json` (RFC 9457).
//! 2. Nothing answered here may be kept by a cache, except the stylesheet.
//! 3. The templates are compiled in.

pub mod navigation;
pub mod problem;
pub mod refusal;
pub mod status;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderValue, Response, StatusCode};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::settings::Settings;
use crate::net::html;

/// An answer of the gate's own.
pub type Answer = Response<Bytes>;

/// The stylesheet of banners and pages.
const STYLESHEET: &[u8] = include_bytes!("../../../config/templates/banner.css");

/// The templates.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    prefix: String,
    status: StatusCode,
}

impl Pages {
    /// The templates that are compiled in.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(html::format);
        let templates = [
            ("refusal", include_str!("../../../config/templates/refusal.html")),
            ("banner", include_str!("../../../config/templates/banner.html")),
            ("problem", include_str!("../../../config/templates/problem.html")),
        ];
        for (name, text) in templates {
            if let Err(error) = environment.add_template(name, text) {
                tracing::error!(%error, name, "a template that is compiled in cannot be read");
            }
        }
        Self { environment, prefix: settings.prefix.clone(), status: settings.status }
    }

    /// The template of that name with `said`; `None` if it cannot be rendered.
    #[must_use]
    pub(super) fn render<T: Serialize>(
        &self,
        name: &str,
        said: &T,
        styled: bool,
    ) -> Option<String> {
        let mut said = serde_json::to_value(said).ok()?;
        let context = said.as_object_mut()?;
        context.insert("prefix".to_owned(), self.prefix.clone().into());
        context.insert("styled".to_owned(), styled.into());
        let template = self.environment.get_template(name).ok()?;
        let rendered = template.render(for_template(said));
        rendered.inspect_err(|error| tracing::error!(%error, name, "a template failed")).ok()
    }
}

/// The same value for a template.
fn for_template(value: serde_json::Value) -> minijinja::Value {
    use serde_json::Value;
    match value {
        Value::Null => ().into(),
        Value::Bool(value) => value.into(),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| number.as_f64().unwrap_or_default().into(), Into::into)
        }
        Value::String(text) => text.into(),
        Value::Array(list) => list.into_iter().map(for_template).collect(),
        Value::Object(object) => minijinja::Value::from_pairs(
            object.into_iter().map(|(name, value)| (name, for_template(value))),
        ),
    }
}

/// The banner's stylesheet.
#[must_use]
pub fn stylesheet() -> Answer {
    let mut answer = Response::new(Bytes::from_static(STYLESHEET));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    answer
}

/// An answer that no cache may keep.
#[must_use]
pub(super) fn uncached(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
        .insert(VARY, HeaderValue::from_static("Cookie, Authorization, Accept, Accept-Language"));
    answer
}
