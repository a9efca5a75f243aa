//! The tasks in the background, without any of which the server must not go on.

use anyhow::{Context as _, bail};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Watches the tasks of one server.
///
/// A server that lost one of them would still answer, and silently do half of its work. So it stops with an
/// error, and what started it starts it again.
pub(crate) struct Background {
    stop: CancellationToken,
    /// Cancelled as soon as a task has ended too early.
    pub(crate) broken: CancellationToken,
}

impl Background {
    /// Watches tasks that end once `stop` is cancelled.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            broken: CancellationToken::new(),
        }
    }

    /// Runs a task that is dropped when the server stops.
    pub(crate) fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<anyhow::Result<()>> {
        let stop = self.stop.clone();
        self.spawn_stopping(name, async move {
            stop.run_until_cancelled(task).await;
        })
    }

    /// Runs a task that ends by itself when the server stops.
    pub(crate) fn spawn_stopping(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<anyhow::Result<()>> {
        let (stop, broken) = (self.stop.clone(), self.broken.clone());
        tokio::spawn(async move {
            let ended = tokio::spawn(task).await;
            if ended.is_ok() && stop.is_cancelled() {
                return Ok(());
            }
            tracing::error!(
                task = name,
                "a background task ended early, so the server stops"
            );
            broken.cancel();
            ended.with_context(|| format!("the background task `{name}` panicked"))?;
            bail!("the background task `{name}` ended by itself")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_breaks_the_server() {
        let background = Background::new(CancellationToken::new());
        let task = background.spawn("sweeper", async { panic!("a test") });
        background.broken.cancelled().await;
        let error = task.await.expect("the watcher").expect_err("a panic");
        assert_eq!(error.to_string(), "the background task `sweeper` panicked");
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_breaks_the_server() {
        let background = Background::new(CancellationToken::new());
        let task = background.spawn_stopping("intake", async {});
        background.broken.cancelled().await;
        assert!(task.await.expect("the watcher").is_err());
    }

    #[tokio::test]
    async fn tasks_end_with_the_server() {
        let stop = CancellationToken::new();
        let background = Background::new(stop.clone());
        let dropped = background.spawn("sweeper", std::future::pending());
        let stopping = background.spawn_stopping("intake", stop.clone().cancelled_owned());
        stop.cancel();
        for task in [dropped, stopping] {
            task.await.expect("the watcher").expect("an orderly end");
        }
        assert!(!background.broken.is_cancelled());
    }

    #[tokio::test]
    async fn a_panic_while_the_server_stops_is_an_error_too() {
        let stop = CancellationToken::new();
        stop.cancel();
        let background = Background::new(stop);
        let task = background.spawn_stopping("intake", async { panic!("a test") });
        assert!(task.await.expect("the watcher").is_err());
    }
}
