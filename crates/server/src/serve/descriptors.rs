//! How many files and sockets this process may have open, and how many of them connections may take.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::ConnectionLimits;

/// Descriptors for everything but connections and the requests that they cause: the database, its
/// listener, deliveries (64), the log, the runtime, and files that are open for a moment.
const RESERVED: usize = 192;

/// Fewest descriptors with which a server can work.
const FEWEST: usize = 256;

/// Raises the soft limit of open files to the hard one, and returns what then holds.
pub fn raise_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            current
        }
    };
    // Without a number the limit is infinite.
    current.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    })
}

impl ConnectionLimits {
    /// Keeps the connections within `descriptors`. Each may cause a request to a provider, so it counts twice.
    pub fn within(self, descriptors: usize) -> anyhow::Result<Self> {
        ensure!(
            descriptors >= FEWEST,
            "this process may open {descriptors} files, and needs at least {FEWEST}: \
             raise the hard limit (LimitNOFILE of systemd, `ulimit -Hn` of a shell)"
        );
        let connections = self.connections.min((descriptors - RESERVED) / 2);
        Ok(Self {
            connections,
            // One peer never takes them all.
            connections_per_peer: self.connections_per_peer.min(connections / 2),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_requests_that_they_cause() {
        let limits = ConnectionLimits::default();
        for (descriptors, connections, per_peer) in [
            (256, 32, 16),
            (1024, 416, 208),
            (8192, 4000, 256),
            (usize::MAX, 4096, 256),
        ] {
            let within = limits.within(descriptors).expect("enough descriptors");
            let found = (within.connections, within.connections_per_peer);
            assert_eq!(found, (connections, per_peer), "{descriptors}");
        }
        assert!(limits.within(255).is_err());
    }
}
