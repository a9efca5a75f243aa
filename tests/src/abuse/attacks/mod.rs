//! The attacks, by what they use up.

pub(super) mod bodies;
pub(super) mod connections;
pub(super) mod deliveries;
pub(super) mod lists;
pub(super) mod sends;

use tokio::task::JoinSet;
use tokio::time::Instant;

/// Does the same again and again in so many tasks until that time.
async fn again<F: Future<Output = ()> + Send + 'static>(
    tasks: usize,
    end: Instant,
    each: impl Fn(usize) -> F + Clone + Send + 'static,
) {
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let each = each.clone();
        running.spawn(async move {
            for turn in 0.. {
                let rest = tokio::time::timeout_at(end, each(turn * tasks + task)).await;
                if rest.is_err() || Instant::now() >= end {
                    return;
                }
                // So that an attack that fails at once does not take the whole machine.
                tokio::task::yield_now().await;
            }
        });
    }
    running.join_all().await;
}
