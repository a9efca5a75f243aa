//! Webhook calls: with too many items, too large, too many, without a proof.

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::{ask_again, every_second};
use crate::abuse::dial::dial;
use crate::abuse::scene::Scene;
use crate::callbacks::{Text, zapi};

/// Statuses in one call.
const STATUSES: usize = 100_000;

/// Callers at once.
const CALLERS: usize = 4;

/// Callers without a proof, and the bytes that each of them sends.
const UNVERIFIED: usize = 600;
const BODY: usize = 4_000_000;

/// Small calls at once.
const MANY: usize = 32;

/// Bytes of a text in a large call.
const TEXT: usize = 3_500_000;

/// Calls with very many statuses, to an own channel.
pub(in crate::abuse) async fn huge_statuses(scene: &Scene, end: Instant) {
    let ids: Vec<_> = (0..STATUSES).map(|id| id.to_string()).collect();
    let body = json!({"type": "MessageStatusCallback", "instanceId": "INST-66", "status": "READ",
        "ids": ids, "phone": "5511966660000", "momment": 1_790_000_000_000_i64});
    let (calls, body) = (scene.hostile_calls.clone(), Arc::new(body.to_string()));
    ask_again(CALLERS, end, move |_| {
        calls.call("hostile-zapi", body.as_bytes())
    })
    .await;
}

/// Large calls, each different, to an own channel.
pub(in crate::abuse) async fn large_calls(scene: &Scene, end: Instant) {
    let text = Text {
        id: "ID-0".to_owned(),
        from: "5511966660000".to_owned(),
        body: "x".repeat(TEXT),
    };
    let (calls, body) = (
        scene.hostile_calls.clone(),
        Arc::new(zapi(&text).to_string()),
    );
    ask_again(CALLERS * 2, end, move |number| {
        let body = body.replacen("ID-0", &format!("ID-{number}"), 1);
        calls.call("hostile-zapi", body)
    })
    .await;
}

/// Small calls with one text each, to an own channel.
pub(in crate::abuse) async fn many_calls(scene: &Scene, end: Instant) {
    let calls = scene.hostile_calls.clone();
    ask_again(MANY, end, move |number| {
        let text = Text {
            id: format!("ID-{number}"),
            from: format!("55119666{:05}", number % 1000),
            body: "Oi".to_owned(),
        };
        calls.call("hostile-zapi", zapi(&text).to_string())
    })
    .await;
}

/// Bodies for the other organization's channel, all but their last byte; a refused client begins again.
pub(in crate::abuse) async fn unverified(scene: &Scene, end: Instant) {
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: recado\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: sha256={}\r\ncontent-length: {BODY}\r\n\r\n",
        scene.bystander_calls.path("whatsapp"),
        "0".repeat(64),
    );
    let (head, body) = (Arc::new(head), Arc::new(vec![b' '; BODY - 1]));
    let address = scene.address;
    every_second(UNVERIFIED, end, move || {
        let (head, body) = (Arc::clone(&head), Arc::clone(&body));
        async move {
            if let Some(mut stream) = dial(address).await
                && stream.write_all(head.as_bytes()).await.is_ok()
                && stream.write_all(&body).await.is_ok()
            {
                // Until the server answers or closes.
                let _ = stream.read(&mut [0; 1024]).await;
            }
        }
    })
    .await;
}
