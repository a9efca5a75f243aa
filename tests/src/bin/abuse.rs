//! One hostile organization against another one: `cargo xtask abuse`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the result of the program"
)]

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use recado_tests::abuse::attack::Attack;
use recado_tests::abuse::{MAX_MEMORY_MIB, MAX_METRICS_KIB, MAX_TIME, Row, Seen, run};

/// Failures that are printed of each kind.
const PRINTED: usize = 2;

/// Runs each attack in turn, and measures what another organization notices
#[derive(Parser)]
struct Args {
    /// Seconds of each attack
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Only this attack; may be given several times
    #[arg(long, value_enum)]
    only: Vec<Attack>,
    /// Only on this database
    #[arg(long, value_enum)]
    on: Option<Database>,
    /// The administrator's URL of a PostgreSQL server; without it only SQLite is used
    #[arg(long, env = "RECADO_ABUSE_POSTGRES")]
    postgres: Option<String>,
}

/// A database under attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

#[tokio::main]
async fn main() -> ExitCode {
    match abuse(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every bound was kept.
async fn abuse(args: Args) -> anyhow::Result<bool> {
    println!(
        "Each attack takes {} s. Bounds: {} s for everything of the other organization, no failure, \
         {MAX_MEMORY_MIB} MiB, {MAX_METRICS_KIB} KiB of metrics.\n",
        args.seconds,
        MAX_TIME.as_secs()
    );
    println!(
        "| Database | Attack | Sends: p50, p99, worst ms | Taps | Deliveries | Failed | Peak MiB | CPU cores | Metrics KiB | Kept |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let (time, mut is_kept) = (Duration::from_secs(args.seconds), true);
    for database in Database::value_variants() {
        if args.on.is_some_and(|only| only != *database) {
            continue;
        }
        let postgres = match (database, &args.postgres) {
            (Database::Sqlite, _) => None,
            (Database::Postgres, Some(url)) => Some(url.as_str()),
            (Database::Postgres, None) if args.on.is_some() => {
                anyhow::bail!("--on postgres needs --postgres or RECADO_ABUSE_POSTGRES")
            }
            (Database::Postgres, None) => continue,
        };
        for attack in Attack::value_variants() {
            if args.only.is_empty() || args.only.contains(attack) {
                let row = run(*attack, time, postgres).await?;
                print(*database, *attack, &row);
                is_kept &= row.is_kept();
            }
        }
    }
    Ok(is_kept)
}

fn print(database: Database, attack: Attack, row: &Row) {
    let [sends, taps, deliveries] = [&row.sends, &row.taps, &row.deliveries].map(times);
    let server = row
        .server
        .as_ref()
        .map_or("ended | | ".to_owned(), |server| {
            let (peak, cores, metrics) = (server.peak_memory_mib, server.cores, server.metrics_kib);
            format!("{peak:.0} | {cores:.2} | {metrics}")
        });
    let kinds = [
        ("send", &row.sends),
        ("tap", &row.taps),
        ("delivery", &row.deliveries),
    ];
    let failed: usize = kinds.iter().map(|(_, seen)| seen.failures.len()).sum();
    let kept = if row.is_kept() { "yes" } else { "NO" };
    println!(
        "| {database:?} | {attack} | {sends} | {taps} | {deliveries} | {failed} | {server} | {kept} |"
    );
    for (what, seen) in kinds {
        for failure in seen.failures.iter().take(PRINTED) {
            eprintln!("  {what}: {failure}");
        }
    }
}

/// Returns the milliseconds of the median, of 99 % and of the slowest.
fn times(seen: &Seen) -> String {
    let [p50, p99, worst] = [0.5, 0.99, 1.0].map(|share| seen.quantile(share).as_millis());
    format!("{p50}, {p99}, {worst}")
}
