//! The areas of the benchmark: what is measured, a file for each.

mod backlog;
mod deliveries;
pub mod disk;
mod growth;
mod guesses;
mod idle;
mod intake;
mod lists;
mod logins;
mod sends;
mod servers;
mod size;
mod start;
mod streams;

use clap::ValueEnum;

use super::context::Bench;

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Area {
    Sends,
    Intake,
    Deliveries,
    Streams,
    Lists,
    Idle,
    Start,
    Size,
    Disk,
    Growth,
    Servers,
    Backlog,
    Logins,
    Guesses,
}

impl Area {
    /// Returns its word on the command line and in reports.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Says in one sentence what is measured, and what the values are for each of.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Sends => {
                "One message with two buttons, for each send. The proxies and the library pass the same request on to the same provider, and store nothing."
            }
            Self::Intake => {
                "Signed status updates of WhatsApp over 8 connections until each is an event, for each status; the latency is that of the calls."
            }
            Self::Deliveries => {
                "A backlog of events to one webhook endpoint, for each delivery; `one by one` is the delay from the answer to a send until its event has arrived."
            }
            Self::Streams => {
                "1,000 open event streams of 10 organizations, for each event in a stream; the latency is the delay from the answer to the send, and the memory in KiB is that of one open stream."
            }
            Self::Lists => "Pages of 100 over 16 connections, for each page.",
            Self::Idle => "A server without requests, for each second.",
            Self::Start => "From the start of the program until it says that it is ready.",
            Self::Size => "The programs on disk, without debug information.",
            Self::Disk => {
                "What is stored for each message, and for its events, calls and deliveries; indexes are counted apart. Nothing is removed or made compact before. Measured once."
            }
            Self::Growth => {
                "Sends and pages of 100 over 16 connections on a small and on a large database, for each of them; the ratios compare the two in the same round."
            }
            Self::Servers => {
                "Sends over 32 connections to several servers on one PostgreSQL, for each send; the CPU is that of all servers."
            }
            Self::Backlog => {
                "Messages that were queued for 200 channels while these were paused, until all have left, for each message; beside it what the limits of the channels allow together. The latency is that of ten queued messages a second to channels without a backlog (to one such channel in results before December 2026, to twenty since), from the request to the provider. Measured once."
            }
            Self::Logins => "Sends alone, and while 50 people sign in at once, again and again.",
            Self::Guesses => {
                "Wrong passwords for e-mail addresses with and without a user; `z` tells how far the times differ, in standard deviations."
            }
        }
    }

    /// Measures it, and adds the values to the run.
    pub async fn measure(self, bench: &mut Bench) -> anyhow::Result<()> {
        match self {
            Self::Sends => sends::measure(bench).await,
            Self::Intake => intake::measure(bench).await,
            Self::Deliveries => deliveries::measure(bench).await,
            Self::Streams => streams::measure(bench).await,
            Self::Lists => lists::measure(bench).await,
            Self::Idle => idle::measure(bench).await,
            Self::Start => start::measure(bench).await,
            Self::Size => size::measure(bench),
            Self::Disk => disk::measure(bench).await,
            Self::Growth => growth::measure(bench).await,
            Self::Servers => servers::measure(bench).await,
            Self::Backlog => backlog::measure(bench).await,
            Self::Logins => logins::measure(bench).await,
            Self::Guesses => guesses::measure(bench).await,
        }
    }
}
