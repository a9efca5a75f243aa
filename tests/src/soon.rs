//! Waits of tests: each has an end.

use std::panic::Location;
use std::time::Duration;

/// Far longer than anything takes on a busy machine; a test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Waits for a future; if it takes too long, the failure names the line of the caller and `what`.
#[track_caller]
pub fn soon<T>(what: &str, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let waited = tokio::time::timeout(TIMEOUT, future).await;
        waited.unwrap_or_else(|_| panic!("{caller}: waited too long: {what}"))
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> impl Future<Output = T> {
    let answer = async move {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    soon(what, answer)
}
