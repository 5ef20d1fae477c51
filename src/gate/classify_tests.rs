//! Methods, overrides, routes, and spellings that must not get by.

use super::*;

fn glob(text: &str) -> Glob {
    text.parse().unwrap()
}

fn routes() -> Routes {
    let route = |text: &str, methods: &[Method], class| Route {
        scope: None,
        glob: glob(text),
        methods: methods.to_vec(),
        class,
    };
    Routes::new(vec![
        route("/pay/secret", &[], RouteClass::ByMethod),
        route("/pay/old/**", &[Method::DELETE], RouteClass::ByMethod),
        route("/pay/**", &[], RouteClass::Always),
        route("/leave", &[Method::POST], RouteClass::Always),
        route("/search", &[Method::POST], RouteClass::Reads),
        route("/api/*/export", &[], RouteClass::Always),
    ])
}

fn classify(method: &str, target: &str, headers: &[(&str, &str)]) -> Class {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    let upgrades = map.contains_key("upgrade");
    routes().classify(&method.parse().unwrap(), path, query, &map, upgrades)
}

fn intent(method: &str, target: &str, headers: &[(&str, &str)]) -> Intent {
    classify(method, target, headers).intent
}

#[test]
fn four_methods_read() {
    for method in ["GET", "HEAD", "OPTIONS", "QUERY"] {
        assert_eq!(intent(method, "/x", &[]), Intent::Read, "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT", "SEARCH", "get", "FOO"] {
        assert_eq!(intent(method, "/x", &[]), Intent::Write, "{method}");
    }
    assert_eq!(intent("GET", "/x", &[("upgrade", "websocket")]), Intent::Write);
}

#[test]
fn overrides_write() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        for header in
            ["x-http-method-override", "x-http-method", "X-Method-Override", "x_http_method"]
        {
            assert_eq!(intent(method, "/x", &[(header, "DELETE")]), Intent::Write, "{header}");
            assert_eq!(intent(method, "/x", &[(header, "get")]), Intent::Read, "{header}");
        }
        for query in [
            "_method=DELETE",
            "a=b&_method=put",
            "%5fmethod=DELETE",
            "_METHOD=Patch",
            "_method[]=DELETE",
            "_method%00=DELETE",
            "x-method-override=DELETE",
            "a=1;_method=DELETE",
            ".method=DELETE",
            "_method",
        ] {
            assert_eq!(intent(method, &format!("/x?{query}"), &[]), Intent::Write, "{query}");
        }
    }
    assert_eq!(intent("GET", "/x?_method=GET&method=DELETE&my_method=PUT", &[]), Intent::Read);
    assert_eq!(intent("POST", "/x", &[("x-http-method-override", "GET")]), Intent::Write);
}

#[test]
fn an_override_opens_only_what_is_open_to_every_method() {
    let delete = [("x-http-method-override", "DELETE")];
    for (target, headers) in [
        ("/search", &delete[..]),
        ("/search?_method=DELETE", &[]),
        ("/search?_method=PUT", &[("x-http-method-override", "GET")]),
        ("/pay/old/7", &delete),
        ("/leave", &delete),
    ] {
        let class = classify("POST", target, headers);
        assert_eq!((class.route, class.intent), (RouteClass::ByMethod, Intent::Write), "{target}");
    }
    assert_eq!(classify("POST", "/pay/now?_method=PATCH", &[]).route, RouteClass::Always);
    assert_eq!(classify("POST", "/leave", &[]).route, RouteClass::Always);
    let read = [("x-http-method-override", "GET")];
    assert_eq!(classify("POST", "/search", &read).route, RouteClass::Reads);
}

#[test]
fn the_first_route_wins() {
    assert_eq!(classify("POST", "/pay/now", &[]).route, RouteClass::Always);
    assert_eq!(classify("POST", "/pay", &[]).route, RouteClass::Always);
    assert_eq!(classify("POST", "/payroll", &[]).route, RouteClass::ByMethod);
    assert_eq!(classify("POST", "/pay/secret", &[]).route, RouteClass::ByMethod);
    assert_eq!(classify("POST", "/search", &[]).route, RouteClass::Reads);
    assert_eq!(classify("PUT", "/search", &[]).route, RouteClass::ByMethod);
    assert_eq!(classify("POST", "/x?/pay/now", &[]).route, RouteClass::ByMethod);
    assert_eq!(classify("POST", "/api/v1/export", &[]).route, RouteClass::Always);
    assert_eq!(classify("POST", "/api/v1/x/export", &[]).route, RouteClass::ByMethod);
    let preflight = [("origin", "https://a"), ("access-control-request-method", "PUT")];
    assert_eq!(classify("OPTIONS", "/x", &preflight).route, RouteClass::Always);
}

#[test]
fn odd_spellings_open_nothing() {
    for target in [
        "/pay/../admin",
        "/pay/%2e%2e/admin",
        "/pay/..%2fadmin",
        "/pay/..;/admin",
        "/pay%2f..%2fadmin",
        "/pay/..\\admin",
        "/pay/%2e%2e%5cadmin",
        "/pay/x%00",
        "/pay/%252e%252e/admin",
        "/PAY/x",
        "/pay/./secret",
        "/pay//secret",
        "/pay/%73ecret",
    ] {
        assert_eq!(classify("POST", target, &[]).route, RouteClass::ByMethod, "{target}");
    }
    let judged = classify("POST", "/admin/..//pay/%6eow", &[]);
    assert_eq!(judged.route, RouteClass::Always);
    assert_eq!(judged.judged_path.as_deref(), Some("/pay/now"), "forwarded as judged");
}

#[test]
fn the_route_gives_the_part() {
    let part = |method: &Method, path: &str, header: &str| {
        let route = |text: &str, methods: &[Method], scope: Option<&str>| Route {
            scope: scope.map(|scope| scope.parse().unwrap()),
            glob: glob(text),
            methods: methods.to_vec(),
            class: RouteClass::ByMethod,
        };
        let routes = Routes::new(vec![
            route("/a/own/**", &[], None),
            route("/a/**", &[], Some("a")),
            route("/b/**", &[Method::POST], Some("b")),
            route("/**", &[Method::GET], None),
        ]);
        let mut headers = HeaderMap::new();
        if !header.is_empty() {
            headers.insert("x-http-method-override", header.parse().unwrap());
        }
        routes.classify(method, path, None, &headers, false).part
    };
    let of = |scope: &str| Part::Of(scope.parse().unwrap());
    for (method, path, header, expected) in [
        (Method::GET, "/x", "", Part::Whole),
        (Method::GET, "/a/1", "", of("a")),
        (Method::GET, "/A/1", "", of("a")),
        (Method::GET, "/A/own/1", "", Part::Whole),
        (Method::GET, "/x/%2e%2e/a/1", "", of("a")),
        (Method::GET, "/a/own/1", "", Part::Whole),
        (Method::GET, "/x/..%2fa", "", Part::Any),
        (Method::POST, "/b/1", "", of("b")),
        (Method::GET, "/b/1", "", Part::Whole),
        (Method::GET, "/b/1", "PUT", Part::Any),
        (Method::POST, "/a/1", "PUT", of("a")),
    ] {
        assert_eq!(part(&method, path, header), expected, "{method} {path} {header}");
    }
}

#[test]
fn globs_say_what_is_wrong() {
    for wrong in ["pay/**", "", "/a/**/b", "/a**", "/a/../b", "/a//b", "/a%2fb", "/%61"] {
        assert!(wrong.parse::<Glob>().is_err(), "{wrong}");
    }
    assert!(glob("/**").matches("/") && glob("/**").matches("/a/b"));
    assert!(glob("/").matches("/") && !glob("/").matches("/a"));
    assert!(glob("/a/").matches("/a/") && !glob("/a/").matches("/a"));
    assert!(glob("/*.css").matches("/x.css") && !glob("/*.css").matches("/x/y.css"));
}
