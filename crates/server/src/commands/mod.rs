//! The subcommands; only they print.

pub(crate) mod backup;
pub(crate) mod check_config;
pub(crate) mod demo;
pub(crate) mod migrate;
pub(crate) mod operator_key;
pub(crate) mod restore;
pub(crate) mod rotate_master_key;
pub(crate) mod serve;
pub(crate) mod user;

use std::io;

use anyhow::Context as _;
use recado_server::config::ConfigArgs;
use recado_server::startup::Settings;
use recado_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Checks the settings and opens the database, up to date.
async fn open_store(config: &ConfigArgs) -> anyhow::Result<Store> {
    Settings::check(config).await?.open_database().await
}

/// Listens at an address, or says what to change.
async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen or RECADO_LISTEN")
    })
}

/// Resolves at Ctrl-C or when the system asks the process to end.
///
/// Both are heard from the call on, not only once it is awaited: the process may have to end while it starts.
fn shutdown_signal() -> impl Future<Output = ()> {
    let [interrupted, terminated] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async {
        tokio::select! {
            () = heard(interrupted) => {}
            () = heard(terminated) => {}
        }
    }
}

async fn heard(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Without a handler there is no such signal to wait for.
        Err(_) => std::future::pending().await,
    }
}

/// Prints one line on standard output.
#[expect(clippy::print_stdout, reason = "the result of a command")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Prints an error and its causes on standard error.
#[expect(clippy::print_stderr, reason = "the failure of a command")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("recado-server: {error:#}");
}
