//! The whole way of a tap, between processes: server, providers and the organization's receiver.

use std::collections::BTreeSet;

use recado_tests::binaries::deploy;
use recado_tests::binaries::receiver::ReceiverProcess;
use recado_tests::binaries::sandbox::SandboxProcess;
use recado_tests::prelude::*;
use recado_tests::world::told_secret;

/// Ids and titles as an organization may choose them.
const BUTTONS: [(&str, &str); 3] = [
    ("ord-4411:sim ✅", "Sim, pode"),
    ("{\"menu\":[2]}", "Outro horário"),
    ("três/3?x=%20&y", "Falar com alguém"),
];

/// Leads the webhooks of all three providers to their channels.
async fn connect(sandbox: &SandboxProcess, client: &Client) {
    for (provider, _) in CONVERSATIONS {
        let channel = client.read(&format!("/channels/{provider}")).await;
        let mut webhook = json!({"provider": provider, "url": channel["webhookUrl"]});
        if let Some(secret) = told_secret(provider, &channel) {
            webhook["secret"] = secret.into();
        }
        sandbox.connect(webhook).await;
    }
}

/// Sends the three buttons; gives the message.
async fn send(client: &Client, conversation: &str) -> Value {
    let [(one, first), (two, second), (three, third)] = BUTTONS;
    let body = json!({
        "agentId": "agent-123", "conversationId": conversation, "body_text": "Podemos entregar hoje?",
        "button_1_id": one, "button_1_title": first, "button_2_id": two, "button_2_title": second,
        "button_3_id": three, "button_3_title": third,
    });
    client.accepted(body).await["message"].clone()
}

/// A tap as a receiver is told of it: where, by whom, on which button of which message.
fn told(channel: &str, conversation: &str, message: &Value, (id, title): (&str, &str)) -> String {
    let from = json!({"phone": CUSTOMER, "name": "Ana"});
    let button = json!({"id": id, "title": title});
    json!([
        "demo",
        "agent-123",
        channel,
        conversation,
        message["id"],
        button,
        from
    ])
    .to_string()
}

fn read(call: &Value) -> String {
    let event = &call["event"];
    assert_eq!(event["type"], "button.pressed", "{call}");
    let of = |name: &str| &event[name];
    let places = ["organizationId", "agentId", "channelId", "conversationId"].map(of);
    let [organization, agent, channel, conversation] = places;
    let data = &event["data"];
    let (question, button) = (&data["inReplyTo"], &data["button"]);
    let from = json!({"phone": data["from"]["phone"], "name": data["from"]["name"]});
    json!([
        organization,
        agent,
        channel,
        conversation,
        question,
        button,
        from
    ])
    .to_string()
}

#[tokio::test]
async fn a_tap_on_each_of_three_buttons_of_each_channel_reaches_the_receiver() {
    let database = TestDatabase::fresh().await;
    let sandbox = SandboxProcess::start().await.expect("a sandbox");
    let mut receiver = ReceiverProcess::start().await.expect("a receiver");
    let (server, client) = deploy(&database, &sandbox.urls).await;
    connect(&sandbox, &client).await;
    let endpoint = json!({"url": receiver.url, "events": ["button.pressed"]});
    let endpoint = client.create("/webhook-endpoints", endpoint).await;
    let trusted = receiver.trust(text(&endpoint["secret"])).await;
    trusted.expect("it listens");

    let mut expected = BTreeSet::new();
    for (channel, conversation) in CONVERSATIONS {
        let message = send(&client, conversation).await;
        for button in BUTTONS {
            sandbox.tap(text(&message["externalId"]), button.0).await;
            expected.insert(told(channel, conversation, &message, button));
        }
    }
    let mut taps = BTreeSet::new();
    for _ in 0..expected.len() {
        taps.insert(read(&receiver.next().await));
    }
    assert_eq!(taps, expected);

    server.stop().await.expect("an orderly end");
    let rest = receiver.end().await.expect("an orderly end");
    assert_eq!(rest, Vec::<Value>::new(), "each once");
}
