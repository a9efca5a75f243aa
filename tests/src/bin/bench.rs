//! Measures the release build: `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use recado_store::MasterKey;
use recado_tests::bench::gateway::Gateway;
use recado_tests::bench::{Measurement, measure, process};
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
        "Server, sandbox, database and load share {cores} cores; log level info, to /dev/null.\n"
    );
    println!("| Database | Connections | Sends/s | p50 ms | p99 ms | Server CPU ms/send |");
    println!("|---|---|---|---|---|---|");
    // Not the temporary directory of the environment: memory instead of a disk would look fast.
    let folder = tempfile::tempdir_in("/var/tmp")?;
    let file = format!("sqlite:{}", folder.path().join("recado.db").display());
    let mut peaks = vec![(
        "SQLite",
        run("SQLite", &[("RECADO_DATABASE_URL", &file)], time).await?,
    )];
    if let Some(url) = &args.postgres {
        let key = MasterKey::generate()?.to_base64();
        let database = [
            ("RECADO_DATABASE_URL", url.as_str()),
            ("RECADO_MASTER_KEY", key.expose_secret()),
        ];
        peaks.push(("PostgreSQL", run("PostgreSQL", &database, time).await?));
    }
    println!("\nPeak memory of the server:");
    for (database, peak) in peaks {
        println!("- {database}: {peak:.1} MiB");
    }
    Ok(())
}

/// Measures one database, prints its lines, and gives the server's peak memory.
async fn run(name: &str, database: &[(&str, &str)], time: Duration) -> anyhow::Result<f64> {
    let gateway = Gateway::start(database)
        .await
        .with_context(|| format!("cannot start on {name}"))?;
    for Measurement {
        connections,
        sends_per_second,
        latency,
        cpu_ms_per_send,
    } in measure(&gateway, time).await?
    {
        let [p50, p99] = [0.5, 0.99].map(|quantile| {
            let micros = u32::try_from(latency.value_at_quantile(quantile)).unwrap_or(u32::MAX);
            f64::from(micros) / 1000.0
        });
        println!(
            "| {name} | {connections} | {sends_per_second:.0} | {p50:.2} | {p99:.2} | {cpu_ms_per_send:.3} |"
        );
    }
    process::peak_memory_mib(gateway.server_id())
}
