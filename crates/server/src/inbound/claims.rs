//! Webhook calls that were claimed for this process without its learning of it: the answer of the database
//! was lost, for instance because the database restarted.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::app::clock::later;

/// How long a call rests at least that was not applied.
const CLAIM: Duration = Duration::from_mins(1);

/// How long a call must be claimed unknown to the process: longer than the answer to a claim may take.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// The claimed calls of this process.
#[derive(Default)]
pub(crate) struct Claims {
    /// The calls that wait in memory or are being applied.
    known: HashSet<String>,
    /// The others that the database names, and since when.
    unknown: HashMap<String, Timestamp>,
}

impl Claims {
    pub(crate) fn add(&mut self, calls: impl IntoIterator<Item = String>) {
        self.known.extend(calls);
    }

    pub(crate) fn remove(&mut self, calls: &[String]) {
        for call in calls {
            self.known.remove(call);
        }
    }

    /// Returns the calls that have been claimed for long unknown to the process, of all that are claimed.
    pub(super) fn lost(&mut self, claimed: Vec<String>, at: Timestamp) -> Vec<String> {
        let before = std::mem::take(&mut self.unknown);
        let unknown = claimed.into_iter().filter(|id| !self.known.contains(id));
        self.unknown = unknown
            .map(|id| {
                let since = before.get(&id).copied().unwrap_or(at);
                (id, since)
            })
            .collect();
        let lost = self.unknown.iter();
        lost.filter(|(_, since)| at.duration_since(**since).unsigned_abs() >= LOST_AFTER)
            .map(|(id, _)| id.clone())
            .collect()
    }
}

/// When a call that is claimed now may be claimed by others.
pub fn claimed_until(now: Timestamp) -> Timestamp {
    later(now, CLAIM)
}
