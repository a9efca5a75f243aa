//! The options of `cargo xtask simulate`.

use std::path::PathBuf;

use clap::Parser;

use super::estimate::Load;

/// Estimates servers, connections and disk for a load on PostgreSQL, from the measured costs of a message
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
pub struct Options {
    /// Organizations
    #[arg(long, default_value_t = 1000, value_parser = at_least_one())]
    organizations: u32,
    /// Messages a second of all organizations together
    #[arg(long, default_value_t = 100, value_parser = at_least_one())]
    messages: u32,
    /// Calls of the provider for each message, with one status each: sent, delivered, read
    #[arg(long, default_value_t = 3)]
    webhook_calls: u32,
    /// Deliveries to webhook endpoints for each message: one endpoint that wants all events has 4
    #[arg(long, default_value_t = 4)]
    deliveries: u32,
    /// Days for which messages and events are kept
    #[arg(long, default_value_t = 90)]
    message_days: u32,
    /// Days for which webhook calls and deliveries are kept
    #[arg(long, default_value_t = 7)]
    call_days: u32,
    /// Cores of one server, each as fast as those of the measurement
    #[arg(long, default_value_t = 4, value_parser = at_least_one())]
    server_cores: u32,
    /// Cores of one PostgreSQL server
    #[arg(long, default_value_t = 8, value_parser = at_least_one())]
    database_cores: u32,
    /// How many percent of the cores this load may use; the rest is for peaks and for what others do
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
    busy: u32,
    /// Take the costs from this result of `cargo xtask bench`; otherwise each comes from the newest one in docs/benchmarks
    /// that has it
    #[arg(long)]
    pub from: Option<PathBuf>,
}

impl Options {
    /// Returns the load that they describe.
    pub fn load(&self) -> Load {
        Load {
            organizations: self.organizations.into(),
            messages: self.messages.into(),
            webhook_calls: self.webhook_calls.into(),
            deliveries: self.deliveries.into(),
            message_days: self.message_days.into(),
            call_days: self.call_days.into(),
            server_cores: self.server_cores.into(),
            database_cores: self.database_cores.into(),
            busy: f64::from(self.busy) / 100.0,
        }
    }
}

fn at_least_one() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}
