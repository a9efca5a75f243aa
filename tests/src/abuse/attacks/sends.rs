//! Sends that never end.

use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::again;
use crate::abuse::scene::Scene;
use crate::world::smallest_body;

/// Sends under way at once: more than the server has places.
const SENDS: usize = 1100;

/// Leads an own channel to a provider that takes requests and never answers, and sends through it.
pub(in crate::abuse) async fn through_slow_provider(scene: &Scene, end: Instant) {
    let url = silent_server().await;
    let path = "/channels/hostile-whatsapp";
    let settings = json!({"settings": {"baseUrl": url}});
    scene.hostile.change(path, settings).await;
    let client = scene.hostile.clone();
    again(SENDS, end, move |number| {
        let mut body = smallest_body("hostile-whatsapp");
        body["body_text"] = json!(format!("Hostile {number}"));
        let request = client.request(Method::POST, "/messages/interactive/send-buttons");
        async move {
            Scene::provoke(request.json(&body)).await;
        }
    })
    .await;
}

/// A server that reads and says nothing.
pub(super) async fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    format!("http://{address}")
}
