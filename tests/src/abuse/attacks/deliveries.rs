//! What goes out: endpoints that never answer, replays, streams.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, interval};

use super::sends::silent_server;
use super::{ask_again, every_second, lists, provoke};
use crate::abuse::scene::Scene;

/// Endpoints that the attacker asks for.
const ENDPOINTS: usize = 400;

/// Replays at once.
const REPLAYS: usize = 4;

/// Streams of one key.
const STREAMS: usize = 1000;

/// Adds endpoints that never answer, and events for them in many conversations.
pub(in crate::abuse) async fn slow_endpoints(scene: &Scene, end: Instant) {
    let url = silent_server().await;
    let adding = async {
        for number in 0..ENDPOINTS {
            let endpoint = json!({"url": format!("{url}/{number}")});
            let request = scene.hostile.request(Method::POST, "/webhook-endpoints");
            provoke(request.json(&endpoint)).await;
        }
    };
    let adding = tokio::time::timeout_at(end, adding);
    let _ = tokio::join!(adding, lists::fill(scene, end));
}

/// Replays everything again and again, while many streams of one key wait for events.
pub(in crate::abuse) async fn replays_and_streams(scene: &Scene, end: Instant) {
    let url = silent_server().await;
    let endpoint = scene
        .hostile
        .create("/webhook-endpoints", json!({"url": url}))
        .await;
    let id = endpoint["id"].as_str().expect("an id");
    let path = format!("/webhook-endpoints/{id}/replay");
    let client = scene.hostile.clone();
    let replaying = ask_again(REPLAYS, end, move |_| {
        let range = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
        client.request(Method::POST, &path).json(&range)
    });
    tokio::join!(streams(scene, end), replaying, lists::fill(scene, end));
}

/// Opens many streams, and reads them slowly; one that is refused is asked for again.
async fn streams(scene: &Scene, end: Instant) {
    let client = scene.hostile.clone();
    every_second(STREAMS, end, move || {
        let request = client.request(Method::GET, "/events/stream?after=evt_0000000000000000");
        async move {
            let opened = request.timeout(Duration::from_mins(1)).send().await;
            if let Ok(mut stream) = opened {
                let mut reads = interval(Duration::from_millis(20));
                while let Ok(Some(_)) = stream.chunk().await {
                    reads.tick().await;
                }
            }
        }
    })
    .await;
}
