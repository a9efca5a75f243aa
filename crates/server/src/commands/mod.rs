//! The subcommands; only they print.

pub(crate) mod database;
pub(crate) mod demo;
pub(crate) mod healthcheck;
pub(crate) mod operator_key;
pub(crate) mod serve;
pub(crate) mod user;

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use recado_server::Stop;
use recado_server::config::ConfigArgs;
use recado_server::lifecycle::service_manager;
use recado_server::startup::{Settings, cannot_listen};
use recado_server::telemetry::logging;
use recado_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Checks the settings and opens a database that exists, up to date.
async fn open_store(config: &ConfigArgs) -> anyhow::Result<Store> {
    let settings = Settings::check(config).await?;
    settings.check_existence()?;
    settings.open_database().await
}

/// Listens at the address of that option, or says what to change.
async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let listening = TcpListener::bind(address).await;
    listening.with_context(|| cannot_listen(address, option))
}

/// The signals that ask the process to end: Ctrl-C, that of the system, and the end of its terminal.
///
/// They are heard from the call on, not only once they are awaited: the process may have to end while it starts.
struct Signals([Option<Signal>; 3]);

impl Signals {
    fn new() -> Self {
        let hangup = (!outlives_terminal()).then(SignalKind::hangup);
        let kinds = [
            Some(SignalKind::interrupt()),
            Some(SignalKind::terminate()),
            hangup,
        ];
        // A signal whose handler cannot be installed is not waited for.
        Self(kinds.map(|kind| kind.and_then(|kind| signal(kind).ok())))
    }

    async fn next(&mut self) {
        let [interrupted, terminated, hung_up] = &mut self.0;
        tokio::select! {
            () = heard(interrupted) => {}
            () = heard(terminated) => {}
            () = heard(hung_up) => {}
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Returns whether the process ignores the end of its terminal, as `nohup` has it.
fn outlives_terminal() -> bool {
    const HANGUP: u64 = 1;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & HANGUP != 0)
}

fn shutdown_signal() -> impl Future<Output = ()> {
    let mut signals = Signals::new();
    async move { signals.next().await }
}

/// Asks a server to stop at the first signal; after `drain`, or at the second one, it accepts no more.
fn stop_at_signals(drain: Duration) -> Stop {
    let mut signals = Signals::new();
    let stop = Stop::default();
    let Stop { asked, drained } = stop.clone();
    tokio::spawn(async move {
        signals.next().await;
        asked.cancel();
        if !drain.is_zero() {
            let drain_s = drain.as_secs();
            tracing::info!(
                drain_s,
                "recado-server was asked to stop: it is not ready any more, and serves on; another signal ends that"
            );
            service_manager::stopping(&format!("Serving for {drain_s} seconds more"));
            // A second signal ends the time early.
            let serving = tokio::time::timeout(drain, signals.next());
            service_manager::asking_for_time(serving).await.ok();
        }
        drained.cancel();
    });
    stop
}

/// Prints one line on standard output.
fn say(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}")
        // The reader has seen enough, as `head` has.
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        complain(&anyhow::Error::new(error).context("cannot print the result"));
        std::process::exit(1);
    }
}

/// Prints an error and its causes on standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    print_error(&format!("recado-server: {error:#}"));
}

/// Prints an error and its causes as the last line of the log, also if `RECADO_LOG` hides errors.
pub(crate) fn complain_in_log(error: &anyhow::Error) {
    match logging::last_line(error) {
        Some(line) => print_error(&line),
        None => complain(error),
    }
}

#[expect(clippy::print_stderr, reason = "the failure of a command")]
fn print_error(line: &str) {
    eprintln!("{line}");
}
