//! The real binaries, as built for the tests.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The binary of that name in the folder that this program was built in.
///
/// # Errors
///
/// It was not built.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().find(|folder| folder.join(name).is_file());
    let folder = folder.with_context(|| {
        format!("{name} is not built; run the tests with `cargo xtask test`, or build it with `cargo build --bins`")
    })?;
    Ok(folder.join(name))
}

/// A command for the binary, with nothing of our own environment that could change what it does.
///
/// # Errors
///
/// It was not built.
pub fn command(name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(path(name)?);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("RECADO_") {
            command.env_remove(variable);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// A running `recado-server`.
pub struct Server {
    pub process: Child,
    pub url: String,
    log: tokio::task::JoinHandle<String>,
}

impl Server {
    /// Starts `recado-server serve` on a free port and waits until it listens.
    ///
    /// # Errors
    ///
    /// It ends, or does not listen in time.
    pub async fn start(environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = command("recado-server")?;
        command
            .arg("serve")
            .env("RECADO_LISTEN", "127.0.0.1:0")
            .env("RECADO_ALLOW_PRIVATE_NETWORKS", "true")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let mut lines = BufReader::new(process.stderr.take().context("standard error is piped")?).lines();
        let mut log = String::new();
        let url = tokio::time::timeout(Duration::from_secs(60), async {
            while let Some(line) = lines.next_line().await? {
                log += &line;
                log.push('\n');
                if let Some(address) = listening(&line) {
                    return Ok(format!("http://{address}"));
                }
            }
            anyhow::bail!("recado-server ended: {log}")
        })
        .await??;
        let log = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log += &line;
                log.push('\n');
            }
            log
        });
        Ok(Self { process, url, log })
    }

    /// Ends it as a power cut would, and gives its log.
    ///
    /// # Errors
    ///
    /// It cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<String> {
        self.process.kill().await?;
        Ok(self.log.await?)
    }

    /// Asks it to end, waits until it has, and gives its log.
    ///
    /// # Errors
    ///
    /// It does not end with success.
    pub async fn stop(mut self) -> anyhow::Result<String> {
        let id = self.process.id().context("the server runs")?;
        let asked = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
        ensure!(asked.success(), "cannot signal the server");
        let status = tokio::time::timeout(Duration::from_secs(60), self.process.wait()).await??;
        ensure!(status.success(), "recado-server ended with {status}");
        Ok(self.log.await?)
    }
}

/// The address in the line that says that the server listens.
fn listening(line: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let message = event["message"].as_str()?;
    (message == "recado-server is listening").then(|| event["address"].as_str().map(str::to_owned))?
}
