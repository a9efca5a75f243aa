//! Estimates what a load needs from the results of the benchmark: `cargo xtask simulate`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the result of the program"
)]

use std::process::ExitCode;

use clap::Parser as _;
use recado_tests::bench::report::stored;
use recado_tests::bench::simulation::options::Options;
use recado_tests::bench::simulation::simulate;
use recado_tests::generated::root;

fn main() -> ExitCode {
    let options = Options::parse();
    let reports = match &options.from {
        Some(file) => stored::read(file).map(|report| vec![report]),
        None => stored::kept(root()),
    };
    match reports {
        Ok(reports) => {
            println!("{}", simulate(&options.load(), &reports));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
