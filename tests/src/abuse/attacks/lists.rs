//! Lists: of many events, and of large ones.

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::ask_again;
use crate::abuse::scene::Scene;
use crate::callbacks::{Text, change, whatsapp, whatsapp_texts};

/// The hostile number.
const NUMBER: &str = "800000000000066";

/// Texts in one call.
const BATCH: usize = 200;

/// Customers who write.
const CUSTOMERS: usize = 100;

/// The customer who writes huge texts.
const HUGE: &str = "5511966660000";

/// Lists that are read at once.
const READERS: usize = 32;

/// Characters of a huge name.
const NAME: usize = 1_000_000;

/// Characters of a huge text: as many as the server keeps.
const TEXT: usize = 64 * 1024;

/// Bytes of the huge texts in one call.
const CALL: usize = 2_800_000;

/// Fills the hostile organization with events in many conversations until that time.
pub(super) async fn fill(scene: &Scene, end: Instant) {
    let calls = scene.hostile_calls.clone();
    ask_again(1, end, move |call| {
        let texts: Vec<_> = (0..BATCH)
            .map(|place| Text {
                id: format!("wamid.{call}-{place}"),
                from: format!("55119666{:05}", place % CUSTOMERS),
                body: "Oi".to_owned(),
            })
            .collect();
        let body = whatsapp(&[vec![whatsapp_texts(NUMBER, &texts)]]);
        calls.call("hostile-whatsapp", body.to_string())
    })
    .await;
}

/// Reads a long list through filters that fit little, while it grows.
pub(in crate::abuse) async fn filtered(scene: &Scene, end: Instant) {
    let filling = fill(scene, end);
    let client = scene.hostile.clone();
    let reading = ask_again(READERS, end, move |number| {
        let filters = [
            "type=list.selected",
            "conversationId=nowhere",
            "type=message.failed",
            "conversationId=hostile-whatsapp&type=list.selected",
            "conversationId=hostile-whatsapp&type=conversation.created",
            "conversationId=hostile-whatsapp",
        ];
        let path = format!("/events?limit=1000&{}", filters[number % filters.len()]);
        client.request(Method::GET, &path)
    });
    tokio::join!(filling, reading);
}

/// A customer with a huge name writes huge texts, while everything is read in large pages.
pub(in crate::abuse) async fn huge_pages(scene: &Scene, end: Instant) {
    // JSON writes each of these characters with six bytes.
    let texts = ["t", "\u{1}"].map(|character| character.repeat(TEXT));
    let sizes = [TEXT, 6 * TEXT];
    let calls = scene.hostile_calls.clone();
    let filling = ask_again(1, end, move |call| {
        let kind = call % texts.len();
        let messages: Vec<_> = (0..CALL / sizes[kind])
            .map(|place| {
                json!({"from": HUGE, "id": format!("wamid.huge-{call}-{place}"), "timestamp": "1790000000",
                    "type": "text", "text": {"body": texts[kind]}})
            })
            .collect();
        let contacts = json!([{"profile": {"name": "n".repeat(NAME)}, "wa_id": HUGE}]);
        let members = json!({"contacts": contacts, "messages": messages});
        let body = whatsapp(&[vec![change(NUMBER, &members)]]);
        calls.call("hostile-whatsapp", body.to_string())
    });
    let client = scene.hostile.clone();
    let reading = ask_again(READERS, end, move |number| {
        let paths = [
            "/events?limit=1000",
            "/conversations/hostile-whatsapp/messages?limit=100",
        ];
        client.request(Method::GET, paths[number % paths.len()])
    });
    tokio::join!(filling, reading);
}
