//! Whether a request is a person's browser going to a page.
//!
//! Rules:
//! 1. `Sec-Fetch-*` decide where a browser sends them.
//! 2. Without them a page is what accepts `text/html` and bears no sign of a script's request.

use http::header::ACCEPT;
use http::{HeaderMap, Method};

/// Signs of requests that scripts make for parts of a page.
const PARTIAL: [&str; 4] = ["x-requested-with", "hx-request", "turbo-frame", "x-pjax"];

/// Whether the answer is shown as a page of its own.
#[must_use]
pub fn is_navigation(headers: &HeaderMap) -> bool {
    if PARTIAL.iter().any(|name| headers.contains_key(*name)) {
        return false;
    }
    let is = |name: &str, right: &str| headers.get(name).is_none_or(|value| value == right);
    is("sec-fetch-dest", "document") && is("sec-fetch-mode", "navigate") && accepts_html(headers)
}

/// Whether a page that comes back may get a banner: a GET navigation.
#[must_use]
pub fn may_show_banner(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::GET && is_navigation(headers)
}

/// Whether it is only fetched ahead: nobody sees it yet.
#[must_use]
pub fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(*name).map(|value| value.to_str().unwrap_or_default());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("prerender"))
    })
}

/// Whether HTML is asked for by name, and not less wished than JSON.
fn accepts_html(headers: &HeaderMap) -> bool {
    let wish = |kind: &str| {
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
            value.split(',').find_map(|part| {
                let (name, rest) = part.split_once(';').unwrap_or((part, ""));
                let asked = name.trim().eq_ignore_ascii_case(kind);
                let quality = rest.split(';').find_map(|rest| rest.trim().strip_prefix("q="));
                asked.then(|| quality.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
            })
        })
    };
    let html = wish("text/html").or_else(|| wish("application/xhtml+xml")).unwrap_or(0.0);
    html > 0.0 && html >= wish("application/json").unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn pages_and_only_pages_are_navigations() {
        let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        let dest = |dest| ("sec-fetch-dest", dest);
        let mode = |mode| ("sec-fetch-mode", mode);
        assert!(is_navigation(&headers(&[html])));
        assert!(is_navigation(&headers(&[html, dest("document"), mode("navigate")])));
        for other in [
            &[][..],
            &[("accept", "*/*")],
            &[("accept", "application/json, text/html;q=0.5")],
            &[("accept", "text/html;q=0")],
            &[html, dest("iframe"), mode("navigate")],
            &[html, dest("empty"), mode("cors")],
            &[html, mode("cors")],
            &[html, ("x-requested-with", "XMLHttpRequest")],
            &[html, ("hx-request", "true")],
            &[html, ("turbo-frame", "x"), dest("document")],
        ] {
            assert!(!is_navigation(&headers(other)), "{other:?}");
        }
        assert!(!may_show_banner(&Method::HEAD, &headers(&[html])));
        assert!(is_prefetch(&headers(&[("sec-purpose", "prefetch;prerender")])));
    }
}
