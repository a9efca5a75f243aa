//! What customers and providers say, kind by kind: which event it becomes, or none.

mod long;
mod silent;

use recado_sandbox::{BsuidMode, Failure, ListRow, Provider, Settings, Shape};
use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, change, whatsapp};
use recado_tests::json::AssertHas as _;
use recado_tests::world::{CUSTOMER, smallest_body};
use rstest::rstest;
use serde_json::{Value, json};

async fn connected() -> (World, Callbacks) {
    let world = World::start().await;
    world.connect_webhooks().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    (world, callbacks)
}

/// Sends a button `a` that is called `A`; gives our id of the message, and the provider's.
async fn send(world: &World, conversation: &str) -> (Value, String) {
    let sent = world.client.send(smallest_body(conversation)).await;
    let message = sent.expect(200)["message"].clone();
    let external_id = message["externalId"].as_str().expect("an id");
    (message["id"].clone(), external_id.to_owned())
}

/// A message of the customer at Meta with these members.
fn from_customer(id: &str, members: &Value) -> Value {
    let mut message = json!({"from": CUSTOMER, "id": id, "timestamp": "1790000123"});
    for (name, member) in members.as_object().expect("an object") {
        message[name] = member.clone();
    }
    whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]])
}

#[rstest]
#[case::documented("conv-zapi", Shape::ButtonsResponseMessage, false)]
#[case::observed("conv-zapi", Shape::ButtonReply, false)]
#[case::observed_otherwise("conv-zapi", Shape::ButtonReplyId, false)]
#[case::of_the_protocol("conv-zapi", Shape::TemplateButtonReplyMessage, false)]
#[case::a_text("conv-zapi", Shape::Text, true)]
#[case::usual("conv-zapperhub", Shape::TemplateButtonReplyMessage, false)]
#[case::native_flow("conv-zapperhub", Shape::InteractiveResponseMessage, false)]
#[case::legacy("conv-zapperhub", Shape::ButtonsResponseMessage, false)]
#[tokio::test]
async fn a_tap_in_any_form_is_the_same_event(
    #[case] conversation: &str,
    #[case] shape: Shape,
    #[case] inferred: bool,
) {
    let (world, _) = connected().await;
    let (message, external_id) = send(&world, conversation).await;
    world.sandbox.tap(&external_id, "a", shape).expect("a tap");
    let events = world.events("button.pressed", 1).await;
    assert_eq!(events[0]["conversationId"], conversation);
    let data = &events[0]["data"];
    assert_eq!(data["button"], json!({"id": "a", "title": "A"}));
    assert_eq!(data["inReplyTo"], message);
    assert_eq!(data["inferred"] == true, inferred, "{data}");
}

#[rstest]
#[case("conv-456")]
#[case("conv-zapi")]
#[case("conv-zapperhub")]
#[tokio::test]
async fn the_same_button_tapped_again_is_another_event(#[case] conversation: &str) {
    let (world, _) = connected().await;
    let (message, external_id) = send(&world, conversation).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(world.sandbox.tap(&external_id, "a", None).expect("a tap"));
    }
    let events = world.events("button.pressed", 2).await;
    assert_eq!(events.len(), 2);
    for (event, id) in events.iter().zip(ids) {
        event["data"].assert_has(json!({"externalId": id, "inReplyTo": message}));
    }
}

#[rstest]
#[case::of_a_message_that_is_not_ours(json!({"id": "wamid.NOBODYS", "from": "15550001111"}))]
#[case::without_a_question(Value::Null)]
#[tokio::test]
async fn a_tap_that_answers_nothing_of_ours_is_filed_under_its_sender(#[case] context: Value) {
    let (world, callbacks) = connected().await;
    let tap = json!({"context": context, "type": "interactive", "interactive": {
        "type": "button_reply", "button_reply": {"id": "b", "title": "B"}}});
    let tap = from_customer("wamid.TAP", &tap);
    callbacks.deliver("whatsapp", &tap).await;
    let events = world.events("button.pressed", 1).await;
    events[0].assert_has(json!({
        "conversationId": "conv-456", "data": {"inReplyTo": null, "button": {"id": "b"}}
    }));
    let shown = world.client.get("/conversations/conv-456").await;
    let window = &shown.expect(200)["windowExpiresAt"];
    assert_eq!(
        *window, "2026-09-22T14:15:23.000Z",
        "24 hours after the tap"
    );
}

#[rstest]
#[case::row("list.selected", "/list/id", json!({"type": "interactive", "interactive": {"type": "list_reply",
    "list_reply": {"id": "slot-14", "title": "14h"}}}), "slot-14")]
#[case::template("button.pressed", "/button/id", json!({"type": "button",
    "button": {"payload": "PAYLOAD-1", "text": "Quero"}}), "PAYLOAD-1")]
#[case::template_text("button.pressed", "/button/title", json!({"type": "button",
    "button": {"payload": "PAYLOAD-1", "text": "Quero"}}), "Quero")]
#[case::form("message.received", "/text", json!({"type": "interactive", "interactive": {"type": "nfm_reply",
    "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"broken"}}}), "{\"broken")]
#[case::unsupported("message.received", "/kind", json!({"type": "unsupported",
    "errors": [{"code": 131_051, "title": "Unknown"}], "unsupported": {"type": "poll"}}), "unsupported")]
#[case::unknown("message.received", "/kind", json!({"type": "hologram", "hologram": {}}), "unknown")]
#[case::time_as_a_number("message.received", "/text", json!({"timestamp": 1_790_000_123, "type": "text",
    "text": {"body": "oi"}}), "oi")]
#[tokio::test]
async fn what_meta_calls_a_message_is_an_event(
    #[case] kind: &str,
    #[case] place: &str,
    #[case] members: Value,
    #[case] expected: &str,
) {
    let (world, callbacks) = connected().await;
    let body = from_customer("wamid.1", &members);
    callbacks.deliver("whatsapp", &body).await;
    let events = world.events(kind, 1).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["conversationId"], "conv-456");
    let found = events[0]["data"].pointer(place);
    assert_eq!(found, Some(&json!(expected)), "{}", events[0]);
}

#[rstest]
#[case::zapi("conv-zapi", "h09")]
#[case::zapperhub("conv-zapperhub", "h09")]
#[tokio::test]
async fn a_row_of_a_list_is_an_event(#[case] conversation: &str, #[case] id: &str) {
    let (world, _) = connected().await;
    let (message, external_id) = send(&world, conversation).await;
    let row = ListRow {
        id: id.to_owned(),
        title: "09:00".to_owned(),
        description: Some("Sala 2".to_owned()),
    };
    world.sandbox.pick(&external_id, &row).expect("a choice");
    let events = world.events("list.selected", 1).await;
    let list = &events[0]["data"]["list"];
    assert_eq!(*list, json!({"id": id, "title": "09:00"}));
    assert_eq!(events[0]["data"]["inReplyTo"], message);
}

#[rstest]
#[case::window("conv-456", "", None, json!(131_047), "window_closed")]
#[case::number(
    "conv-zapi",
    "Phone number does not exist",
    None,
    Value::Null,
    "invalid_recipient"
)]
#[case::terms(
    "conv-zapi",
    "You must accept buttons message terms in panel to send this message.",
    None,
    Value::Null,
    "button_terms_not_accepted"
)]
#[case::ban(
    "conv-zapi",
    "Whatsapp rejected sending this message",
    Some("SHADOW_BAN"),
    Value::Null,
    "restricted"
)]
#[tokio::test]
async fn a_failure_that_is_told_later_ends_the_message_with_its_reason(
    #[case] conversation: &str,
    #[case] text: &str,
    #[case] error_code: Option<&str>,
    #[case] code: Value,
    #[case] reason: &str,
) {
    let (world, _) = connected().await;
    let mut settings = Settings::default();
    settings.webhooks.fail_with = Some(Failure {
        text: Some(text.to_owned()).filter(|text| !text.is_empty()),
        error_code: error_code.map(str::to_owned),
        ..Failure::default()
    });
    world.sandbox.set_settings(settings);
    let (message, _) = send(&world, conversation).await;
    let failed = world.events("message.failed", 1).await;
    assert_eq!(failed[0]["data"]["messageId"], message);
    let error = &failed[0]["data"]["error"];
    assert_eq!((&error["code"], &error["reason"]), (&code, &json!(reason)));
    let id = message.as_str().expect("an id");
    let shown = world.client.get(&format!("/messages/{id}")).await;
    let shown = shown.expect(200);
    shown.assert_has(json!({"status": "failed", "metadata": {"error": {"reason": reason}}}));
}

#[tokio::test]
async fn zapperhubs_status_0_is_a_failure() {
    let (world, _) = connected().await;
    let mut settings = Settings::default();
    settings.webhooks.fail_with = Some(Failure::default());
    world.sandbox.set_settings(settings);
    let (message, _) = send(&world, "conv-zapperhub").await;
    let failed = world.events("message.failed", 1).await;
    assert_eq!(failed[0]["data"]["messageId"], message);
}

#[tokio::test]
async fn a_customer_may_have_a_user_id_and_no_phone() {
    let (world, _) = connected().await;
    let mut settings = Settings::default();
    settings.whatsapp.bsuid_mode = BsuidMode::Only;
    world.sandbox.set_settings(settings);
    for text in ["Oi", "Tudo bem?"] {
        let said = world
            .sandbox
            .say(Provider::Whatsapp, "", "5511944443333", text);
        said.expect("a text");
    }
    let events = world.events("message.received", 2).await;
    for event in &events {
        let from = &event["data"]["from"];
        assert_eq!(from["phone"], Value::Null, "{event}");
        let user_id = from["userId"].as_str().unwrap_or_default();
        assert!(user_id.starts_with("BR."), "{event}");
    }
    assert_eq!(events[0]["conversationId"], events[1]["conversationId"]);
    assert_eq!(world.events("conversation.created", 1).await.len(), 1);
}

#[rstest]
#[case::zapi("zapi", [
    json!({"type": "DisconnectedCallback", "instanceId": "INST-01", "disconnected": true,
        "error": "Device has been disconnected", "momment": 1_790_000_000}),
    json!({"type": "ConnectedCallback", "instanceId": "INST-01", "connected": true, "momment": 1_790_000_000_000_i64}),
])]
#[case::zapperhub("zapperhub", [
    json!({"type": "connection.update", "instanceId": "inst_5f2c", "connection": "close"}),
    json!({"type": "connection.update", "instanceId": "inst_5f2c", "connection": "open"}),
])]
#[tokio::test]
async fn a_channel_goes_down_and_comes_back(#[case] channel: &str, #[case] news: [Value; 2]) {
    let (world, callbacks) = connected().await;
    let kinds = ["channel.disconnected", "channel.connected"];
    for ((news, kind), is_up) in news.iter().zip(kinds).zip([false, true]) {
        // Told twice, and still one event.
        callbacks.deliver(channel, news).await;
        callbacks.deliver(channel, news).await;
        let told = world.events(kind, 1).await;
        assert_eq!(told[0]["channelId"], channel);
        let shown = world.client.get(&format!("/channels/{channel}")).await;
        assert_eq!(shown.expect(200)["connected"], is_up);
    }
    world.stop().await;
    for kind in kinds {
        let told = recado_tests::events::stored(&world.database, kind).await;
        assert_eq!(told.len(), 1, "{kind}");
    }
}
