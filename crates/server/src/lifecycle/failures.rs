//! Failures of a task that goes on: the log tells when they begin, and not each of them.

use std::time::Duration;

use recado_store::StoreError;
use tokio::time::Instant;

/// Time between two lines of the log that say that a task still fails.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// Consecutive failures of a task, and when the log last reported them.
#[derive(Default)]
pub(crate) struct Failures {
    reported: Option<Instant>,
}

impl Failures {
    /// Returns whether the log has to tell of this failure.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self
            .reported
            .is_none_or(|reported| now.duration_since(reported) >= REPORT_INTERVAL);
        if due {
            self.reported = Some(now);
        }
        due
    }

    /// Returns whether the work that succeeded comes after failures.
    pub(crate) fn end(&mut self) -> bool {
        self.reported.take().is_some()
    }

    /// Returns what the task got, or `None` after a failure, which is logged as the problem if that is due.
    pub(crate) fn log<T>(&mut self, result: Result<T, StoreError>, problem: &str) -> Option<T> {
        match result {
            Ok(value) => {
                self.end();
                Some(value)
            }
            Err(error) => {
                if self.is_due(Instant::now()) {
                    tracing::warn!(%error, "{problem}");
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_when_failures_begin_every_half_minute_and_when_they_end() {
        let (mut failures, begin) = (Failures::default(), Instant::now());
        assert!(!failures.end());
        for _ in 0..2 {
            let told: Vec<_> = (0..130)
                .filter(|half| failures.is_due(begin + Duration::from_millis(500) * *half))
                .collect();
            assert_eq!(told, [0, 60, 120]);
            assert!(failures.end());
            assert!(!failures.end());
        }
    }
}
