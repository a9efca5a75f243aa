//! The only place where a send is repeated, and only where surely nothing was sent.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::channel::{Channel, OutboundMessage, Receipt};
use crate::error::{ChannelError, ErrorKind, Retry};

/// How often, and for how long, a send is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The pause before the first repeat; each further one is twice as long, and all are shortened by chance.
    pub first_delay: Duration,
    /// How many requests there may be in all.
    pub max_attempts: u32,
    /// The time for all of it; a repeat begins in its first half, so that the other half is left for the answer.
    pub budget: Duration,
}

impl Default for RetryPolicy {
    /// Three requests, 1 s and 2 s apart, in 15 s: a caller that waits for 20 s gets an answer.
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(1),
            max_attempts: 3,
            budget: Duration::from_secs(15),
        }
    }
}

/// Sends a message, and repeats that after a pause as long as surely nothing was sent.
///
/// A wait that the provider asks for is kept, or the error is returned at once if it does not fit. A request that is
/// still unanswered at the end of the budget is [`ErrorKind::Indeterminate`].
pub async fn send_with_retries(
    channel: &dyn Channel,
    message: &OutboundMessage,
    policy: &RetryPolicy,
) -> Result<Receipt, ChannelError> {
    let start = Instant::now();
    let mut attempt = 1;
    loop {
        // No instant may be `budget` ahead, as with `Duration::MAX`; `timeout` knows how to wait for ever.
        let left = policy.budget.saturating_sub(start.elapsed());
        let error = match timeout(left, channel.send(message)).await {
            Ok(Ok(receipt)) => return Ok(receipt),
            Ok(Err(error)) => error,
            Err(_) => return Err(unanswered(channel)),
        };
        let Some(delay) = policy.delay(attempt, &error) else {
            return Err(error);
        };
        if start.elapsed().saturating_add(delay) > policy.budget / 2 {
            return Err(error);
        }
        tracing::debug!(provider = %error.provider, attempt, kind = ?error.kind, "send is repeated");
        sleep(delay).await;
        attempt += 1;
    }
}

impl RetryPolicy {
    /// The pause after the failed request number `attempt`, or nothing if it was the last.
    fn delay(&self, attempt: u32, error: &ChannelError) -> Option<Duration> {
        match error.kind.retry() {
            Retry::Backoff if attempt < self.max_attempts => {}
            Retry::Backoff | Retry::OnceChannelWorks | Retry::Never => return None,
        }
        let doubled = self
            .first_delay
            .saturating_mul(2_u32.saturating_pow(attempt - 1));
        Some(shortened(doubled).max(error.retry_after.unwrap_or_default()))
    }
}

/// Between half of `delay` and all of it, so that callers who failed together do not come back together.
fn shortened(delay: Duration) -> Duration {
    // A new RandomState is seeded from the system's randomness; a pause needs no better.
    let chance = RandomState::new().build_hasher().finish() % 500;
    let share = 1000 - u32::try_from(chance).unwrap_or(0);
    delay / 1000 * share
}

fn unanswered(channel: &dyn Channel) -> ChannelError {
    ChannelError::new(
        channel.capabilities().provider,
        ErrorKind::Indeterminate,
        "the provider did not answer in time",
    )
}

#[cfg(test)]
mod tests;
