//! A program at a terminal, whose input is typed.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

use super::{Ran, bare_command, path};
use crate::soon::soon;

/// Runs a program on a terminal of its own, on which a person types these lines.
pub async fn run(
    name: &str,
    arguments: &str,
    environment: &[(String, String)],
    typed: &[&str],
) -> Ran {
    let line = format!("{} {arguments}", path(name).expect("the program").display());
    let mut terminal = bare_command("script");
    terminal
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = terminal.spawn().expect("`script` of util-linux");
    let mut keyboard = process.stdin.take().expect("a pipe");
    for line in typed {
        let line = format!("{line}\n");
        // A command that refuses before it asks may be gone before the line is typed.
        keyboard.write_all(line.as_bytes()).await.ok();
    }
    // It stays open: the end of the input would end the terminal.
    let output = soon("a program ends", process.wait_with_output()).await;
    drop(keyboard);
    Ran::of(&terminal, output.expect("an output"))
}
