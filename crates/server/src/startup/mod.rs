//! What a server checks before it listens; `check-config` makes the same checks.

mod addresses;
mod away;
pub(crate) mod owner;
mod proxies;
mod variables;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use recado_providers::{Defaults, HttpClient, Timeouts, check_base_url};
use recado_store::{DatabaseKind, LockError, MasterKey, ServerLock, Store, StoreError, files};
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::App;
use crate::config::ConfigArgs;
use crate::costs::rates::Rates;
use crate::master_key::key_file;
use crate::serve::{self, ConnectionLimits};
use crate::telemetry::logging;

pub use addresses::cannot_listen;

/// Settings that were checked.
pub struct Settings {
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub http: HttpClient,
    pub defaults: Defaults,
    pub rates: Option<Arc<Rates>>,
    database_url: SecretString,
    /// `None` if the database does not exist and its key has yet to be made.
    key: Option<MasterKey>,
}

impl Settings {
    /// Checks every setting on its own; changes nothing.
    pub async fn check(config: &ConfigArgs) -> anyhow::Result<Self> {
        let settings = Self::check_without_key(config).await?;
        let key = config.master_key()?;
        Ok(Self { key, ..settings })
    }

    /// Returns the bounds of the connections to the API, within what this process may open.
    pub fn connection_limits(config: &ConfigArgs) -> anyhow::Result<ConnectionLimits> {
        let limits = ConnectionLimits {
            connections_per_peer: config.connections_per_peer.get(),
            ..ConnectionLimits::default()
        };
        limits.within(serve::raise_limit())
    }

    /// Checks every setting but the master key, as [`Self::check`] does.
    pub(crate) async fn check_without_key(config: &ConfigArgs) -> anyhow::Result<Self> {
        logging::filter(&config.log)?;
        let listen = config.listen.resolve().await.context("RECADO_LISTEN")?;
        let metrics_listen = match &config.metrics_listen {
            Some(address) => Some(address.resolve().await.context("RECADO_METRICS_LISTEN")?),
            None => None,
        };
        ensure!(
            listen.port() == 0 || metrics_listen != Some(listen),
            "RECADO_METRICS_LISTEN and RECADO_LISTEN are the same address; choose another port for one of them"
        );
        let http = HttpClient::new(Timeouts::default(), config.allow_private_networks)?;
        let defaults = config.defaults();
        if let Err(error) = defaults.check(&http) {
            let hint = if error.is_private {
                "; RECADO_ALLOW_PRIVATE_NETWORKS=true allows it"
            } else {
                ""
            };
            let setting = error.setting.to_ascii_uppercase();
            bail!("RECADO_{setting}: {}{hint}", error.problem);
        }
        if let Some(problem) = config
            .public_url
            .as_ref()
            .and_then(|url| check_base_url(url).err())
        {
            bail!("RECADO_PUBLIC_URL: {problem}");
        }
        let rates = config.rates_file.as_deref().map(Rates::read).transpose()?;
        let rates = rates.map(Arc::new);
        let database_url = config.database_url()?;
        Store::check_url(database_url.expose_secret()).with_context(|| {
            let hint = password_hint(database_url.expose_secret());
            format!("RECADO_DATABASE_URL{hint}")
        })?;
        if let Some(file) = files::sqlite_file(database_url.expose_secret()) {
            owner::check(&file, rustix::process::geteuid().as_raw())?;
        }
        Ok(Self {
            listen,
            metrics_listen,
            http,
            defaults,
            rates,
            database_url,
            key: None,
        })
    }

    /// Checks that the database can be used, and that the master key is the one that it was written with.
    /// Returns whether it has tables.
    pub async fn check_database(&self) -> anyhow::Result<bool> {
        if let Some(file) = self.missing_file() {
            return check_directory(&file).map(|()| false);
        }
        let store = self
            .connect(self.key.clone().context("the database has no key")?)
            .await?;
        let checked = async {
            store.check().await?;
            store.check_migratable().await
        }
        .await;
        store.close().await;
        checked.context(UNUSABLE)
    }

    /// Opens the database after all checks, and brings its tables up to date.
    pub async fn open_database(&self) -> anyhow::Result<Store> {
        self.check_database().await?;
        let key = match (&self.key, self.sqlite_file()) {
            (Some(key), _) => key.clone(),
            (None, Some(file)) => key_file::make(&file)?,
            (None, None) => bail!("RECADO_MASTER_KEY is missing"),
        };
        let store = self.connect(key).await?;
        prepare(&store).await?;
        Ok(store)
    }

    /// Opens the database as [`Self::open_database`] does, for a server: its master key is not changed while it runs.
    pub async fn open_server_database(&self) -> anyhow::Result<Store> {
        let store = self.open_database().await?;
        if store.kind() == DatabaseKind::Sqlite {
            // The lock of the file says that the server runs.
            return Ok(store);
        }
        let (url, key) = (self.database_url.expose_secret(), self.key.clone());
        let server = Store::connect_server(url, key.context("the database has no key")?).await?;
        store.close().await;
        // Once more: from here on a rotation sees this server.
        server.adopt_master_key().await.context(UNUSABLE)?;
        Ok(server)
    }

    /// Opens the database without comparing the master key, to change it.
    pub async fn open_unprepared(&self) -> anyhow::Result<Store> {
        let key = self
            .key
            .clone()
            .context("the database whose key would be changed does not exist")?;
        self.connect(key).await
    }

    /// Returns the file of a SQLite database, or `None` for PostgreSQL.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        files::sqlite_file(self.database_url.expose_secret())
    }

    /// Returns the file of a SQLite database that does not exist yet.
    pub fn missing_file(&self) -> Option<PathBuf> {
        // One that this user cannot look for is reported when it is opened.
        let is_missing = |file: &PathBuf| file.try_exists().is_ok_and(|exists| !exists);
        self.sqlite_file().filter(is_missing)
    }

    /// Reads the key file beside the database again: until this process had the lock, a rotation may have changed it.
    pub fn read_key_again(&mut self, config: &ConfigArgs) -> anyhow::Result<()> {
        // No rotation changes a key that is given, and one from a pipe can be read only once.
        if config.key_file()?.is_some() {
            self.key = config.master_key()?;
        }
        Ok(())
    }

    /// Returns the master key, or `None` if neither the database nor its key file exists.
    pub(crate) const fn key(&self) -> Option<&MasterKey> {
        self.key.as_ref()
    }

    /// Checks that the database exists: a command that works on one does not create one at a mistyped path.
    pub fn check_existence(&self) -> anyhow::Result<()> {
        if let Some(file) = self.missing_file() {
            bail!(
                "the database {} does not exist: correct RECADO_DATABASE_URL, or create it with `recado-server migrate` or by starting the server",
                file.display()
            );
        }
        Ok(())
    }

    /// Makes sure that no server uses a `SQLite` database as long as the result lives, or fails.
    pub fn lock(&self) -> anyhow::Result<Option<ServerLock>> {
        self.take_lock("this needs the SQLite database for itself: stop the server first")
    }

    /// Takes the lock of a `SQLite` database for a server.
    ///
    /// With `wait` it waits for the end of another server, else that is an error.
    pub async fn lock_for_server(&self, wait: bool) -> anyhow::Result<Option<ServerLock>> {
        if wait {
            let url = self.database_url.expose_secret();
            return Ok(ServerLock::wait(url, Timestamp::now).await?);
        }
        self.take_lock("a SQLite database has one server: stop the other one first, or wait for its end with `recado-server serve --wait`")
    }

    fn take_lock(&self, advice: &'static str) -> anyhow::Result<Option<ServerLock>> {
        match ServerLock::take(self.database_url.expose_secret(), Timestamp::now()) {
            Err(held @ LockError::Held(_)) => Err(held).context(advice),
            taken => Ok(taken?),
        }
    }

    pub(crate) async fn connect(&self, key: MasterKey) -> anyhow::Result<Store> {
        let url = self.database_url.expose_secret();
        Store::connect(url, key).await.with_context(|| {
            let hint = password_hint(url);
            format!("cannot open the database; see RECADO_DATABASE_URL{hint}")
        })
    }
}

/// How often a running server compares its master key with the one of the database.
const KEY_CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Says what in the environment of this process has no effect, and was probably meant to have one.
pub fn hints() -> Vec<String> {
    let proxies = proxies::unused_proxies();
    proxies.into_iter().chain(variables::mistyped()).collect()
}

const UNUSABLE: &str = "the database cannot be used";

/// Brings the tables up to date, and compares the master key with the one that they were written with.
///
/// Errors: the database does not answer, is newer than this program, or was written with another master key.
pub async fn prepare(store: &Store) -> anyhow::Result<()> {
    store
        .migrate()
        .await
        .context("cannot prepare the database")?;
    store.adopt_master_key().await.context(UNUSABLE)
}

/// Waits until the database has another master key than this server, which then can read none of the
/// secrets that are written with it.
pub(crate) async fn key_changed(app: &App) -> anyhow::Error {
    loop {
        tokio::time::sleep(KEY_CHECK_INTERVAL).await;
        // Whether the database answers is a matter of readiness.
        if let Err(error @ (StoreError::WrongMasterKey | StoreError::RotationUnfinished)) =
            app.store.check().await
        {
            return anyhow::Error::new(error)
                .context("the master key was changed while this server ran");
        }
    }
}

/// Returns what to change if a URL of PostgreSQL seems to end within its password, else nothing.
fn password_hint(url: &str) -> &'static str {
    let rest = url.strip_prefix("postgres").and(url.split_once("://"));
    let rest = rest.and_then(|(_, rest)| rest.split_once(['/', '?', '#']));
    if rest.is_some_and(|(_, rest)| rest.contains('@')) {
        " (in its password write `/` as %2F, `?` as %3F, `#` as %23 and `@` as %40)"
    } else {
        ""
    }
}

/// Checks that a database can be made; leaves no file behind.
fn check_directory(database: &Path) -> anyhow::Result<()> {
    let directory = files::folder(database);
    tempfile::tempfile_in(directory).map(drop).with_context(|| {
        format!(
            "the database cannot be created in {}; see RECADO_DATABASE_URL",
            directory.display()
        )
    })
}
