//! `ambergate event send` and `ambergate event import`; what is parked is in [`super::parked`].
//!
//! Rule: both may be repeated; an event that was taken before counts once.

use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::remote::{Failure, Remote, accepted};
use super::{output, parked};
use crate::domain::id::{Derivation, Derived};
use crate::domain::json;
use crate::domain::time::Day;
use crate::net::client::Client;

/// How many events go in one request.
const BATCH: usize = 500;

/// How often a batch is tried that the server cannot take now.
const TRIES: u32 = 6;

/// What is about no tenant.
const SIGN_OF_LIFE: &str = "ambergate.source.heard";

/// `ambergate event`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One CloudEvent: a file of JSON, standard input, or built from the options.
    Send(Box<Send>),
    /// Files with one CloudEvent a line. What is refused is named with its line.
    Import(Import),
    /// Events that are kept: no tenant of theirs is known, or a person has to settle something first.
    Parked(parked::List),
    /// Take in a parked event, once its tenant is known.
    Replay(parked::Replay),
}

/// `ambergate event send`.
#[derive(Debug, Args)]
pub(super) struct Send {
    #[command(flatten)]
    remote: Remote,
    /// A file with one CloudEvent in JSON; `-` is standard input.
    #[arg(conflicts_with = "type", required_unless_present = "type")]
    file: Option<PathBuf>,
    /// Its type, such as invoice.paid or ambergate.invoice.paid.
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// The tenant it is about; none for source.heard.
    #[arg(long, value_name = "TENANT")]
    subject: Option<String>,
    /// Its data, as JSON.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// Where it comes from.
    #[arg(long, default_value = "ambergate-cli")]
    source: String,
    /// Its id, unique within its source; else derived from all that it says.
    #[arg(long)]
    id: Option<String>,
    /// When it happened (RFC 3339); else when it arrives.
    #[arg(long)]
    time: Option<String>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// `ambergate event import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    remote: Remote,
    /// Files with one CloudEvent in JSON a line; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Takes a history over: invoices issued before this date are counted, and silent until
    /// `ambergate tenant release` releases them.
    #[arg(long, value_name = "DATE")]
    opening: Option<Day>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Send(send) => send.run().await,
            Self::Import(import) => import.run().await,
            Self::Parked(list) => list.run().await,
            Self::Replay(replay) => replay.run().await,
        }
    }
}

impl Send {
    async fn run(self) -> Result<(), Failure> {
        let event = match &self.file {
            Some(file) => {
                let mut text = String::new();
                open(file)?.read_to_string(&mut text).map_err(|error| unreadable(file, &error))?;
                text.into_bytes()
            }
            None => self.built()?.to_string().into_bytes(),
        };
        let answer = self.remote.client()?.post("/v1/events", event.clone()).await?;
        let answer = accepted(&answer)?;
        if self.json {
            output::json(&answer)
        } else {
            let event: Value = serde_json::from_slice(&event).unwrap_or_default();
            let forgets = event["type"] == "ambergate.tenant.forgotten";
            let taken = parked::taken(&answer, event["subject"].as_str());
            let said = if forgets { parked::forgotten(&answer) } else { taken };
            output::line(&said);
        }
        Ok(())
    }

    /// The event that the options say.
    fn built(&self) -> Result<Value, Failure> {
        let data: Value = serde_json::from_str(&self.data)
            .map_err(|error| Failure::Usage(format!("--data is no JSON: {error}")))?;
        let given = self.r#type.as_deref().unwrap_or_default();
        let kind = match given.starts_with("ambergate.") {
            true => given.to_owned(),
            false => format!("ambergate.{given}"),
        };
        if self.subject.is_none() && kind != SIGN_OF_LIFE {
            let what = "--subject is missing: the tenant that the event is about";
            return Err(Failure::Usage(what.to_owned()));
        }
        let subject = self.subject.as_deref().unwrap_or_default();
        let time = self.time.as_deref();
        let id = self.id.clone().unwrap_or_else(|| {
            let derivation = Derivation::of("command").text(&kind).text(subject);
            let derivation = derivation.text(&data.to_string()).text(time.unwrap_or_default());
            derivation.finish::<Derived>().to_string()
        });
        let mut event = json!({
            "specversion": "1.0", "id": id, "source": self.source, "type": kind,
            "datacontenttype": "application/json", "data": data,
        });
        for (name, value) in [("subject", self.subject.as_deref()), ("time", time)] {
            if let Some(value) = value {
                event[name] = Value::from(value);
            }
        }
        Ok(event)
    }
}

impl Import {
    async fn run(self) -> Result<(), Failure> {
        let client = self.remote.client()?;
        let mut tally = Tally { opening: self.opening, ..Tally::default() };
        for file in &self.files {
            let before = tally.refused.len();
            let read = self::file(file, &client, &mut tally).await;
            tally.tell(before);
            read?;
        }
        if self.json {
            output::json(&tally.to_json());
        } else {
            let Tally { accepted, duplicates, parked, refused, .. } = &tally;
            let refused = refused.len();
            output::line(&format!(
                "{accepted} taken, {duplicates} known before, {parked} parked, {refused} refused"
            ));
            if self.opening.is_some() {
                let (silent, noun) = (tally.silent, if tally.silent == 1 { "is" } else { "are" });
                output::line(&format!(
                    "{silent} of the invoices {noun} older: what was taken of them is silent until \
                     released: ambergate tenant release TENANT --opening"
                ));
            }
        }
        match tally.refused.len() {
            0 => Ok(()),
            1 => Err(Failure::Refused("one event was refused".to_owned())),
            count => Err(Failure::Refused(format!("{count} events were refused"))),
        }
    }
}

/// What became of the events.
#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    duplicates: u64,
    parked: u64,
    refused: Vec<(String, String)>,
    /// Before which date an invoice is taken over, and how many were.
    opening: Option<Day>,
    silent: u64,
}

impl Tally {
    fn refuse(&mut self, place: String, detail: &str) {
        self.refused.push((place, detail.to_owned()));
    }

    /// Names what was refused of one file, in the order of its lines.
    fn tell(&mut self, before: usize) {
        let line = |place: &str| place.rsplit(':').next().and_then(|line| line.parse::<u64>().ok());
        self.refused[before..].sort_by_key(|(place, _)| line(place));
        for (place, detail) in &self.refused[before..] {
            output::note(&format!("{place}: {detail}"));
        }
    }

    /// Adds what the server says of a batch; `lines` are the places of its events.
    fn add(&mut self, answer: &Value, file: &Path, lines: &[usize]) {
        let count = |key: &str| answer[key].as_u64().unwrap_or_default();
        self.accepted += count("accepted");
        self.duplicates += count("duplicates");
        self.parked += count("parked");
        for refused in answer["refused"].as_array().into_iter().flatten() {
            let index = refused["index"].as_u64().and_then(|index| usize::try_from(index).ok());
            let line = index.and_then(|index| lines.get(index)).copied().unwrap_or_default();
            let detail = refused["detail"].as_str().unwrap_or("refused");
            self.refuse(format!("{}:{line}", file.display()), detail);
        }
    }

    fn to_json(&self) -> Value {
        let refused =
            self.refused.iter().map(|(place, detail)| json!({ "at": place, "detail": detail }));
        let mut all = Map::new();
        all.insert("accepted".to_owned(), self.accepted.into());
        all.insert("duplicates".to_owned(), self.duplicates.into());
        all.insert("parked".to_owned(), self.parked.into());
        all.insert("refused".to_owned(), refused.collect());
        if self.opening.is_some() {
            all.insert("silent".to_owned(), self.silent.into());
        }
        Value::Object(all)
    }
}

/// Sends a file line by line, in batches.
async fn file(path: &Path, client: &Client, tally: &mut Tally) -> Result<(), Failure> {
    let mut batch = Vec::new();
    let mut lines = Vec::new();
    for (index, line) in open(path)?.lines().enumerate() {
        let line = line.map_err(|error| unreadable(path, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        match json::parse(line.as_bytes()) {
            Ok((mut event @ Value::Object(_), doubled)) if doubled.is_empty() => {
                tally.silent += u64::from(take_over(&mut event, tally.opening));
                batch.push(event);
                lines.push(index + 1);
            }
            Ok((Value::Object(_), doubled)) => {
                let place = format!("{}:{}", path.display(), index + 1);
                tally.refuse(place, &format!("appears twice: {}", doubled.join(", ")));
            }
            Ok(_) => {
                let place = format!("{}:{}", path.display(), index + 1);
                tally.refuse(place, "not a CloudEvent: an object { … } is expected on each line");
            }
            Err(error) => {
                let place = format!("{}:{}:{}", path.display(), index + 1, error.column());
                tally.refuse(place, "not JSON: one CloudEvent is expected on each line");
            }
        }
        if batch.len() == BATCH {
            send_batch(path, client, tally, &mut batch, &mut lines).await?;
        }
    }
    send_batch(path, client, tally, &mut batch, &mut lines).await
}

/// Marks an invoice that was issued before that date as taken over. Answers whether it was.
fn take_over(event: &mut Value, before: Option<Day>) -> bool {
    let issued = event["type"]
        .as_str()
        .is_some_and(|kind| kind.strip_prefix("ambergate.").unwrap_or(kind) == "invoice.issued");
    let Some(before) = before.filter(|_| issued && event["data"].is_object()) else {
        return false;
    };
    // The date printed on it; else that of the event; else at least it was due by then.
    let dated = [&event["data"]["issued_on"], &event["time"], &event["data"]["due_on"]];
    let day = dated.into_iter().find_map(|it| it.as_str()?.get(..10)?.parse::<Day>().ok());
    let older = day.is_some_and(|day| day < before);
    if older {
        event["data"]["opening"] = Value::Bool(true);
    }
    older
}

async fn send_batch(
    path: &Path,
    client: &Client,
    tally: &mut Tally,
    batch: &mut Vec<Value>,
    lines: &mut Vec<usize>,
) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(()) };
    let (first, last) = (*first, *last);
    let body = Value::Array(std::mem::take(batch)).to_string().into_bytes();
    let mut tries = 1;
    let answer = loop {
        let answer = client.post("/v1/events", body.clone()).await;
        let busy = answer.as_ref().is_ok_and(|answer| answer.status.is_server_error());
        if (answer.is_ok() && !busy) || tries == TRIES {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(250 << tries)).await;
        tries += 1;
    };
    let answer = answer.map_err(Failure::from).and_then(|answer| accepted(&answer));
    let answer = answer.map_err(|failure| {
        let place = path.display();
        Failure::Refused(format!(
            "{failure}\nstopped at {place}, lines {first} to {last}; begin again when it is mended: \
             what was taken counts once"
        ))
    })?;
    tally.add(&answer, path, lines);
    lines.clear();
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("{} cannot be read: {error}", path.display()))
}
