//! Sends that never end.

use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;

use super::ask_again;
use crate::abuse::scene::Scene;
use crate::client::SEND;
use crate::world::{free_port, smallest_body};

/// Sends under way at once: more than the server has places.
const SENDS: usize = 1100;

/// Leads an own channel to a provider that takes requests and never answers, and sends through it.
pub(in crate::abuse) async fn through_slow_provider(scene: &Scene, end: Instant) {
    let url = silent_server().await;
    scene.hostile.lead("hostile-whatsapp", &url).await;
    let client = scene.hostile.clone();
    ask_again(SENDS, end, move |number| {
        let mut body = smallest_body("hostile-whatsapp");
        body["body_text"] = json!(format!("Hostile {number}"));
        client.request(Method::POST, SEND).json(&body)
    })
    .await;
}

/// A server that reads and says nothing.
pub(super) async fn silent_server() -> String {
    let (listener, url) = free_port().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    url
}
