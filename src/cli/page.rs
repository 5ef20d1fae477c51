//! Pages that the program prints: whole by themselves, and in which format anything is printed.

use clap::{Args, ValueEnum};

use crate::net::html::escaped;

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// A page by itself.
    Html,
    /// For programs.
    Json,
}

/// As which format.
#[derive(Debug, Args)]
pub(super) struct Printed {
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print JSON, for programs.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Printed {
    pub(super) const fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// A whole page around `body`, without anything from elsewhere.
pub(super) fn document(language: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escaped(title)
    )
}

/// Light and dark, screen and paper.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:1.6em}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884;vertical-align:top}\
tr.entered td{font-weight:600}svg{width:100%;height:auto}svg text{font-size:13px;fill:currentColor}\
.rail{stroke:#8886;stroke-dasharray:2 4}.climb{fill:none;stroke:#0b6e99;stroke-width:3}\
circle{fill:#5f6b76}circle.w,circle.r{fill:#c05a00}circle.t{fill:#6b4fbb}\
.sign{display:grid;grid-template-columns:1fr 1fr;gap:4rem;margin-top:4rem}\
.sign div{border-top:1px solid;padding-top:.3rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.5rem;margin:0}dd{margin:0}\
h3{font-size:1rem;margin:1.2em 0 .2em}td{overflow-wrap:break-word;white-space:pre-wrap}\
@media print{body{margin:0}}";
