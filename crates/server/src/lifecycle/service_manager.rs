//! Talks with systemd, or another service manager with its protocol: takes its sockets and reports the state of the server.
//!
//! Does nothing without a service manager.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};

/// How long the service manager waits for the next sign of life while the server starts or stops, in
/// microseconds, after its own limits have passed.
const EXTENSION_MICROSECONDS: u32 = 30_000_000;

/// How often more time is asked for.
const EXTENSION_INTERVAL: Duration = Duration::from_secs(10);

/// Returns the listening socket that the service manager opened, which stays open while the server restarts.
pub fn listener() -> anyhow::Result<Option<TcpListener>> {
    let mut given = ListenFd::from_env();
    ensure!(
        given.len() <= 1,
        "the service manager opened {} sockets; the server takes one, for its API",
        given.len()
    );
    let listener = given
        .take_tcp_listener(0)
        .context("the socket that the service manager opened cannot be used")?;
    let Some(listener) = listener else {
        return Ok(None);
    };
    listener.set_nonblocking(true)?;
    Ok(Some(TcpListener::from_std(listener)?))
}

/// Tells that the server works.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("Ready")]);
}

/// Tells what the start of the server waits for.
pub fn starting(status: &str) {
    tell(&[NotifyState::Status(&one_line(status))]);
}

/// Asks for more time as long as a part of the start takes.
pub async fn asking_for_time<T>(part: impl Future<Output = T>) -> T {
    tokio::pin!(part);
    loop {
        tell(&[NotifyState::ExtendTimeoutUsec(EXTENSION_MICROSECONDS)]);
        if let Ok(done) = timeout(EXTENSION_INTERVAL, &mut part).await {
            return done;
        }
    }
}

/// Tells that the server stops and what that waits for, and asks for time.
pub fn stopping(status: &str) {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status(&one_line(status)),
        NotifyState::ExtendTimeoutUsec(EXTENSION_MICROSECONDS),
    ]);
}

/// Gives the signs of life that the watchdog of the service manager asks for, as long as this program runs tasks.
pub(crate) async fn keep_watchdog() {
    let limit = sd_notify::watchdog_enabled().filter(|limit| *limit > Duration::ZERO);
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    let mut ticks = interval(limit / 2);
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Each line is a message of its own to the service manager.
fn one_line(status: &str) -> String {
    status.replace(char::is_control, " ")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot report the state of the server to the service manager");
    }
}
