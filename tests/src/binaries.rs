//! The real binaries, as built for the tests.

pub mod receiver;
pub mod sandbox;
pub mod terminal;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use recado_sandbox::{Sandbox, Urls};
use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, MasterKey};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::world::{self, CONVERSATIONS};

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
    Ok(bare_command(path(name)?))
}

fn bare_command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("RECADO_") {
            command.env_remove(variable);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    // No profile of the person who runs the tests.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// The variables that lead every channel to the sandbox.
#[must_use]
pub fn providers(sandbox: &Urls) -> [(&str, &str); 3] {
    [
        ("RECADO_WHATSAPP_URL", &sandbox.whatsapp),
        ("RECADO_ZAPI_URL", &sandbox.zapi),
        ("RECADO_ZAPPERHUB_URL", &sandbox.zapperhub),
    ]
}

/// Creates an operator key with `recado-server operator-key create` on that database.
///
/// # Errors
///
/// The command fails.
pub async fn operator_key(database: &[(&str, &str)]) -> anyhow::Result<String> {
    let output = command("recado-server")?
        .args(["operator-key", "create"])
        .envs(database.iter().copied())
        .stderr(Stdio::inherit())
        .output()
        .await?;
    ensure!(
        output.status.success(),
        "recado-server operator-key create: {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Sends a signal to a process, by its name without `SIG`.
///
/// # Errors
///
/// The process is gone.
pub async fn signal(process: &Child, name: &str) -> anyhow::Result<()> {
    let id = process.id().context("the process has ended already")?;
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id.to_string())
        .status()
        .await?;
    ensure!(sent.success(), "cannot signal process {id}");
    Ok(())
}

/// Lets a process write into files up to that byte, as if the disk were full behind it, or `unlimited`.
///
/// # Errors
///
/// The process is gone.
pub async fn may_write(process: &Child, bytes: &str) -> anyhow::Result<()> {
    let id = process.id().context("the process has ended already")?;
    let limited = Command::new("prlimit")
        .arg(format!("--pid={id}"))
        .arg(format!("--fsize={bytes}:"))
        .status()
        .await?;
    ensure!(limited.success(), "cannot limit process {id}");
    Ok(())
}

/// A real server on a database of its own, with the sandbox in this process in the place of the providers.
pub struct Deployment {
    pub database: TestDatabase,
    pub sandbox: Sandbox,
    pub urls: Urls,
    pub server: Server,
    /// Of the organization `demo`, which has `agent-123` and a conversation on each provider.
    pub client: Client,
}

impl Deployment {
    /// Starts all of it.
    ///
    /// # Panics
    ///
    /// Anything fails: a test cannot go on without it.
    pub async fn start() -> Self {
        let database = TestDatabase::fresh().await;
        let (sandbox, urls) = world::sandbox().await;
        let (server, client) = deploy(&database, &urls).await;
        Self {
            database,
            sandbox,
            urls,
            server,
            client,
        }
    }
}

/// A server on a fresh database, and a client of its organization `demo`, as [`Deployment`] has them.
///
/// # Panics
///
/// Anything fails: a test cannot go on without it.
pub async fn deploy(database: &TestDatabase, providers: &Urls) -> (Server, Client) {
    let store = database.store().await;
    let operator = world::operator_key(&store).await;
    store.close().await;
    let server = Server::on(database, providers).await.expect("a server");
    let operator = Client::new(&server.url, &operator);
    let client = operator.with_key(&world::organization(&operator, "demo").await);
    world::open_conversations(&client, &CONVERSATIONS).await;
    (server, client)
}

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
    ///
    /// # Errors
    ///
    /// It ends, or does not listen in time.
    pub async fn start(environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::start_as_given(&[&USUAL[..], environment].concat()).await
    }

    /// Starts `recado-server serve` with nothing but that environment, and waits until it listens.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_as_given(environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::run(command("recado-server")?, environment).await
    }

    /// Starts it with a low limit of open files.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn with_descriptors(
        soft: u32,
        hard: u32,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let limits = format!("ulimit -Sn {soft} && ulimit -Hn {hard}");
        Self::behind(&limits, environment).await
    }

    /// Starts it on `database` so that [`may_write`] can limit its files.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn with_limited_files(
        database: &TestDatabase,
        sandbox: &Urls,
    ) -> anyhow::Result<Self> {
        let key = database.key().to_base64();
        let place = place(database, &key);
        // Without the trap, the first write beyond the limit would end the process.
        Self::behind(
            "trap '' XFSZ",
            &[&place[..], &providers(sandbox)[..]].concat(),
        )
        .await
    }

    /// Starts it from a shell that runs those commands first.
    async fn behind(commands: &str, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut shell = bare_command("sh");
        shell
            .arg("-c")
            .arg(format!("{commands} && exec \"$0\" \"$@\""))
            .arg(path("recado-server")?);
        Self::run(shell, &[&USUAL[..], environment].concat()).await
    }

    async fn run(mut command: Command, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        command
            .arg("serve")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let mut lines =
            BufReader::new(process.stderr.take().context("standard error is piped")?).lines();
        let mut log = String::new();
        let url = tokio::time::timeout(Duration::from_mins(1), async {
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

    /// Starts it on `database`, with the sandbox in the place of the providers.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn on(database: &TestDatabase, sandbox: &Urls) -> anyhow::Result<Self> {
        Self::with(database, sandbox, &[]).await
    }

    /// Starts one more server on the database of another; returns `None` on SQLite, whose file has one server.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub async fn second(database: &TestDatabase, sandbox: &Urls) -> Option<Self> {
        if database.kind() == DatabaseKind::Sqlite {
            return None;
        }
        Some(Self::on(database, sandbox).await.expect("a second server"))
    }

    /// Starts it as [`Self::on`] does, with another master key.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn with_key(
        database: &TestDatabase,
        key: &MasterKey,
        sandbox: &Urls,
    ) -> anyhow::Result<Self> {
        Self::place(database, key, sandbox, &[]).await
    }

    /// Starts it as [`Self::on`] does, with more variables.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
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
        let key = key.to_base64();
        let place = place(database, &key);
        Self::start(&[&place[..], &providers(sandbox)[..], more].concat()).await
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
    pub async fn stop(self) -> anyhow::Result<String> {
        signal(&self.process, "TERM").await?;
        self.ended().await
    }

    /// Waits until it has ended, and gives its log.
    ///
    /// # Errors
    ///
    /// It does not end, or not with success.
    pub async fn ended(mut self) -> anyhow::Result<String> {
        let status = tokio::time::timeout(Duration::from_mins(1), self.process.wait()).await??;
        ensure!(status.success(), "recado-server ended with {status}");
        Ok(self.log.await?)
    }
}

/// The variables that name a database and its master key.
fn place<'a>(database: &'a TestDatabase, key: &'a SecretString) -> [(&'a str, &'a str); 2] {
    [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", key.expose_secret()),
    ]
}

/// The address in the line that says that the server listens.
fn listening(line: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let message = event["message"].as_str()?;
    (message == "recado-server is listening")
        .then(|| event["address"].as_str().map(str::to_owned))?
}
