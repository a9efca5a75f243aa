//! What Recado is compared with: each takes the same requests and passes a call on to the same stub.

pub mod hyper_proxy;
pub mod nginx;
pub mod node;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::watched::Watched;

/// Longest that a program may take until it listens.
const STARTING: Duration = Duration::from_secs(20);

/// Longest that a program may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// A running program that is not a part of Recado; it ends with the value.
pub struct Contender {
    pub name: &'static str,
    pub address: SocketAddr,
    /// What the program says of its version.
    pub version: String,
    process: Child,
    /// It would end the program to close this.
    _output: Option<Lines<BufReader<ChildStdout>>>,
    _folder: Option<tempfile::TempDir>,
}

/// Where the programs of others are, or why one is missing.
#[derive(Debug, Clone)]
pub struct Programs {
    pub nginx: Result<PathBuf, String>,
    /// The folder with `whatsapp-api-js`.
    pub node: Result<PathBuf, String>,
}

impl Contender {
    /// Starts a program that prints its address in the first line.
    async fn printing(
        name: &'static str,
        version: String,
        mut command: Command,
    ) -> anyhow::Result<Self> {
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command
            .spawn()
            .with_context(|| format!("{name} did not start"))?;
        let output = process.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(STARTING, lines.next_line()).await;
        let line = line.with_context(|| format!("{name} did not listen in time"))??;
        let line = line.with_context(|| format!("{name} ended at once"))?;
        Ok(Self {
            name,
            address: line.trim().parse()?,
            version,
            process,
            _output: Some(lines),
            _folder: None,
        })
    }

    /// Returns what is to be watched.
    pub fn watched(&self) -> anyhow::Result<Watched> {
        Ok(Watched {
            roots: vec![self.process.id().context("the program has ended")?],
            postgres: None,
            stores: false,
        })
    }
}

impl Drop for Contender {
    /// Lets the program end its own children, as nginx does; one that is killed would leave them behind.
    fn drop(&mut self) {
        let Some(id) = self.process.id() else {
            return;
        };
        let asked = std::process::Command::new("kill")
            .arg(id.to_string())
            .status();
        let end = Instant::now() + ENDING;
        while asked.is_ok() && Instant::now() < end && matches!(self.process.try_wait(), Ok(None)) {
            // `drop` cannot await the end of the program.
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Returns a port that is free at the moment.
async fn free_port() -> anyhow::Result<u16> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(listener.local_addr()?.port())
}

/// Waits until that process listens there.
async fn wait_until_listening(process: &mut Child, address: SocketAddr) -> anyhow::Result<()> {
    let listening = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            ensure!(process.try_wait()?.is_none(), "the program ended at once");
            // The programs do not tell when they listen.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    };
    tokio::time::timeout(STARTING, listening).await?
}
