//! A `recado-server` as a process of its own.

use std::os::fd::OwnedFd;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use recado_sandbox::Urls;
use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, MasterKey};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{Place, bare_command, command, path, providers, signal};
use crate::soon::soon;

/// What most servers of tests are started with.
const USUAL: [(&str, &str); 2] = [
    ("RECADO_LISTEN", "127.0.0.1:0"),
    ("RECADO_ALLOW_PRIVATE_NETWORKS", "true"),
];

/// A running `recado-server`.
pub struct Server {
    pub process: Child,
    pub url: String,
    log: tokio::task::JoinHandle<String>,
}

impl Server {
    /// Starts `recado-server serve` on a free port and waits until it listens.
    pub async fn start(environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let environment = [&USUAL[..], environment].concat();
        Self::run(command("recado-server")?, &environment, READY).await
    }

    /// Starts it with a low limit of open files.
    pub async fn with_descriptors(
        soft: u32,
        hard: u32,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let limits = format!("ulimit -Sn {soft} && ulimit -Hn {hard}");
        Self::behind(&limits, environment).await
    }

    /// Starts it on `database` so that [`may_write`](super::may_write) can limit its files.
    pub async fn with_limited_files(
        database: &TestDatabase,
        sandbox: &Urls,
    ) -> anyhow::Result<Self> {
        let place = Place::of(database);
        let environment = [&place.variables()[..], &providers(sandbox)].concat();
        // Without the trap, the first write beyond the limit would end the process.
        Self::behind("trap '' XFSZ", &environment).await
    }

    /// Starts it as [`Self::on`] does, with a socket that listens already, as a service manager does.
    pub async fn activated(
        database: &TestDatabase,
        sandbox: &Urls,
        socket: &std::net::TcpListener,
    ) -> anyhow::Result<Self> {
        let place = Place::of(database);
        // The socket has to be the third descriptor, and the number of the process is known only then.
        let activation = "exec 3<&0 0</dev/null && export LISTEN_FDS=1 LISTEN_PID=$$";
        let mut shell = shell(activation)?;
        shell.stdin(OwnedFd::from(socket.try_clone()?));
        let environment = [&USUAL[..], &place.variables(), &providers(sandbox)].concat();
        Self::run(shell, &environment, READY).await
    }

    /// Starts it while its database is away, and waits until it listens.
    pub async fn without_database(
        database: &TestDatabase,
        key: &MasterKey,
        sandbox: &Urls,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let (place, providers) = (Place::new(database.url(), key), providers(sandbox));
        let environment = [&USUAL[..], &place.variables(), &providers, more].concat();
        Self::run(command("recado-server")?, &environment, LISTENING).await
    }

    /// Starts it from a shell that runs those commands first.
    async fn behind(commands: &str, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::run(shell(commands)?, &[&USUAL[..], environment].concat(), READY).await
    }

    /// Starts it, and waits until it says that `state`.
    async fn run(
        mut command: Command,
        environment: &[(&str, &str)],
        state: &str,
    ) -> anyhow::Result<Self> {
        command
            .arg("serve")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let errors = process.stderr.take().context("standard error is piped")?;
        let mut lines = BufReader::new(errors).lines();
        let mut log = String::new();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                log += &line;
                log.push('\n');
                if let Some(address) = address(&line, state) {
                    return Ok(format!("http://{address}"));
                }
            }
            anyhow::bail!("recado-server ended: {log}")
        };
        let url = soon("recado-server listens", listening).await?;
        let log = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log += &line;
                log.push('\n');
            }
            log
        });
        Ok(Self { process, url, log })
    }

    /// Starts it on `database`, with the sandbox in the place of the providers.
    pub async fn on(database: &TestDatabase, sandbox: &Urls) -> anyhow::Result<Self> {
        Self::with(database, sandbox, &[]).await
    }

    /// Starts one more server on the database of another; returns `None` on SQLite, whose file has one server.
    pub async fn second(database: &TestDatabase, sandbox: &Urls) -> Option<Self> {
        if database.kind() == DatabaseKind::Sqlite {
            return None;
        }
        Some(Self::on(database, sandbox).await.expect("a second server"))
    }

    /// Starts it as [`Self::on`] does, with another master key.
    pub async fn with_key(
        database: &TestDatabase,
        key: &MasterKey,
        sandbox: &Urls,
    ) -> anyhow::Result<Self> {
        Self::place(database, key, sandbox, &[]).await
    }

    /// Starts it as [`Self::on`] does, with more variables.
    pub async fn with(
        database: &TestDatabase,
        sandbox: &Urls,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        Self::place(database, database.key(), sandbox, more).await
    }

    async fn place(
        database: &TestDatabase,
        key: &MasterKey,
        sandbox: &Urls,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let place = Place::new(database.url(), key);
        Self::start(&[&place.variables()[..], &providers(sandbox)[..], more].concat()).await
    }

    /// Ends it as a power cut would, and gives its log.
    pub async fn kill(mut self) -> anyhow::Result<String> {
        self.process.kill().await?;
        Ok(self.log.await?)
    }

    /// Asks it to end, waits until it has, and gives its log.
    pub async fn stop(self) -> anyhow::Result<String> {
        signal(&self.process, "TERM").await?;
        self.ended().await
    }

    /// Waits until it has ended, and gives its log.
    pub async fn ended(mut self) -> anyhow::Result<String> {
        let status = soon("recado-server ends", self.process.wait()).await?;
        let log = self.log.await?;
        ensure!(status.success(), "recado-server ended with {status}: {log}");
        Ok(log)
    }
}

/// What a server says when it listens, perhaps without its database.
const LISTENING: &str = "recado-server is listening";

/// What a server says when it works.
const READY: &str = "recado-server is ready";

/// The address in the line that says that the server listens, or is ready.
fn address(line: &str, state: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let message = event["message"].as_str()?;
    (message == state).then(|| event["address"].as_str().map(str::to_owned))?
}

/// A shell that becomes the server after those commands.
fn shell(commands: &str) -> anyhow::Result<Command> {
    let mut shell = bare_command("sh");
    let script = format!("{commands} && exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(path("recado-server")?);
    Ok(shell)
}
