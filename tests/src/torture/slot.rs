//! The place of one server: whichever process runs there, and how it is killed, stopped, paused and started.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use crate::binaries::{Server, signal};

/// Longest that a server may need to start while its database comes and goes.
const START: Duration = Duration::from_mins(1);

/// Pause before a server that did not start is started again.
const PAUSE: Duration = Duration::from_millis(200);

/// The place of one server.
pub struct Slot {
    pub number: usize,
    environment: Vec<(String, String)>,
    url: Mutex<Option<String>>,
    server: tokio::sync::Mutex<Option<Server>>,
    logs: Mutex<Vec<String>>,
    failures: Mutex<Vec<String>>,
}

impl Slot {
    /// A place without a server yet.
    pub fn new(number: usize, environment: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            number,
            environment: environment.iter().map(own).collect(),
            url: Mutex::default(),
            server: tokio::sync::Mutex::default(),
            logs: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// Returns where its server listens; `None` while it has none.
    pub fn url(&self) -> Option<String> {
        lock(&self.url).clone()
    }

    /// Returns the address of its server.
    pub fn address(&self) -> Option<SocketAddr> {
        self.url()?.strip_prefix("http://")?.parse().ok()
    }

    /// Starts a server; one whose database is away is started again until it runs.
    pub async fn start(&self) -> anyhow::Result<()> {
        let environment: Vec<_> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let deadline = Instant::now() + START;
        let server = loop {
            match Server::start(&environment).await {
                Ok(server) => break server,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        };
        *lock(&self.url) = Some(server.url.clone());
        *self.server.lock().await = Some(server);
        Ok(())
    }

    /// Ends the server as a power cut would.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let server = self.take().await?;
        let log = server.kill().await?;
        lock(&self.logs).push(log);
        Ok(())
    }

    /// Asks the server to end, and waits until it has.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let server = self.take().await?;
        match server.stop().await {
            Ok(log) => lock(&self.logs).push(log),
            Err(error) => self.fail(format!("server {} does not stop: {error:#}", self.number)),
        }
        Ok(())
    }

    /// Suspends the server for a while.
    pub async fn pause(&self, time: Duration) -> anyhow::Result<()> {
        let server = self.server.lock().await;
        let server = server.as_ref().context("no server runs")?;
        signal(&server.process, "STOP").await?;
        tokio::time::sleep(time).await;
        signal(&server.process, "CONT").await
    }

    /// Notes a server that has ended by itself, and starts another one.
    pub async fn revive(&self) -> anyhow::Result<()> {
        let ended = match self.server.lock().await.as_mut() {
            Some(server) => server.process.try_wait()?,
            None => return self.start().await,
        };
        let Some(status) = ended else { return Ok(()) };
        let log = self.take().await?.kill().await.unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(3).collect();
        self.fail(format!(
            "server {} ended by itself with {status}: {last:?}",
            self.number
        ));
        lock(&self.logs).push(log);
        self.start().await
    }

    async fn take(&self) -> anyhow::Result<Server> {
        *lock(&self.url) = None;
        self.server.lock().await.take().context("no server runs")
    }

    fn fail(&self, failure: String) {
        lock(&self.failures).push(failure);
    }

    /// Returns what servers did here that they must not.
    pub fn failures(&self) -> Vec<String> {
        lock(&self.failures).clone()
    }

    /// Returns the logs of the servers that have ended.
    pub fn logs(&self) -> Vec<String> {
        lock(&self.logs).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
