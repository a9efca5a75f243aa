//! The rules of limits, without a database: what is used, and an instant, give a grant or a wait.
//!
//! Instants and times are in microseconds.

use std::time::Duration;

use recado_core::capabilities::{PairRate, Rate};
use serde::Serialize;

/// How much the clocks of two servers may differ, and how long a send may have waited for the database since its instant.
/// What seems to come from later than that was written before the clock was set back.
pub(crate) const MAX_CLOCK_DIFFERENCE: i64 = 30_000_000;

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Use {
    /// When nothing of it is used any more.
    pub(crate) full_at: i64,
    /// When the last burst began, if the limit has bursts.
    pub(crate) started_at: Option<i64>,
}

impl Use {
    /// Nothing is used.
    pub(crate) const NONE: Self = Self {
        full_at: i64::MIN,
        started_at: None,
    };
}

/// The rule of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Bucket(Bucket),
    Debt(Debt),
}

/// A token bucket, which is full when as many messages as its rate has may be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The time in which one token comes back.
    interval: i64,
    tokens: i64,
}

/// The rule of [`PairRate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Debt {
    pause: i64,
    burst: i64,
}

impl Rule {
    /// Returns the use with one more message, or the instant before which none is granted.
    pub(crate) fn take(self, used: Use, now: i64) -> Result<Use, i64> {
        match self {
            Self::Bucket(bucket) => bucket.take(used, now),
            Self::Debt(debt) => debt.take(used, now),
        }
    }

    /// Returns the use as it can be at this instant: one that was written before the clock was set back would refuse
    /// messages until the clock is there again.
    pub(crate) fn corrected(self, used: Use, now: i64) -> Use {
        match self {
            Self::Bucket(bucket) => bucket.corrected(used, now),
            Self::Debt(debt) => debt.corrected(used, now),
        }
    }
}

impl From<Rate> for Bucket {
    fn from(rate: Rate) -> Self {
        let tokens = i64::from(rate.messages().get());
        Self {
            // Rounded up, so that never more is granted than the rate has.
            interval: micros(rate.period()).div_euclid(tokens)
                + i64::from(micros(rate.period()).rem_euclid(tokens) > 0),
            tokens,
        }
    }
}

impl From<PairRate> for Debt {
    fn from(rate: PairRate) -> Self {
        Self {
            pause: micros(rate.pause),
            burst: rate.burst.get().into(),
        }
    }
}

impl Bucket {
    fn take(self, used: Use, now: i64) -> Result<Use, i64> {
        let full_at = used.full_at.max(now) + self.interval;
        if full_at - now > self.capacity() {
            return Err(full_at - self.capacity());
        }
        Ok(Use {
            full_at,
            started_at: None,
        })
    }

    fn corrected(self, used: Use, now: i64) -> Use {
        let empty = now + self.capacity();
        if used.full_at <= empty + MAX_CLOCK_DIFFERENCE {
            return used;
        }
        // How much was used is not known any more.
        Use {
            full_at: empty,
            started_at: None,
        }
    }

    /// Returns how many tokens the bucket has.
    pub(crate) fn left(self, used: Use, now: i64) -> i64 {
        let used = used.full_at.saturating_sub(now).clamp(0, self.capacity());
        (self.capacity() - used) / self.interval
    }

    fn capacity(self) -> i64 {
        self.interval * self.tokens
    }
}

impl Debt {
    fn take(self, used: Use, now: i64) -> Result<Use, i64> {
        let begin = used.started_at.filter(|_| now < used.full_at);
        let Some(begin) = begin else {
            return Ok(Use {
                full_at: now + self.pause,
                started_at: Some(now),
            });
        };
        let is_full = used.full_at - begin >= self.pause * self.burst;
        if now >= begin + self.pause || is_full {
            return Err(used.full_at);
        }
        Ok(Use {
            full_at: used.full_at + self.pause,
            started_at: Some(begin),
        })
    }

    fn corrected(self, used: Use, now: i64) -> Use {
        let Some(begin) = used.started_at else {
            return used;
        };
        if begin <= now + MAX_CLOCK_DIFFERENCE {
            return used;
        }
        // How much of the debt is paid is not known any more.
        let debt = (used.full_at - begin).clamp(0, self.pause * self.burst);
        Use {
            full_at: now + debt,
            started_at: Some(now - self.pause),
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
