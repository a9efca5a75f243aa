//! The real binaries, as built for the tests.

mod ran;
pub mod receiver;
pub mod sandbox;
mod server;
pub mod terminal;

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use recado_core::Provider;
use recado_sandbox::{Sandbox, Urls};
use recado_store::MasterKey;
use recado_store::testing::TestDatabase;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::world::{self, CONVERSATIONS};

pub use ran::{Ran, ran};
pub use server::Server;

/// The binary of that name in the folder that this program was built in.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().find(|folder| folder.join(name).is_file());
    let folder = folder.with_context(|| {
        format!("{name} is not built; run the tests with `cargo xtask test`, or build it with `cargo build --bins`")
    })?;
    Ok(folder.join(name))
}

/// A command for the binary, with nothing of our own environment that could change what it does.
pub fn command(name: &str) -> anyhow::Result<Command> {
    Ok(bare_command(path(name)?))
}

/// A command of `recado-server` with these words.
pub fn recado_server(words: &str) -> Command {
    let mut server = command("recado-server").expect("the binary");
    server.args(words.split(' '));
    server
}

/// Runs `recado-server` with these words in an empty folder until it ends.
pub async fn run(words: &str, environment: &[(&str, &str)]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = recado_server(words);
    let server = server.envs(environment.iter().copied());
    ran(server.current_dir(folder.path())).await
}

/// A database and its master key, as variables of the environment.
pub struct Place {
    url: String,
    key: SecretString,
}

impl Place {
    /// The place of a test database, with its own key.
    pub fn of(database: &TestDatabase) -> Self {
        Self::new(database.url(), database.key())
    }

    /// The place of any database.
    pub fn new(url: &str, key: &MasterKey) -> Self {
        Self {
            url: url.to_owned(),
            key: key.to_base64(),
        }
    }

    /// Returns the variables.
    pub fn variables(&self) -> [(&str, &str); 2] {
        [
            ("RECADO_DATABASE_URL", &self.url),
            ("RECADO_MASTER_KEY", self.key.expose_secret()),
        ]
    }
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
pub fn providers(sandbox: &Urls) -> [(&str, &str); Provider::ALL.len()] {
    Provider::ALL.map(|provider| {
        let name = match provider {
            Provider::WhatsApp => "RECADO_WHATSAPP_URL",
            Provider::Zapi => "RECADO_ZAPI_URL",
            Provider::ZapperHub => "RECADO_ZAPPERHUB_URL",
        };
        let simulated = provider.as_str().parse().expect("a provider");
        (name, sandbox.of(simulated))
    })
}

/// Creates an operator key with `recado-server operator-key create` on that database, which may have yet to be made.
pub async fn operator_key(database: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut printed = String::new();
    for words in ["migrate", "operator-key create"] {
        let ran = run(words, database).await;
        ensure!(ran.code == 0, "recado-server {words}: {}", ran.stderr);
        printed = ran.stdout;
    }
    Ok(printed.trim().to_owned())
}

/// Sends a signal to a process, by its name without `SIG`.
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

impl Deployment {
    /// Takes it apart, for a test that ends the server.
    pub fn parts(self) -> (TestDatabase, Urls, Server, Client) {
        (self.database, self.urls, self.server, self.client)
    }
}

/// A server on a fresh database, and a client of its organization `demo`, as [`Deployment`] has them.
pub async fn deploy(database: &TestDatabase, providers: &Urls) -> (Server, Client) {
    deploy_with(database, providers, &[]).await
}

/// Deploys as [`deploy`] does, with more variables for the server.
pub async fn deploy_with(
    database: &TestDatabase,
    providers: &Urls,
    more: &[(&str, &str)],
) -> (Server, Client) {
    let store = database.store().await;
    let operator = world::operator_key(&store).await;
    store.close().await;
    let server = Server::with(database, providers, more).await;
    let server = server.expect("a server");
    let operator = Client::new(&server.url, &operator);
    let client = operator.organization("demo").await;
    world::open_conversations(&client, &CONVERSATIONS).await;
    (server, client)
}

/// `recado-server rotate-master-key` on that database.
pub fn rotate(database: &TestDatabase, old: &MasterKey, new: &MasterKey) -> Command {
    let mut server = recado_server("rotate-master-key");
    server
        .env("RECADO_DATABASE_URL", database.url())
        .env("RECADO_MASTER_KEY", old.to_base64().expose_secret())
        .env("RECADO_NEW_MASTER_KEY", new.to_base64().expose_secret());
    server
}
