//! What `/metrics` counts.

use std::net::TcpListener;

use recado_tests::Client;
use recado_tests::binaries::{Server, providers};
use recado_tests::callbacks::{Callbacks, NUMBER, change, whatsapp};
use recado_tests::events::EventStream;
use recado_tests::world::{self, CONVERSATIONS, open_conversations, organization, smallest_body};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// Meta complains of the number, and a customer writes something that nobody knows; returns when that
/// is told.
async fn call_back(client: &Client, url: &str) {
    let mut stream = EventStream::open(client, "?type=message.received", None).await;
    let trouble = change(
        NUMBER,
        &json!({"errors": [{"code": 130_429, "title": "Rate limit hit"}]}),
    );
    let message = json!({"from": "5511933332222", "id": "wamid.1", "timestamp": "1790000000", "type": "hologram"});
    let strange = change(NUMBER, &json!({"messages": [message]}));
    let callbacks = Callbacks::of(client, url).await;
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![trouble, strange]]))
        .await;
    let told = stream.next_event().await;
    assert_eq!(told.data["data"]["kind"], "unknown");
}

#[tokio::test]
async fn metrics_count_what_is_sent_and_what_comes_in() {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("an address");
    let database = recado_store::testing::TestDatabase::fresh().await;
    let operator_key = world::operator_key(&database.store().await).await;
    let (sandbox, urls) = world::sandbox().await;
    let (key, metrics) = (database.key().to_base64(), free.to_string());
    let place = [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", key.expose_secret()),
        ("RECADO_METRICS_LISTEN", &metrics),
    ];
    let server = Server::start(&[&place[..], &providers(&urls)[..]].concat())
        .await
        .expect("a server");
    let operator = Client::new(&server.url, &operator_key);
    let client = operator.with_key(&organization(&operator, "demo").await);
    open_conversations(&client, &CONVERSATIONS).await;
    for _ in 0..3 {
        client.send(smallest_body("conv-456")).await.expect(200);
    }
    call_back(&client, &server.url).await;
    let expired =
        json!({"credentials": {"phoneNumberId": "800000000000001", "accessToken": "T-EXPIRED"}});
    client
        .patch("/channels/whatsapp", expired)
        .await
        .expect(200);
    client.send(smallest_body("conv-456")).await.expect(500);
    assert_eq!(sandbox.phone_messages().len(), 3);
    let text = client
        .at(&format!("http://{free}"))
        .get("/metrics")
        .await
        .text;
    for line in [
        "recado_webhook_troubles_total 1",
        "recado_webhook_unknown_total 1",
        "recado_sends_total{provider=\"whatsapp\",outcome=\"accepted\"} 3",
        "recado_sends_total{provider=\"whatsapp\",outcome=\"channel_unauthorized\"} 1",
        "recado_send_seconds_count{provider=\"whatsapp\"} 4",
        "recado_http_requests_total{route=\"/messages/interactive/send-buttons\",method=\"POST\",status=\"200\"} 3",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    for secret in ["demo", "conv-456", world::CUSTOMER] {
        assert!(!text.contains(secret), "{secret}");
    }
}
