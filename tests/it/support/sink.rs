//! An SMTP server that does as its script says, for one connection after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does at one point of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says this.
    Say(&'static str),
    /// Closes the connection without a word.
    Drop,
    /// Says nothing for ever.
    Stall,
}

/// A script: what to do at which point. What is not named is answered well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    pub(crate) greeting: Act,
    pub(crate) ehlo: Act,
    pub(crate) mail: Act,
    pub(crate) rcpt: Act,
    pub(crate) data: Act,
    /// After so many bytes of content, before its end.
    pub(crate) within: Option<Act>,
    pub(crate) dot: Act,
    pub(crate) quit: Act,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: Act::Say("220 sink ready"),
            ehlo: Act::Say("250-sink\r\n250 8BITMIME"),
            mail: Act::Say("250 ok"),
            rcpt: Act::Say("250 ok"),
            data: Act::Say("354 go on"),
            within: None,
            dot: Act::Say("250 2.0.0 taken as 7"),
            quit: Act::Say("221 bye"),
        }
    }
}

/// A running server.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    /// Every line that a client sent, content included.
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    /// Starts one on a free port of this machine.
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script, all.clone()));
            }
        });
        Self { address, heard }
    }

    /// The lines heard that begin with `start`.
    pub(crate) fn lines(&self, start: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(start)).cloned().collect()
    }
}

/// `false`: the exchange is over.
async fn act(stream: &mut BufReader<TcpStream>, act: Act) -> bool {
    match act {
        Act::Say(what) => stream.write_all(format!("{what}\r\n").as_bytes()).await.is_ok(),
        Act::Drop => false,
        Act::Stall => {
            // Until the other side gives up.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            false
        }
    }
}

async fn serve(stream: TcpStream, script: Script, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    if !act(&mut stream, script.greeting).await {
        return;
    }
    let mut content = false;
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let said = std::mem::take(&mut line).trim_end_matches(['\r', '\n']).to_owned();
        heard.lock().unwrap().push(said.clone());
        let verb = said.get(..4).unwrap_or_default().to_ascii_uppercase();
        let next = match (content, said.as_str(), verb.as_str()) {
            (true, ".", _) => {
                content = false;
                script.dot
            }
            (true, ..) => match script.within {
                Some(within) => within,
                None => continue,
            },
            (false, _, "EHLO" | "HELO") => script.ehlo,
            (false, _, "MAIL") => script.mail,
            (false, _, "RCPT") => script.rcpt,
            (false, _, "DATA") => {
                content = matches!(script.data, Act::Say(text) if text.starts_with("354"));
                script.data
            }
            (false, _, "QUIT") => script.quit,
            _ => Act::Say("502 no"),
        };
        if !act(&mut stream, next).await {
            return;
        }
    }
}
