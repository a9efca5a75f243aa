//! API keys that were found before, so that a send on SQLite asks its database once less.
//!
//! SQLite has one server, and every deletion passes through it, so a deleted key is forgotten before its
//! deletion is answered; likewise all keys of an organization that is suspended or deleted, or of a user whose
//! role changes. Should another program work on the same file all the same, the key is forgotten within a
//! second. PostgreSQL has many servers, and is asked every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::prelude::*;
use crate::resources::api_keys::ApiKey;
use crate::resources::bearer_secrets::SecretHash;

/// Most keys that are remembered; when there are more, all are forgotten and found again.
const MOST: usize = 10_000;

/// How long a key is believed without asking again.
const BELIEVED: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<SecretHash, (ApiKey, Instant)>,
    /// Grows with every deletion: what was read before it is not remembered after it.
    generation: u64,
    /// Deletions that are not answered yet; nothing is remembered meanwhile.
    deletions: usize,
}

/// The time at which a key is looked up in the database.
#[derive(Clone, Copy)]
pub(crate) struct Generation(u64);

/// A deletion under way.
pub(crate) struct Deletion<'a>(&'a KnownKeys);

impl KnownKeys {
    /// The key, if it is remembered; otherwise when the look-up begins.
    pub(crate) fn find(&self, hash: &SecretHash) -> Result<ApiKey, Generation> {
        let known = self.known();
        match known.keys.get(hash) {
            Some((key, found)) if found.elapsed() < BELIEVED => Ok(key.clone()),
            _ => Err(Generation(known.generation)),
        }
    }

    /// Remembers a key that was found, unless a key was deleted since the look-up began.
    pub(crate) fn remember(&self, since: Generation, hash: SecretHash, key: ApiKey) {
        let mut known = self.known();
        if known.generation != since.0 || known.deletions > 0 {
            return;
        }
        if known.keys.len() >= MOST {
            known.keys.clear();
        }
        known.keys.insert(hash, (key, Instant::now()));
    }

    /// Forgets all keys, and remembers none until the deletion is dropped.
    pub(crate) fn begin_deletion(&self) -> Deletion<'_> {
        let mut known = self.known();
        known.deletions += 1;
        known.generation += 1;
        known.keys.clear();
        Deletion(self)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that panics is done under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Deletion<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known();
        known.deletions -= 1;
        known.generation += 1;
    }
}

impl Store {
    /// Returns the API keys that need not be asked for; `None` where other servers delete keys too.
    pub(crate) fn known_keys(&self) -> Option<Arc<KnownKeys>> {
        (self.kind() == DatabaseKind::Sqlite).then(|| self.in_memory())
    }

    /// Does a write after which some keys or sessions do not work any more, and has them forgotten.
    pub(crate) async fn ending_access<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        // A caller that goes away must not leave the keys remembered.
        let store = self.clone();
        let writing = tokio::spawn(async move {
            let known = store.known_keys();
            let _forgetting = known.as_deref().map(KnownKeys::begin_deletion);
            let written = write.await;
            store.notify_keys();
            written
        });
        writing.await.map_err(|_| StoreError::NotCommitted)?
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::resources::bearer_secrets::ApiKeySecret;

    const HASH: SecretHash = [7; 32];

    fn key() -> ApiKey {
        let secret = ApiKeySecret::generate().unwrap();
        let id = "key_1".parse().unwrap();
        ApiKey::new(id, None, "", &secret, Timestamp::UNIX_EPOCH)
    }

    fn look_up(known: &KnownKeys) -> Generation {
        known.find(&HASH).expect_err("not remembered")
    }

    #[test]
    fn a_key_is_remembered_until_one_is_deleted() {
        let known = KnownKeys::default();
        known.remember(look_up(&known), HASH, key());
        assert!(known.find(&HASH).is_ok());
        drop(known.begin_deletion());
        assert!(known.find(&HASH).is_err());
    }

    #[test]
    fn what_was_read_before_or_during_a_deletion_is_not_remembered() {
        let known = KnownKeys::default();
        let before = look_up(&known);
        let deletion = known.begin_deletion();
        let during = look_up(&known);
        known.remember(before, HASH, key());
        known.remember(during, HASH, key());
        assert!(known.find(&HASH).is_err());
        drop(deletion);
        known.remember(before, HASH, key());
        known.remember(during, HASH, key());
        assert!(known.find(&HASH).is_err());
    }
}
