//! The sandbox's time: real time plus what it was advanced by.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

pub(crate) struct Clock {
    started: Instant,
    advanced: Duration,
    /// Real time since the start at which the clock was stopped.
    stopped: Option<Duration>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            advanced: Duration::ZERO,
            stopped: None,
        }
    }
}

impl Clock {
    /// Returns the time since the sandbox was made.
    pub(crate) fn elapsed(&self) -> Duration {
        let real = self.stopped.unwrap_or_else(|| self.started.elapsed());
        real.saturating_add(self.advanced)
    }

    /// Returns the instant for answers, in whole seconds.
    pub(crate) fn timestamp(&self) -> Timestamp {
        let advanced = SignedDuration::try_from(self.advanced).unwrap_or(SignedDuration::ZERO);
        let now = Timestamp::now();
        let shifted = now.checked_add(advanced).unwrap_or(now);
        Timestamp::from_second(shifted.as_second()).unwrap_or(now)
    }

    /// Lets time pass only by [`Clock::advance`].
    pub(crate) fn stop(&mut self) {
        self.stopped = Some(self.started.elapsed());
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }
}
