//! Where the lines of a history stand, tenant by tenant.
//!
//! Rule: the files are read through once for this; no event is kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;

use crate::cli::remote::Failure;
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// The longest line that is read.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    file: u16,
    /// From 1.
    line: u32,
    at: u64,
    bytes: u32,
}

/// Files with events, by tenant.
#[derive(Debug)]
pub(super) struct History {
    files: Vec<PathBuf>,
    /// Where each tenant's lines stand, in their order.
    pub(super) tenants: Vec<(TenantId, Vec<Place>)>,
    /// Tenants of which a line says that they were merged into another one, by that one.
    pub(super) merged: BTreeMap<TenantId, BTreeSet<TenantId>>,
    /// Lines that are no event of a tenant, and why.
    pub(super) refused: Vec<(String, String)>,
    /// How many lines were events.
    pub(super) events: u64,
    /// When the first and the newest of them happened.
    pub(super) oldest: Option<Instant>,
    pub(super) newest: Option<Instant>,
}

/// As much of an event as is needed to know whose it is.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(borrow, default)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

impl History {
    /// Reads the files through.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut history = Self {
            files: files.to_vec(),
            tenants: Vec::new(),
            merged: BTreeMap::new(),
            refused: Vec::new(),
            events: 0,
            oldest: None,
            newest: None,
        };
        let mut tenants: BTreeMap<TenantId, Vec<Place>> = BTreeMap::new();
        for number in 0..files.len() {
            history.read_file(number, &mut tenants)?;
        }
        history.tenants = tenants.into_iter().collect();
        Ok(history)
    }

    fn read_file(
        &mut self,
        number: usize,
        tenants: &mut BTreeMap<TenantId, Vec<Place>>,
    ) -> Result<(), Failure> {
        let name = self.files[number].display().to_string();
        let unreadable =
            |error: std::io::Error| Failure::Refused(format!("{name} cannot be read: {error}"));
        let file = u16::try_from(number)
            .map_err(|_| Failure::Usage(format!("at most {} files", u16::MAX)))?;
        let mut reader = BufReader::new(File::open(&self.files[number]).map_err(unreadable)?);
        let (mut at, mut line, mut bytes) = (0, 0, Vec::new());
        loop {
            bytes.clear();
            let mut limited = reader.by_ref().take(LINE_BYTES_MAX as u64 + 1);
            let read = limited.read_until(b'\n', &mut bytes).map_err(unreadable)?;
            if read == 0 {
                return Ok(());
            }
            line += 1;
            if read > LINE_BYTES_MAX {
                let most = LINE_BYTES_MAX;
                let said =
                    format!("{name}:{line}: longer than {most} bytes: is it one event a line?");
                return Err(Failure::Refused(said));
            }
            if !bytes.trim_ascii().is_empty() {
                match self.glance(&bytes) {
                    Ok(tenant) => {
                        let bytes = u32::try_from(read).unwrap_or(u32::MAX);
                        let place = Place { file, line, at, bytes };
                        tenants.entry(tenant).or_default().push(place);
                        self.events += 1;
                    }
                    Err(detail) => self.refused.push((format!("{name}:{line}"), detail)),
                }
            }
            at += read as u64;
        }
    }

    /// Whose event a line is; its time is noted.
    fn glance(&mut self, line: &[u8]) -> Result<TenantId, String> {
        let event: Glance<'_> = serde_json::from_slice(line)
            .map_err(|_| "not a CloudEvent: one JSON object is expected on each line".to_owned())?;
        let subject = event.subject.ok_or("no subject: whose event is it?")?;
        let tenant = subject.parse::<TenantId>().map_err(|error| format!("subject: {error}"))?;
        if event.kind.as_deref() == Some("ambergate.tenant.merged") {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
            let into = event["data"]["into"].as_str().and_then(|into| into.parse().ok());
            let joined = into.map(|into| self.merged.entry(into).or_default());
            joined.map(|joined| joined.insert(tenant.clone()));
        }
        if let Some(time) = event.time.and_then(|time| time.parse::<Instant>().ok()) {
            self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
            self.newest = Some(self.newest.map_or(time, |newest| newest.max(time)));
        }
        Ok(tenant)
    }

    /// Where a tenant's lines stand.
    pub(super) fn lines(&self, tenant: &TenantId) -> &[Place] {
        let place = self.tenants.binary_search_by(|(known, _)| known.cmp(tenant));
        place.map_or(&[], |place| &self.tenants[place].1)
    }

    /// The place as people read it: file and line.
    pub(super) fn shown(&self, place: Place) -> String {
        format!("{}:{}", self.files[usize::from(place.file)].display(), place.line)
    }
}

/// Reads lines again, one reader a worker.
#[derive(Debug)]
pub(super) struct Reader(Vec<File>);

impl Reader {
    pub(super) fn open(history: &History) -> std::io::Result<Self> {
        history.files.iter().map(File::open).collect::<Result<_, _>>().map(Self)
    }

    /// The line that stands there.
    pub(super) fn line(&mut self, place: Place, into: &mut Vec<u8>) -> std::io::Result<()> {
        let file = &mut self.0[usize::from(place.file)];
        into.resize(place.bytes as usize, 0);
        file.seek(SeekFrom::Start(place.at))?;
        file.read_exact(into)
    }
}
