//! The attacks, by what they use up.

pub(super) mod bodies;
pub(super) mod connections;
pub(super) mod deliveries;
pub(super) mod lists;
pub(super) mod sends;

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// Does the same in so many tasks until that time; each task begins at most once a second.
async fn every_second<F: Future<Output = ()> + Send + 'static>(
    tasks: usize,
    end: Instant,
    each: impl Fn() -> F + Clone + Send + Sync + 'static,
) {
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let each = each.clone();
        running.spawn(async move {
            let mut seconds = interval(Duration::from_secs(1));
            // What took longer is not caught up with.
            seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let attack = async {
                loop {
                    seconds.tick().await;
                    each().await;
                }
            };
            let _: Result<(), _> = timeout_at(end, attack).await;
        });
    }
    running.join_all().await;
}

/// Makes requests in so many tasks until that time; their answers do not matter.
async fn ask_again(
    tasks: usize,
    end: Instant,
    request: impl Fn(usize) -> RequestBuilder + Clone + Send + 'static,
) {
    again(tasks, end, move |number| provoke(request(number))).await;
}

/// Makes a request of JSON whose answer does not matter.
async fn provoke(request: RequestBuilder) {
    let json = HeaderValue::from_static("application/json");
    // It takes the place of one that the request may have.
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
    if let Ok(answer) = request.headers(headers).send().await {
        let _ = answer.bytes().await;
    }
}

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
                let rest = timeout_at(end, each(turn * tasks + task)).await;
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
