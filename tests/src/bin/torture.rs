//! A storm over real servers: `cargo xtask torture`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the result of the program"
)]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum as _};
use recado_tests::torture::chaos::Trouble;
use recado_tests::torture::postgres::Postgres;
use recado_tests::torture::{Options, run};

/// Longest that everything around the storm may take: starting, setting up and stopping all servers.
const AROUND: Duration = Duration::from_mins(1);

/// Broken promises that are printed; the rest is counted.
const PRINTED: usize = 40;

/// Puts real servers under faults, and checks that every promise was kept
#[derive(Parser)]
struct Args {
    /// Seconds of the storm
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where everything random comes from; a random one when absent
    #[arg(long)]
    seed: Option<u64>,
    /// Seconds until every promise has to hold again: a queued message may wait for a minute
    #[arg(long, default_value_t = 150)]
    settle: u64,
    /// Servers that share the PostgreSQL database
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=8))]
    servers: u16,
    /// A trouble that does not happen; may be given several times
    #[arg(long, value_enum)]
    without: Vec<Trouble>,
    /// A folder for the servers' logs, and the list of troubles
    #[arg(long)]
    logs: Option<PathBuf>,
    /// A fresh PostgreSQL database; without it only SQLite is under the storm
    #[arg(long, env = "RECADO_TORTURE_POSTGRES", requires_all = ["pg_ctl", "pg_data"])]
    postgres: Option<String>,
    /// The program that controls that PostgreSQL server
    #[arg(long, env = "RECADO_TORTURE_PG_CTL")]
    pg_ctl: Option<PathBuf>,
    /// The data directory of that PostgreSQL server
    #[arg(long, env = "RECADO_TORTURE_PG_DATA")]
    pg_data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match storm(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every promise was kept.
async fn storm(args: Args) -> anyhow::Result<bool> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let mut troubles = Trouble::value_variants().to_vec();
    troubles.retain(|trouble| !args.without.contains(trouble));
    if args.seconds < 60 {
        troubles.retain(|trouble| *trouble != Trouble::LongPause);
    }
    println!("A storm of {} s, seed {seed}", args.seconds);
    let postgres = match (args.postgres, args.pg_ctl, args.pg_data) {
        (Some(url), Some(pg_ctl), Some(data)) => Some(Postgres { url, pg_ctl, data }),
        _ => None,
    };
    let options = Options {
        seed,
        time: Duration::from_secs(args.seconds),
        settle: Duration::from_secs(args.settle),
        postgres,
        servers: args.servers.into(),
        troubles,
    };
    // A server that hangs breaks a promise, too.
    let limit = options.time + options.settle + AROUND;
    let report = tokio::time::timeout(limit, run(options)).await;
    let report = report.with_context(|| format!("the storm of seed {seed} hangs"))??;
    for line in report.counts() {
        println!("{line}");
    }
    if let Some(folder) = &args.logs {
        fs::create_dir_all(folder)?;
        for (name, log) in &report.logs {
            fs::write(folder.join(format!("{name}.log")), log)?;
        }
        let strikes = report.damage.copy().strikes;
        let strikes = strikes.iter().map(|strike| format!("{strike:?}\n"));
        fs::write(folder.join("troubles.txt"), strikes.collect::<String>())?;
    }
    let broken = report.violations.iter().map(ToString::to_string);
    let broken: Vec<_> = report.failures.iter().cloned().chain(broken).collect();
    for violation in broken.iter().take(PRINTED) {
        eprintln!("BROKEN {violation}");
    }
    if broken.is_empty() {
        println!("Every promise was kept.");
    } else {
        eprintln!("{} promises were broken; seed {seed}", broken.len());
    }
    Ok(broken.is_empty())
}
