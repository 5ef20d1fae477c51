//! The receiving side of SMTP, as far as a mailbox that catches everything needs it (RFC 5321).
//!
//! Rules:
//! 1. Who gets mail, and when, is the [`Postmaster`]'s to say, at RCPT and after the content.
//! 2. Lines, content and recipients have limits; a client that says nothing is hung up on.
//! 3. A mail is answered 250 only once it is kept.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The largest mail taken.
pub const MAIL_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The longest line taken, content included.
const LINE_BYTES_MAX: u64 = 4_096;
/// At most so many recipients of one mail.
const RECIPIENTS_MAX: usize = 100;
/// So long may a client say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// Decides about mail.
pub trait Postmaster {
    /// `Err`: the answer that refuses the recipient.
    fn recipient(&self, mailbox: &str) -> Result<(), &'static str>;

    /// Keeps a mail. `Err`: the answer that puts it off.
    fn mail(&self, from: &str, to: &[String], content: &[u8]) -> Result<(), &'static str>;
}

/// Where an exchange stands.
#[derive(Default)]
struct Envelope {
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// What follows an answer.
#[derive(PartialEq, Eq)]
enum Next {
    Commands,
    Content,
    Farewell,
}

/// Serves one connection to its end.
///
/// # Errors
/// The connection broke.
pub async fn serve<S, P>(stream: S, postmaster: &P) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: Postmaster,
{
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 ambergate demo mailbox").await?;
    let mut envelope = Envelope::default();
    let mut line = Vec::new();
    while let Some(whole) = read_line(&mut stream, &mut line).await? {
        if !whole {
            say(&mut stream, "500 line too long").await?;
            continue;
        }
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (answer, next) = envelope.answer(&command, postmaster);
        say(&mut stream, &answer).await?;
        match next {
            Next::Commands => {}
            Next::Farewell => break,
            Next::Content => {
                let content = read_content(&mut stream).await?;
                let from = envelope.from.take().unwrap_or_default();
                let to = std::mem::take(&mut envelope.to);
                let kept = match content {
                    Some(content) => postmaster.mail(&from, &to, &content),
                    None => Err("552 too large, or a line too long"),
                };
                say(&mut stream, kept.err().unwrap_or("250 kept")).await?;
            }
        }
    }
    Ok(())
}

impl Envelope {
    fn answer<P: Postmaster>(&mut self, command: &str, postmaster: &P) -> (String, Next) {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                *self = Self { greeted: true, ..Self::default() };
                format!(
                    "250-ambergate\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {MAIL_BYTES_MAX}"
                )
            }
            "HELO" => {
                *self = Self { greeted: true, ..Self::default() };
                "250 ambergate".to_owned()
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest, postmaster),
            "DATA" if self.from.is_some() && !self.to.is_empty() => {
                return ("354 end with a dot on a line of its own".to_owned(), Next::Content);
            }
            "DATA" => "503 no sender or no recipient yet".to_owned(),
            "RSET" => {
                (self.from, self.to) = (None, Vec::new());
                "250 forgotten".to_owned()
            }
            "NOOP" => "250 yes".to_owned(),
            "VRFY" => "252 it may be".to_owned(),
            "QUIT" => return ("221 bye".to_owned(), Next::Farewell),
            _ => "502 not known here".to_owned(),
        };
        (answer, Next::Commands)
    }

    fn mail(&mut self, rest: &str) -> String {
        if !self.greeted {
            return "503 greet first".to_owned();
        }
        if self.from.is_some() {
            return "503 there is a sender already".to_owned();
        }
        let Some(from) = path(rest, "FROM:") else { return "501 MAIL FROM:<mailbox>".to_owned() };
        self.from = Some(from);
        "250 ok".to_owned()
    }

    fn rcpt<P: Postmaster>(&mut self, rest: &str, postmaster: &P) -> String {
        if self.from.is_none() {
            return "503 no sender yet".to_owned();
        }
        let mailbox = path(rest, "TO:").filter(|mailbox| mailbox.contains('@'));
        let Some(mailbox) = mailbox else { return "501 RCPT TO:<mailbox>".to_owned() };
        if self.to.len() >= RECIPIENTS_MAX {
            return "452 too many recipients".to_owned();
        }
        match postmaster.recipient(&mailbox) {
            Ok(()) => {
                self.to.push(mailbox);
                "250 ok".to_owned()
            }
            Err(answer) => answer.to_owned(),
        }
    }
}

/// The mailbox in `FROM:<mailbox> parameters`.
fn path(text: &str, word: &str) -> Option<String> {
    let start = text.get(..word.len())?;
    let rest = text[word.len()..].trim_start();
    let (mailbox, _) = rest.strip_prefix('<')?.split_once('>')?;
    let plain = !mailbox.contains(|c: char| c.is_control() || c.is_whitespace() || c == '<');
    (start.eq_ignore_ascii_case(word) && plain).then(|| mailbox.to_owned())
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut BufReader<S>, what: &str) -> std::io::Result<()>
where
    BufReader<S>: AsyncWrite,
{
    stream.write_all(format!("{what}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Reads a line with its end. `None`: the client is gone. `false`: it was too long, and its rest
/// was thrown away.
async fn read_line<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
    line: &mut Vec<u8>,
) -> std::io::Result<Option<bool>> {
    line.clear();
    let mut whole = true;
    loop {
        let mut limited = (&mut *stream).take(LINE_BYTES_MAX);
        let read = tokio::time::timeout(SILENCE_MAX, limited.read_until(b'\n', line)).await??;
        if read == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") {
            return Ok(Some(whole));
        }
        whole = false;
        line.clear();
    }
}

/// Reads content up to its dot, dots undone. `None`: it was too large, and was thrown away.
async fn read_content<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let mut fits = true;
    let mut line = Vec::new();
    while let Some(whole) = read_line(stream, &mut line).await? {
        if whole && (line == b".\r\n" || line == b".\n") {
            return Ok(Some(content).filter(|_| fits));
        }
        let undone = line.strip_prefix(b".").unwrap_or(&line);
        fits &= whole && content.len() + undone.len() <= MAIL_BYTES_MAX;
        if fits {
            content.extend_from_slice(undone);
        }
    }
    Err(std::io::ErrorKind::UnexpectedEof.into())
}
