//! Measures the release build beside others: `cargo xtask bench`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the result of the program"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum as _};
use jiff::Timestamp;
use recado_tests::bench::areas::Area;
use recado_tests::bench::contenders::Programs;
use recado_tests::bench::context::{Bench, Options};
use recado_tests::bench::report::compare::{YARDSTICK, compare};
use recado_tests::bench::report::machine::{commit, machine, version};
use recado_tests::bench::report::tables::table;
use recado_tests::bench::report::{Report, stored};
use recado_tests::generated::root;

/// The profile that is shipped.
const RELEASE: &str = "release";

/// Measures Recado beside bare proxies and a library, and prints what it took
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Args {
    /// Only these areas, with commas between them
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Area>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often everything is measured, in turns
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Messages of the large database in the area `growth`
    #[arg(long, default_value_t = 100_000)]
    growth: usize,
    /// Queued messages in the area `backlog`, in steps of 5,000
    #[arg(long, default_value_t = 100_000)]
    backlog: usize,
    /// Also write the result into this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also keep the result in docs/benchmarks; `cargo xtask docs` then shows it in docs/performance.md
    #[arg(long)]
    save: bool,
    /// Print what got better or worse since this result, and fail if something got worse
    #[arg(long)]
    compare: Option<PathBuf>,
    /// Measure nothing: take this result
    #[arg(long, requires = "compare", conflicts_with_all = ["only", "save", "json"])]
    from: Option<PathBuf>,
    /// The administrator's URL of a PostgreSQL server on this machine; without it only SQLite is measured
    #[arg(
        long,
        env = "RECADO_BENCH_POSTGRES",
        hide_env_values = true,
        hide = true
    )]
    postgres: Option<String>,
    /// The program nginx
    #[arg(long, env = "RECADO_BENCH_NGINX", hide = true)]
    nginx: Option<PathBuf>,
    /// The folder with whatsapp-api-js and the script that uses it
    #[arg(long, env = "RECADO_BENCH_NODE", hide = true)]
    node: Option<PathBuf>,
    /// Why nginx is missing
    #[arg(
        long,
        env = "RECADO_BENCH_NO_NGINX",
        hide = true,
        default_value = "RECADO_BENCH_NGINX is not set"
    )]
    no_nginx: String,
    /// Why whatsapp-api-js is missing
    #[arg(
        long,
        env = "RECADO_BENCH_NO_NODE",
        hide = true,
        default_value = "RECADO_BENCH_NODE is not set"
    )]
    no_node: String,
}

// One thread: the load shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(
        !args.save || profile()? == RELEASE,
        "only results of the profile {RELEASE} are kept"
    );
    // Read first: a wrong name should not be found out after an hour.
    let before = args.compare.as_deref().map(stored::read).transpose()?;
    let (report, failures) = match &args.from {
        Some(file) => (stored::read(file)?, Vec::new()),
        None => measure(args).await?,
    };
    if let Some(file) = &args.json {
        stored::write(&report, file)?;
    }
    if args.save {
        println!("\nKept in {}.", stored::keep(&report, root())?.display());
    }
    if let Some(before) = before {
        let comparison = compare(&before, &report);
        println!("\n{comparison}");
        let worse = comparison.worse.len();
        ensure!(worse == 0, "{worse} figures got worse");
    }
    ensure!(failures.is_empty(), "{}", failures.join("; "));
    Ok(())
}

/// Measures the areas; returns the result, and what must hold and does not.
async fn measure(args: &Args) -> anyhow::Result<(Report, Vec<String>)> {
    let options = Options {
        time: Duration::from_secs(args.seconds),
        rounds: args.rounds,
        growth: args.growth,
        backlog: args.backlog,
    };
    let programs = Programs {
        nginx: args.nginx.clone().ok_or_else(|| args.no_nginx.clone()),
        node: args.node.clone().ok_or_else(|| args.no_node.clone()),
    };
    let begun = Timestamp::now();
    let mut bench = Bench::start(options, args.postgres.as_deref(), programs).await?;
    let rustc = version("rustc", "--version").unwrap_or_else(|_| "unknown".to_owned());
    bench.versions.insert("rustc".to_owned(), rustc);
    let areas = match &*args.only {
        [] => Area::value_variants(),
        only => only,
    };
    for area in areas {
        bench.measure_yardstick().await?;
        area.measure(&mut bench).await?;
        println!("## {}\n\n{}\n", area.name(), area.describe());
        println!("{}", table(&report(args, &bench, begun)?, &area.name()));
    }
    let report = report(args, &bench, begun)?;
    println!("## {YARDSTICK}\n\n{}", table(&report, YARDSTICK));
    println!("{}", report.describe());
    for missing in &report.left_out {
        println!("Left out: {}: {}.", missing.what, missing.reason);
    }
    Ok((report, bench.failures))
}

fn report(args: &Args, bench: &Bench, taken_at: Timestamp) -> anyhow::Result<Report> {
    Ok(Report {
        taken_at: taken_at.round(jiff::Unit::Second)?,
        commit: commit(root())?,
        profile: profile()?,
        seconds: args.seconds,
        rounds: args.rounds,
        machine: machine(bench.versions.clone())?,
        figures: bench.samples.figures(),
        left_out: bench.left_out.clone(),
    })
}

/// Cargo names the folder of a build after its profile.
fn profile() -> anyhow::Result<String> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::file_name);
    let folder = folder.context("the program is in a folder")?;
    Ok(folder.to_string_lossy().into_owned())
}
