//! Runs the README's commands as a reader would: one shell, top to bottom, in an empty folder.
//!
//! Rules:
//! 1. `cargo run --release -- …` is the binary under test: the shell finds a `cargo` that hands its
//!    words on to it. Nothing is built here. `ambergate` is that binary, too.
//! 2. Addresses of the README are put on free ports: the program's own by its environment, in
//!    commands and files by their text. Redis and the app behind the gate are real servers.
//! 3. Each command must succeed: the first that does not ends it all, and is shown.
//! 4. A block that starts something ends what was started before.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::page::{Block, Mark};

/// So many seconds may all of it take.
const SECONDS_MAX: &str = "240";

/// Waits until what was started is well, or says what it printed.
const READY: &str = r#"
for _ in $(seq 300); do
    ambergate healthcheck --ready >/dev/null 2>&1 && break
    kill -0 "$STARTED" || { echo "it ended"; exit 1; }
    sleep 0.1
done
ambergate healthcheck --ready
"#;

/// What a shell printed, block by block.
pub(crate) struct Printed(tempfile::TempDir);

impl Printed {
    /// What was printed into `name`.
    pub(crate) fn of(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }
}

/// The servers around it.
struct Around {
    ports: [u16; 5],
    redis: Child,
}

impl Around {
    const WRITTEN: [&'static str; 5] = [":8080", ":8081", ":8083", ":6379", ":3000"];

    fn start(folder: &Path) -> Self {
        let mut free = free_ports();
        let mut port = || free.next().expect("a free port");
        let ports = [port(), port(), port(), port(), port()];
        let redis = Command::new("redis-server")
            .args(["--port", &ports[3].to_string(), "--bind", "127.0.0.1", "--save", ""])
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let app = TcpListener::bind(("127.0.0.1", ports[4])).expect("the app's port");
        std::thread::spawn(move || app.incoming().flatten().for_each(answer));
        Self { ports, redis }
    }

    /// The README's addresses, put on the ports of this run.
    fn placed(&self, text: &str) -> String {
        let pairs = Self::WRITTEN.iter().zip(self.ports);
        pairs.fold(text.to_owned(), |text, (written, port)| {
            text.replace(&format!("127.0.0.1{written}"), &format!("127.0.0.1:{port}"))
        })
    }

    fn variables(&self) -> [(&'static str, String); 5] {
        let [proxy, admin, ingest, ..] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        [
            ("AMBERGATE_SERVER", format!("http://{admin}")),
            ("AMBERGATE__PROXY__LISTEN", proxy),
            ("AMBERGATE__ADMIN__LISTEN", admin),
            ("AMBERGATE__INGEST__LISTEN", ingest),
            ("AMBERGATE__AUTHZ__LISTEN", "127.0.0.1:0".to_owned()),
        ]
    }
}

impl Drop for Around {
    fn drop(&mut self) {
        let _ = self.redis.kill();
        let _ = self.redis.wait();
    }
}

/// Ports of which nobody is given one by chance.
fn free_ports() -> impl Iterator<Item = u16> {
    let first = 20_000 + u16::try_from(std::process::id() % 1_000).expect("small") * 10;
    (first..30_100).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// The app: says to everybody that it was reached.
fn answer(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 4_096]);
    let _ = stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nthe own app",
    );
}

/// Runs all blocks. After the last block of a world, `extras` of it are run: (a part of the block
/// that starts it, what is printed into, commands).
pub(crate) fn run(blocks: &[Block], extras: &[(&str, &str, &str)]) -> Printed {
    let folder = tempfile::tempdir().expect("a folder");
    let around = Around::start(folder.path());
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let binary = env!("CARGO_BIN_EXE_ambergate");
    tool(&tools, "ambergate", &format!("exec {binary} \"$@\""));
    let cargo =
        format!("[ \"$1 $2 $3\" = 'run --release --' ] || exit 2\nshift 3\nexec {binary} \"$@\"");
    tool(&tools, "cargo", &cargo);
    let script = folder.path().join("script");
    std::fs::write(&script, around.placed(&text(blocks, extras))).expect("the script");
    let work = folder.path().join("work");
    std::fs::create_dir(&work).expect("a folder");
    let done = Command::new("timeout")
        .args(["-k", "10", SECONDS_MAX, "bash"])
        .arg(&script)
        .current_dir(&work)
        .env("PRINTED", folder.path())
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display()))
        .env("NO_PROXY", "*")
        .envs(around.variables())
        .stdin(Stdio::null())
        .status()
        .expect("bash is there");
    let printed = Printed(folder);
    let at = printed.of("at");
    assert!(done.success(), "README.md:{at}: {done}\n{}", printed.of(&format!("block-{at}")));
    printed
}

fn tool(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, runs).expect("a script that runs");
}

/// The whole script. What is started is a group of its own, so that it can be ended as one.
fn text(blocks: &[Block], extras: &[(&str, &str, &str)]) -> String {
    let mut script = "set -euo pipefail\nSTARTED=\n\
        end() { [ -z \"$STARTED\" ] || { kill -TERM -- -$STARTED; wait $STARTED || true; }; STARTED=; }\n\
        trap end EXIT\ntrap 'exit 143' TERM INT\n"
        .to_owned();
    let (mut after, mut started) = (String::new(), "");
    for block in blocks {
        let Block { line, text, .. } = block;
        let here =
            format!("\nprintf {line} >\"$PRINTED/at\"\nexec >\"$PRINTED/block-{line}\" 2>&1\n");
        match &block.mark {
            Mark::File(name) => {
                let _ = write!(script, "{here}cat >{name} <<'END OF FILE'\n{text}END OF FILE\n");
            }
            Mark::RunsIn(world) => {
                if world != started {
                    script.push_str(&std::mem::take(&mut after));
                }
                script.push_str(&(here + text));
            }
            Mark::Starts(world) => {
                started = world;
                let _ = write!(script, "{after}end\n{here}set -m\n{{\n{text}}} &\n");
                let _ = write!(script, "STARTED=$!\nset +m\n{READY}");
                after.clear();
                for (part, name, commands) in extras {
                    if text.contains(part) {
                        let _ = write!(after, "\nexec >\"$PRINTED/{name}\" 2>&1\n{commands}\n");
                    }
                }
            }
            Mark::NotRun | Mark::Printed => {}
        }
    }
    script + &after
}
