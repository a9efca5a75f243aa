//! Measures the release build: `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Parser;
use hdrhistogram::Histogram;
use recado_store::MasterKey;
use recado_tests::bench::gateway::Gateway;
use recado_tests::bench::guesses::{self, Guesses, MAX_Z};
use recado_tests::bench::intake::{self, Intake};
use recado_tests::bench::logins::{self, Logins};
use recado_tests::bench::{measure, process};
use secrecy::ExposeSecret as _;

/// Sends through the release build on each database, and prints what it took
#[derive(Parser)]
struct Args {
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// A fresh PostgreSQL database; without it only SQLite is measured
    #[arg(long, env = "RECADO_BENCH_POSTGRES")]
    postgres: Option<String>,
}

// One thread: the load shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let time = Duration::from_secs(args.seconds);
    let cores = std::thread::available_parallelism()?;
    println!("One WhatsApp message with two buttons per send, over loopback to the sandbox.");
    println!(
        "Server, sandbox, database and load share {cores} cores; log level info, read by the load.\n"
    );
    println!("| Database | Connections | Sends/s | p50 ms | p99 ms | Server CPU ms/send |");
    println!("|---|---|---|---|---|---|");
    // Not the temporary directory of the environment: memory instead of a disk would look fast.
    let folder = tempfile::tempdir_in("/var/tmp")?;
    let file = format!("sqlite:{}", folder.path().join("recado.db").display());
    let mut rests = vec![(
        "SQLite",
        run("SQLite", &[("RECADO_DATABASE_URL", &file)], time).await?,
    )];
    if let Some(url) = &args.postgres {
        let key = MasterKey::generate()?.to_base64();
        let database = [
            ("RECADO_DATABASE_URL", url.as_str()),
            ("RECADO_MASTER_KEY", key.expose_secret()),
        ];
        rests.push(("PostgreSQL", run("PostgreSQL", &database, time).await?));
    }
    print_rest(&rests)
}

/// What is printed after the table.
struct Rest {
    peak_memory_mib: f64,
    intake: Intake,
    logins: Vec<Logins>,
    guesses: Guesses,
}

/// Measures one database, whose first variable is its URL, and prints its lines of the table.
async fn run(name: &str, database: &[(&str, &str)], time: Duration) -> anyhow::Result<Rest> {
    let gateway = Gateway::start(database)
        .await
        .with_context(|| format!("cannot start on {name}"))?;
    let (_, url) = database[0];
    for row in measure(&gateway, url, time).await? {
        let [p50, p99] = milliseconds(&row.latency);
        println!(
            "| {name} | {} | {:.0} | {p50:.2} | {p99:.2} | {:.3} |",
            row.connections, row.sends_per_second, row.cpu_ms_per_send
        );
    }
    // Before the intake, so that it is the memory of sending.
    let peak_memory_mib = process::peak_memory_mib(gateway.server_id()?)?;
    let intake = intake::measure(&gateway).await?;
    let logins = logins::measure(&gateway, url, time).await?;
    let guesses = guesses::measure(&gateway).await?;
    Ok(Rest {
        peak_memory_mib,
        intake,
        logins,
        guesses,
    })
}

/// The median and the 99th percentile.
fn milliseconds(latency: &Histogram<u64>) -> [f64; 2] {
    [0.5, 0.99].map(|quantile| as_milliseconds(latency.value_at_quantile(quantile)))
}

fn as_milliseconds(micros: u64) -> f64 {
    f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1000.0
}

fn print_rest(rests: &[(&str, Rest)]) -> anyhow::Result<()> {
    println!("\nPeak memory of the server while it sends:");
    for (database, rest) in rests {
        println!("- {database}: {:.1} MiB", rest.peak_memory_mib);
    }
    println!("\nMeta's status updates in signed batches of 50, until each is an event:\n");
    println!("| Database | Updates/s | p50 ms until 200 | p99 ms | Server CPU ms/event |");
    println!("|---|---|---|---|---|");
    for (database, Rest { intake, .. }) in rests {
        let rate = f64::from(u32::try_from(intake.updates)?) / intake.took.as_secs_f64();
        let [p50, p99] = milliseconds(&intake.latency);
        println!(
            "| {database} | {rate:.0} | {p50:.1} | {p99:.1} | {:.3} |",
            intake.cpu_ms_per_event
        );
    }
    print_logins(rests);
    print_guesses(rests)
}

/// Prints how long sends take while people sign in.
fn print_logins(rests: &[(&str, Rest)]) {
    println!("\nSends alone, and while 50 people sign in at once, again and again:\n");
    println!(
        "| Database | Connections | Alone p50 ms | p99 ms | With sign-ins p50 ms | p99 ms | Sign-ins/s | Sign-in p50 ms | Peak memory MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (database, Rest { logins, .. }) in rests {
        for logins in logins {
            let [alone, alone_p99] = milliseconds(&logins.alone);
            let [with, with_p99] = milliseconds(&logins.sends);
            let [login, _] = milliseconds(&logins.logins);
            println!(
                "| {database} | {} | {alone:.2} | {alone_p99:.2} | {with:.2} | {with_p99:.2} | {:.0} | {login:.0} | {:.1} |",
                logins.connections, logins.logins_per_second, logins.peak_memory_mib
            );
        }
    }
}

/// Prints how long wrong passwords took.
fn print_guesses(rests: &[(&str, Rest)]) -> anyhow::Result<()> {
    println!("\nWrong passwords, by whether the e-mail address has a user:\n");
    println!("| Database | User p50 ms | No user p50 ms | z of the rank test |");
    println!("|---|---|---|---|");
    for (database, Rest { guesses, .. }) in rests {
        let Guesses { known, unknown, z } = guesses;
        let [known, unknown] = [*known, *unknown].map(as_milliseconds);
        println!("| {database} | {known:.2} | {unknown:.2} | {z:.2} |");
    }
    for (database, Rest { guesses, .. }) in rests {
        let z = guesses.z;
        ensure!(
            z.abs() <= MAX_Z,
            "on {database} the time of an answer tells whether the e-mail address has a user: z is {z:.2}"
        );
    }
    Ok(())
}
