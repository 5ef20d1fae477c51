//! Tricky pages, split everywhere.

use super::*;

const MARKUP: &str = "<aside>B</aside>";

fn through(page: &[u8], splits: &[usize]) -> (Vec<u8>, bool) {
    let mut insert = Insert::new(MARKUP.to_owned());
    let mut out = Vec::new();
    let mut from = 0;
    for to in splits.iter().copied().chain([page.len()]) {
        out.extend_from_slice(&insert.push(Bytes::copy_from_slice(&page[from..to])));
        from = to;
    }
    out.extend_from_slice(&insert.finish());
    (out, insert.is_inserted())
}

const TRICKY: &str = "<!doctype html>\n<html><head><title><body></title>\
    <script>var a = '<body>'; // </scr\n</script><style>x{content:'<body>'}</style>\
    <!-- <body> --><noscript><p></noscript></head>\n<body class='a>b' data-x=\"<body>\">\
    <textarea><body></textarea><p>caf\u{e9} <body> again</p></body></html>";

#[test]
fn it_goes_after_the_first_real_body_whatever_the_chunks() {
    let whole = TRICKY.replacen("data-x=\"<body>\">", &format!("data-x=\"<body>\">{MARKUP}"), 1);
    let page = TRICKY.as_bytes();
    for first in 0..=page.len() {
        for second in [first, (first + 1).min(page.len()), (first + 17).min(page.len())] {
            let (out, inserted) = through(page, &[first, second]);
            assert!(inserted);
            assert_eq!(out, whole.as_bytes(), "split at {first} and {second}");
        }
    }
    let every: Vec<usize> = (0..page.len()).collect();
    assert_eq!(through(page, &every).0, whole.as_bytes());
}

/// What only looks like the page's body.
const NOT_THE_BODY: [&str; 16] = [
    "<template><p><body>x</body></template>",
    "<template><template><body></template><body></template>",
    "<svg><title><body></title><body></svg>",
    "<svg><foreignObject><body></body></foreignObject></svg>",
    "<math><mi><body></mi></math>",
    "<script>x = '<body>' // </scrip </script >",
    "<script><!-- <script> <body> </script> <body> --></script>",
    "<style><body></style>",
    "<title><body></title>",
    "<textarea><body></textarea>",
    "<xmp><body></xmp>",
    "<iframe srcdoc='<body>'><body></iframe>",
    "<noscript><body></noscript>",
    "<!-- <body> --!> --><!--> <!---> <!-- x -- > <body> -->",
    "<meta content='<body>' x=\"<body>\" y=<body z>",
    "<select><body></select><div><body></div><![CDATA[<body>]]><?x <body>",
];

#[test]
fn only_the_pages_own_body_takes_it() {
    for before in NOT_THE_BODY {
        let page = |markup: &str| format!("<html><head>{before}</head><body a>{markup}x</html>");
        for cut in 0..=page("").len() {
            let (out, inserted) = through(page("").as_bytes(), &[cut]);
            assert!(inserted, "{before} cut at {cut}");
            assert_eq!(String::from_utf8_lossy(&out), page(MARKUP), "{before} cut at {cut}");
        }
        let without = format!("<html><head>{before}</head><p>x</html>");
        assert_eq!(through(without.as_bytes(), &[]), (without.clone().into_bytes(), false));
    }
}

#[test]
fn a_page_may_say_that_it_wants_none() {
    let page = "<html><head><meta content=OFF name='Ambergate-Banner'></head><body>x";
    for cut in 0..=page.len() {
        assert_eq!(through(page.as_bytes(), &[cut]), (page.as_bytes().to_vec(), false));
    }
}

#[test]
fn without_a_body_nothing_changes() {
    for page in ["<!doctype html><p>x", "<html><frameset></frameset></html>", "", "<html><bod"] {
        assert_eq!(through(page.as_bytes(), &[]), (page.as_bytes().to_vec(), false), "{page}");
    }
}

#[test]
fn cut_pages_lose_nothing() {
    let page = TRICKY.as_bytes();
    for end in 0..page.len() {
        let (out, inserted) = through(&page[..end], &[end / 2]);
        let text = String::from_utf8_lossy(&out).replacen(MARKUP, "", usize::from(inserted));
        assert_eq!(text, String::from_utf8_lossy(&page[..end]), "cut at {end}");
    }
}

#[test]
fn odd_bytes_and_endless_tags_pass_unchanged() {
    let mut page = b"<html><head><meta x='".to_vec();
    page.extend(std::iter::repeat_n(b'y', 2 * MEMORY_BYTES_MAX));
    page.extend(b"'></head><body>x</body>\xff\xfe\x00");
    let cuts: Vec<usize> = (0..page.len()).step_by(1000).collect();
    let (out, inserted) = through(&page, &cuts);
    let text = String::from_utf8_lossy(&out).replacen(MARKUP, "", usize::from(inserted));
    assert_eq!(text, String::from_utf8_lossy(&page));
    let ambiguous = b"<body><select><xmp><script>\"use strict\";</script></select>";
    assert!(through(ambiguous, &[3, 20]).1);
}
