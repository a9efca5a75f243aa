//! The last uses of API keys that this process has written down, so that each key costs a write a minute at
//! most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::ApiKeyId;

/// Time between two notes of the use of one key or session.
const NOTE_INTERVAL: Duration = Duration::from_mins(1);

/// Most keys that are remembered; when there are more, all are forgotten and noted again.
const MAX_KEYS: usize = 10_000;

#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<ApiKeyId, Timestamp>>);

/// Returns the latest note after which another one is due now.
pub(crate) fn due_before(now: Timestamp) -> Timestamp {
    now.checked_sub(NOTE_INTERVAL).unwrap_or(Timestamp::MIN)
}

impl KeyUses {
    /// Returns whether the use of a key has to be stored; from then on it counts as stored.
    pub(crate) fn is_due(&self, id: &ApiKeyId, now: Timestamp) -> bool {
        // Nothing that panics is done under the lock.
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = noted.get(id).is_none_or(|last| *last <= due_before(now));
        if due {
            if noted.len() >= MAX_KEYS {
                noted.clear();
            }
            noted.insert(id.clone(), now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_use_is_due_once_a_minute_for_each_key() {
        let uses = KeyUses::default();
        let (one, other) = ("key_1".parse().unwrap(), "key_2".parse().unwrap());
        let due = |id: &ApiKeyId, second| uses.is_due(id, at(second));
        assert!(due(&one, 0));
        assert!(due(&other, 30));
        assert!(!due(&one, 59));
        assert!(due(&one, 60));
        assert!(!due(&one, 60));
        assert!(!due(&other, 89));
        assert!(due(&other, 90));
    }
}
