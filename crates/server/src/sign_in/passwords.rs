//! Hashing of passwords: on threads of its own with a low priority, few at once, and behind a queue that has an
//! end.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use recado_core::FieldErrors;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, oneshot};

use crate::api::error::{ApiError, Reason};

/// Fewest and most characters of a password.
pub const PASSWORD_CHARS: (usize, usize) = (12, 256);

/// Most passwords that are hashed at once; each takes [`MEMORY_KIB`].
pub const MAX_HASHES: usize = 2;

/// Passwords that wait until one of those is done; beyond it a caller is asked to come back.
pub const MAX_WAITING_HASHES: usize = 64;

/// Memory of one hash, in KiB: with two passes, what OWASP recommends for argon2id.
pub const MEMORY_KIB: u32 = 19 * 1024;

/// How often one hash goes over its memory.
const PASSES: u32 = 2;

/// The niceness of threads that hash: a busy machine gives them a tenth of what it gives to sends.
#[cfg(target_os = "linux")]
const HASHING_NICENESS: i32 = 10;

/// A hash that no password has, for accounts that do not exist.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords.
pub struct Passwords {
    /// Those that are hashed and those that wait.
    places: Arc<Semaphore>,
    /// Those that are hashed.
    slots: Arc<Semaphore>,
    computed: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::with_slots(hashes_at_once())
    }
}

impl Passwords {
    fn with_slots(slots: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(slots + MAX_WAITING_HASHES)),
            slots: Arc::new(Semaphore::new(slots)),
            computed: AtomicU64::new(0),
        }
    }

    /// Hashes a new password, to be stored.
    pub async fn hash(&self, password: SecretString) -> Result<String, ApiError> {
        let hashed = self.compute(move || {
            let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string())
        });
        hashed.await?.map_err(ApiError::internal)
    }

    /// Tells whether a password has that hash. Without a hash it takes as long, and is wrong.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, ApiError> {
        let verified = self.compute(move || {
            let stored = PasswordHash::new(hash.as_deref().unwrap_or(NO_PASSWORD))?;
            let fits = argon2()?.verify_password(password.expose_secret().as_bytes(), &stored);
            Ok::<_, argon2::password_hash::Error>(fits.is_ok() && hash.is_some())
        });
        verified.await?.map_err(ApiError::internal)
    }

    /// Returns how many hashes were computed.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| {
            ApiError::new(Reason::Unavailable, "Too many people sign in at the moment")
        })?;
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(ApiError::internal)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (answer, done) = oneshot::channel();
        // A thread of its own: a thread of tokio's pool could not get its priority back, and each of the pool
        // would keep the memory of a hash.
        thread::Builder::new()
            .name("password".to_owned())
            .spawn(move || {
                yield_to_sends();
                // Sending fails if the caller has hung up.
                drop(answer.send(work()));
                // Released only here, also if the caller has hung up: they bound the memory.
                drop((slot, place));
            })
            .map_err(ApiError::internal)?;
        done.await.map_err(ApiError::internal)
    }
}

/// Returns how many passwords are hashed at once: half of the processors stay with the sends.
fn hashes_at_once() -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    (processors / 2).clamp(1, MAX_HASHES)
}

/// Lowers the priority of this thread, so that hashing takes little time from sends on a busy machine.
fn yield_to_sends() {
    // On other systems the call would concern the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, HASHING_NICENESS) {
        tracing::debug!(%error, "the priority of hashing cannot be lowered");
    }
}

/// Checks the length of a new password that stands in that field.
pub fn check_length(field: &str, password: &SecretString) -> Result<(), FieldErrors> {
    let (fewest, most) = PASSWORD_CHARS;
    let chars = password.expose_secret().chars().count();
    if (fewest..=most).contains(&chars) {
        return Ok(());
    }
    let sentence = format!("A password has {fewest} to {most} characters, this one has {chars}");
    Err(FieldErrors::field(field, &sentence))
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[tokio::test]
    async fn the_right_password_alone_has_the_hash() {
        let passwords = Passwords::default();
        let password = "correct horse battery";
        let hash = passwords.hash(secret(password)).await.expect("a hash");
        assert!(!hash.contains(password));
        for (given, fits) in [
            (password, true),
            ("correct horse batterx", false),
            ("", false),
        ] {
            let verified = passwords.verify(secret(given), Some(hash.clone())).await;
            assert_eq!(verified.ok(), Some(fits), "{given}");
        }
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_costs_the_same_hash() {
        let passwords = Passwords::default();
        let hash = passwords
            .hash(secret("any password"))
            .await
            .expect("a hash");
        let cost = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(cost(&hash), cost(NO_PASSWORD));
        let before = passwords.computed();
        let verified = passwords.verify(secret("any password"), None).await;
        assert_eq!(verified.ok(), Some(false));
        assert_eq!(passwords.computed(), before + 1);
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let passwords = Passwords::with_slots(2);
        let _running = passwords.slots.acquire_many(2).await.expect("both slots");
        let wait = || passwords.hash(secret("any password"));
        let mut waiting: Vec<_> = (0..2 + MAX_WAITING_HASHES)
            .map(|_| Box::pin(wait()))
            .collect();
        for wait in &mut waiting {
            assert!(futures_util::poll!(wait).is_pending());
        }
        let refused = wait().await.expect_err("the queue is full");
        assert_eq!(refused.reason, Reason::Unavailable);
        // A caller that goes away makes room.
        waiting.pop();
        assert!(futures_util::poll!(Box::pin(wait())).is_pending());
    }

    #[test]
    fn the_length_of_a_password_is_counted_in_characters() {
        for (text, fits) in [
            ("elevenchars".to_owned(), false),
            ("twelve chars".to_owned(), true),
            ("ação ação ação".to_owned(), true),
            ("é".repeat(256), true),
            ("é".repeat(257), false),
        ] {
            assert_eq!(
                check_length("password", &text.clone().into()).is_ok(),
                fits,
                "{text}"
            );
        }
    }
}
