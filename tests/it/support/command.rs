//! The binary, run as a shell runs it.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

/// Exit code, standard output, standard error.
pub(crate) async fn ambergate(
    arguments: &[&str],
    server: &str,
    input: &str,
) -> (i32, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_ambergate"));
    command.args(arguments).env_clear().env("AMBERGATE_SERVER", server);
    command.env("AMBERGATE_TOKEN", "sesame");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).await.expect("it reads, or ends");
    drop(stdin);
    let done = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr))
}
