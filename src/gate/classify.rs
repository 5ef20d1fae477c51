//! What is asked: the class of a request's route, and whether it reads or writes.
//!
//! Rules:
//! 1. Routes are looked at in order; the first whose glob and methods match gives the class.
//! 2. An ambiguous path is never `always` and never `reads`.
//! 3. GET, HEAD, OPTIONS and QUERY read, everything else writes, upgrades too. An override, in a
//!    header or in the query, that names anything but these makes it a write, on a `reads` route
//!    too; and as any method may be meant then, a route must open it whatever its method.
//! 4. The route that gives the class gives the scope, too. Where scopes are told apart by path, an
//!    ambiguous path is judged as any part of the app, and what was judged is what is forwarded.
//! 5. A pre-flight is open in every stage: without it a browser cannot even show a refusal.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method};

use super::path;
use crate::domain::decide::{About, Intent, RouteClass};
use crate::domain::id::Scope;

/// All routes, in order.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    routes: Vec<Route>,
    /// Whether any of them has a scope.
    scoped: bool,
}

/// One `[[routes]]`.
#[derive(Clone, Debug)]
pub struct Route {
    /// Which paths.
    pub glob: Glob,
    /// Which methods; none: all.
    pub methods: Vec<Method>,
    /// What they are.
    pub class: RouteClass,
    /// Which part of the app they are; none: no part that is closed by itself.
    pub scope: Option<Scope>,
}

/// Which part of the app a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// No part that is closed by itself.
    #[default]
    Whole,
    /// That one.
    Of(Scope),
    /// It could be read as any.
    Any,
}

impl Part {
    /// The same, for the decision.
    #[must_use]
    pub const fn about(&self) -> About<'_> {
        match self {
            Self::Whole => About::Whole,
            Self::Of(scope) => About::Part(scope),
            Self::Any => About::Any,
        }
    }

    /// The scope that is told of it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Of(scope) => scope.clone(),
            Self::Whole | Self::Any => Scope::whole(),
        }
    }
}

/// What a request is, as far as the decision goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// What its route says.
    pub route: RouteClass,
    /// Whether it reads or writes.
    pub intent: Intent,
    /// The path that was judged, where another spelling came and the route opens it: it must be
    /// forwarded so.
    pub judged_path: Option<String>,
    /// Which part of the app it is about.
    pub part: Part,
}

impl Class {
    const fn new(route: RouteClass, intent: Intent) -> Self {
        Self { route, intent, judged_path: None, part: Part::Whole }
    }
}

impl Routes {
    /// From the first to the last.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Self {
        let scoped = routes.iter().any(|route| route.scope.is_some());
        Self { routes, scoped }
    }

    /// Classifies a request.
    #[must_use]
    pub fn classify(
        &self,
        method: &Method,
        raw_path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        upgrades: bool,
    ) -> Class {
        let overridden = header_overrides(headers) || query.is_some_and(query_overrides);
        let intent =
            if reads(method) && !upgrades && !overridden { Intent::Read } else { Intent::Write };
        let is_preflight = *method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if is_preflight && intent == Intent::Read {
            return Class::new(RouteClass::Always, intent);
        }
        if self.routes.is_empty() {
            return Class::new(RouteClass::ByMethod, intent);
        }
        let normal = path::normalise(raw_path);
        if normal.ambiguous {
            let part = if self.scoped { Part::Any } else { Part::Whole };
            return Class { part, ..Class::new(RouteClass::ByMethod, intent) };
        }
        let (route, part) = if overridden {
            (self.class_of_any_method(&normal.path), self.part_of_any_method(&normal.path))
        } else {
            let hit = self.hit(method, &normal.path);
            let part = hit.and_then(|route| route.scope.clone());
            let part = part.or_else(|| self.scope_in_other_case(&normal.path));
            (hit.map_or(RouteClass::ByMethod, |route| route.class), part.map(Part::Of))
        };
        let class = Class { part: part.unwrap_or_default(), ..Class::new(route, intent) };
        // What it opens, or how parts are told apart, is known of this spelling only.
        let respelt = normal.path != raw_path && (self.scoped || route != RouteClass::ByMethod);
        Class { judged_path: respelt.then(|| normal.path.into_owned()), ..class }
    }

    /// The class of a request that is passed on as it came, whatever was judged: in another spelling
    /// it is read as some server may read it.
    #[must_use]
    pub fn as_it_came(&self, class: Class) -> Class {
        if class.judged_path.is_none() {
            return class;
        }
        let part = if self.scoped { Part::Any } else { Part::Whole };
        Class { part, ..Class::new(RouteClass::ByMethod, class.intent) }
    }

    fn hit(&self, method: &Method, path: &str) -> Option<&Route> {
        self.routes.iter().find(|route| {
            (route.methods.is_empty() || route.methods.contains(method)) && route.glob.matches(path)
        })
    }

    /// To an app that takes capitals for small letters the path may be of that part.
    fn scope_in_other_case(&self, path: &str) -> Option<Scope> {
        if !self.scoped || !path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let path = path.to_ascii_lowercase();
        let hit = self.routes.iter().find(|route| route.glob.matches(&path));
        hit.and_then(|route| route.scope.clone())
    }

    /// The part of the app that a write by whatever method is about.
    fn part_of_any_method(&self, path: &str) -> Option<Part> {
        let mut found: Option<&Route> = None;
        for route in self.routes.iter().filter(|route| route.glob.matches(path)) {
            if found.is_some_and(|found| found.scope != route.scope) {
                return Some(Part::Any);
            }
            found = Some(route);
            if route.methods.is_empty() {
                return route.scope.clone().map(Part::Of);
            }
        }
        // By some method no route is meant.
        found.is_some_and(|found| found.scope.is_some()).then_some(Part::Any)
    }

    /// The strictest class of a write by whatever method. Which one the app takes it for, the one
    /// that came or the one that overrides it, is for the app to choose.
    fn class_of_any_method(&self, path: &str) -> RouteClass {
        for route in self.routes.iter().filter(|route| route.glob.matches(path)) {
            if route.class != RouteClass::Always {
                break;
            }
            if route.methods.is_empty() {
                return RouteClass::Always;
            }
        }
        RouteClass::ByMethod
    }
}

/// Whether a method only reads.
#[must_use]
pub fn reads(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD || is_named_read(method.as_str())
}

fn is_named_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "QUERY")
}

/// Names under which a header or a query overrides the method, in canonical form.
const OVERRIDES: [&str; 4] =
    ["x_http_method_override", "x_http_method", "x_method_override", "_method"];

/// Whether `name`, with every odd character as `_` and in lower case, is an override's name.
fn is_override(name: &[u8]) -> bool {
    let same = |canonical: &&str| {
        canonical.len() == name.len() && std::iter::zip(canonical.bytes(), name).all(fits)
    };
    OVERRIDES.iter().any(same)
}

fn fits((canonical, byte): (u8, &u8)) -> bool {
    if byte.is_ascii_alphanumeric() {
        canonical == byte.to_ascii_lowercase()
    } else {
        canonical == b'_'
    }
}

fn header_overrides(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, value)| {
        let name = name.as_str().as_bytes();
        matches!(name[0], b'x' | b'_')
            && is_override(name)
            && !is_named_read(&value.to_str().unwrap_or_default().trim().to_ascii_uppercase())
    })
}

fn query_overrides(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = plain(name.as_bytes());
        let name = name.split(|byte| matches!(byte, b'[' | 0)).next().unwrap_or_default();
        is_override(name.trim_ascii()) && {
            let value = plain(value.as_bytes()).trim_ascii().to_ascii_uppercase();
            !is_named_read(std::str::from_utf8(&value).unwrap_or_default())
        }
    })
}

/// A part of a query without percent codes.
pub(super) fn plain(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (byte, _) => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                rest = tail;
            }
        }
    }
    bytes.into()
}

/// A pattern of paths: `*` is any part of a segment; `/**` at the end is the path before it and
/// all below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    segments: Vec<String>,
    below: bool,
}

/// A text that is no pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a pattern of paths such as /pay/** or /api/*/export: it {0}")]
pub struct NotAGlob(&'static str);

impl std::str::FromStr for Glob {
    type Err = NotAGlob;

    fn from_str(text: &str) -> Result<Self, NotAGlob> {
        if !text.starts_with('/') {
            return Err(NotAGlob("must begin with /"));
        }
        let (text, below) = text.strip_suffix("/**").map_or((text, false), |text| (text, true));
        if text.contains("**") {
            return Err(NotAGlob("may have ** only at the end, after a /"));
        }
        let text = if text.is_empty() { "/" } else { text };
        let normal = path::normalise(text);
        if normal.ambiguous {
            return Err(NotAGlob("could be read in two ways"));
        }
        if normal.path != text {
            return Err(NotAGlob("must be written without //, dots and needless codes"));
        }
        let segments = if below && text == "/" {
            Vec::new()
        } else {
            text[1..].split('/').map(str::to_owned).collect()
        };
        Ok(Self { segments, below })
    }
}

impl Glob {
    /// Whether a normalised path is one of them.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        for segment in &self.segments {
            match parts.next() {
                Some(part) if segment_matches(segment, part) => {}
                _ => return false,
            }
        }
        self.below || parts.next().is_none()
    }
}

fn segment_matches(pattern: &str, part: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == part };
    let Some(rest) = part.strip_prefix(head) else { return false };
    let starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.into_iter().any(|at| segment_matches(tail, &rest[at..]))
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
