//! The attacks of one hostile organization, or of a caller without a key.

use std::fmt;

use clap::ValueEnum;
use tokio::time::Instant;

use super::attacks::{bodies, connections, deliveries, lists, sends};
use super::scene::Scene;

/// One attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// None: what the measurement itself costs
    Nothing,
    /// Provider webhooks with 100,000 statuses each
    HugeStatuses,
    /// Clients that ask for the documentation and never read
    NeverRead,
    /// Large webhook bodies without a proof, held before their end
    UnverifiedBodies,
    /// Large verified webhook calls at full speed
    LargeCalls,
    /// Small verified webhook calls at full speed
    ManyCalls,
    /// Sends through a base URL that never answers
    SlowSends,
    /// 400 webhook endpoints that never answer
    SlowEndpoints,
    /// Huge names and texts of customers, read in large pages
    HugePages,
    /// Requests whose methods are words of the client
    OddMethods,
    /// Filtered lists of very many events
    FilteredLists,
    /// Connections that say nothing, more than a service has descriptors
    IdleConnections,
    /// Replays of a long conversation, and 1,000 streams
    ReplaysAndStreams,
}

impl Attack {
    /// Returns whether the hostile organization has very many events before the attack.
    pub(super) fn needs_events(self) -> bool {
        matches!(self, Self::FilteredLists | Self::ReplaysAndStreams)
    }

    /// Attacks until that time.
    pub(super) async fn run(self, scene: &Scene, end: Instant) {
        match self {
            Self::Nothing => tokio::time::sleep_until(end).await,
            Self::HugeStatuses => bodies::huge_statuses(scene, end).await,
            Self::NeverRead => connections::never_read(scene, end).await,
            Self::UnverifiedBodies => bodies::unverified(scene, end).await,
            Self::LargeCalls => bodies::large_calls(scene, end).await,
            Self::ManyCalls => bodies::many_calls(scene, end).await,
            Self::SlowSends => sends::through_slow_provider(scene, end).await,
            Self::SlowEndpoints => deliveries::slow_endpoints(scene, end).await,
            Self::HugePages => lists::huge_pages(scene, end).await,
            Self::OddMethods => connections::odd_methods(scene, end).await,
            Self::FilteredLists => lists::filtered(scene, end).await,
            Self::IdleConnections => connections::idle(scene, end).await,
            Self::ReplaysAndStreams => deliveries::replays_and_streams(scene, end).await,
        }
    }
}

impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}
