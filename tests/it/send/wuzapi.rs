//! The wuzapi dialect of ZapperHUB, there and back: what is sent, and the signed webhooks in every encoding.

use recado_sandbox::{ListRow, Provider, Settings, Shape, WebhookFormat};
use recado_tests::World;
use recado_tests::callbacks::{Callbacks, hmac};
use recado_tests::client::answer;
use recado_tests::json::AssertHas as _;
use recado_tests::world::{CUSTOMER, smallest_body};
use rstest::rstest;
use serde_json::{Value, json};

const BUTTONS: [(&str, &str, Shape); 3] = [
    ("sim ✅&=%", "Sim", Shape::TemplateButtonReplyMessage),
    ("dois", "Não", Shape::ButtonsResponseMessage),
    ("\"três\"", "Três + 1", Shape::InteractiveResponseMessage),
];

/// A world whose channel `wuzapi` has told its server where the webhooks go.
async fn connected(format: WebhookFormat) -> World {
    let world = World::start().await;
    world.open_wuzapi().await;
    let mut settings = Settings::default();
    settings.wuzapi.webhook_format = format;
    world.sandbox.set_settings(settings);
    let registered = world
        .client
        .post("/channels/wuzapi/register-webhook", json!({}))
        .await;
    registered.expect(200);
    world
}

async fn send(world: &World) -> Value {
    let [(one, first, _), (two, second, _), (three, third, _)] = BUTTONS;
    let body = json!({
        "agentId": "agent-123", "conversationId": "conv-wuzapi", "body_text": "Qual?",
        "header_text": "Loja", "footer_text": "Até 18h",
        "button_1_id": one, "button_1_title": first, "button_2_id": two, "button_2_title": second,
        "button_3_id": three, "button_3_title": third,
    });
    world.client.accepted(body).await["message"].clone()
}

#[rstest]
#[case::form(WebhookFormat::Form)]
#[case::json(WebhookFormat::Json)]
#[tokio::test]
async fn a_tap_in_every_spelling_comes_back_from_wuzapi(#[case] format: WebhookFormat) {
    let world = connected(format).await;
    let message = send(&world).await;
    let external_id = message["externalId"].as_str().expect("an id");
    for (id, _, shape) in BUTTONS {
        world.sandbox.tap(external_id, id, shape).expect("a tap");
    }
    let events = world.events("button.pressed", BUTTONS.len()).await;
    assert_eq!(events.len(), BUTTONS.len());
    for (event, (id, title, _)) in events.iter().zip(BUTTONS) {
        event.assert_has(json!({"channelId": "wuzapi", "conversationId": "conv-wuzapi"}));
        let data = &event["data"];
        assert_eq!(data["button"], json!({"id": id, "title": title}), "{event}");
        data.assert_has(json!({"inReplyTo": message["id"], "from": {"phone": CUSTOMER}}));
        let lid = data["from"]["lid"].as_str().unwrap_or_default();
        assert!(lid.ends_with("@lid"), "{event}");
    }
}

#[rstest]
#[case::form(WebhookFormat::Form)]
#[case::json(WebhookFormat::Json)]
#[tokio::test]
async fn a_text_a_choice_and_receipts_come_back_from_wuzapi(#[case] format: WebhookFormat) {
    let world = connected(format).await;
    let message = send(&world).await;
    let external_id = message["externalId"].as_str().expect("an id");
    let row = ListRow {
        id: "h09".to_owned(),
        title: "09:00".to_owned(),
        description: None,
    };
    world.sandbox.pick(external_id, &row).expect("a choice");
    world.sandbox.read(external_id).expect("read");
    let text = "50% & 1+1=2 ção 👋";
    world
        .sandbox
        .say(Provider::Wuzapi, "", CUSTOMER, text)
        .expect("a text");
    let received = world.events("message.received", 1).await;
    received[0].assert_has(json!({"data": {"text": text}, "conversationId": "conv-wuzapi"}));
    let selected = world.events("list.selected", 1).await;
    let list = &selected[0]["data"]["list"];
    assert_eq!(*list, json!({"id": "h09", "title": "09:00"}));
    for kind in ["message.accepted", "message.delivered", "message.read"] {
        let told = world.events(kind, 1).await;
        assert_eq!(told.len(), 1, "{kind}");
        assert_eq!(told[0]["data"]["messageId"], message["id"], "{kind}");
    }
}

#[tokio::test]
async fn wuzapi_is_up_down_and_up_again_and_our_own_reading_is_nothing() {
    let world = connected(WebhookFormat::Json).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let sent = world.client.send(smallest_body("conv-wuzapi")).await;
    let sent = sent.expect(200)["message"]["externalId"].clone();
    let reading =
        json!({"type": "ReadReceipt", "state": "ReadSelf", "event": {"MessageIDs": [sent]}});
    callbacks.deliver("wuzapi", &reading).await;
    for kind in ["Connected", "Disconnected", "Connected", "LoggedOut"] {
        let news = json!({"type": kind, "userID": "1", "instanceName": "aurora", "event": {}});
        callbacks.deliver("wuzapi", &news).await;
    }
    let down = world.events("channel.disconnected", 2).await;
    assert_eq!(down[0]["data"]["detail"], Value::Null);
    assert_eq!(
        down[1]["data"]["detail"],
        "logged out: a phone must be paired"
    );
    assert_eq!(world.events("channel.connected", 2).await.len(), 2);
    assert!(world.events("message.read", 0).await.is_empty());
}

#[tokio::test]
async fn wuzapi_has_to_sign_every_byte() {
    let world = connected(WebhookFormat::Json).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let channel = world.client.read("/channels/wuzapi").await;
    let secret = channel["webhookSecret"].as_str().expect("a secret");
    let body = json!({"type": "Disconnected", "event": {}}).to_string();
    let signature = hmac(secret, body.as_bytes());
    let post = |signature: Option<&str>, body: &str| {
        let call = callbacks.unproved(callbacks.path("wuzapi"), body);
        let call = call.header("content-type", "application/json");
        match signature {
            Some(signature) => answer(call.header("x-hmac-signature", signature)),
            None => answer(call),
        }
    };
    let changed = body.replace("Disc", "disc");
    for (signature, body) in [
        (None, &body),
        (Some(""), &body),
        (Some(&signature[1..]), &body),
        (Some(&*signature), &changed),
    ] {
        assert_eq!(post(signature, body).await.status, 401, "{signature:?}");
    }
    assert!(world.events("channel.disconnected", 0).await.is_empty());
    let upper = signature.to_uppercase();
    assert_eq!(post(Some(&upper), &body).await.status, 200);
    world.events("channel.disconnected", 1).await;
}

#[tokio::test]
async fn a_picture_of_wuzapi_comes_as_a_form_with_the_file_in_it() {
    let world = connected(WebhookFormat::Form).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let channel = world.client.read("/channels/wuzapi").await;
    let secret = channel["webhookSecret"].as_str().expect("a secret");
    let event = json!({"type": "Message", "event": {
        "Info": {"ID": "3AF0", "Chat": "5511900000001@s.whatsapp.net", "Sender": "5511900000001@s.whatsapp.net"},
        "Message": {"imageMessage": {"caption": "A & B"}},
    }});
    let fields = json!({
        "file": "/app/files/1/3AF0.jpg", "instanceName": "aurora",
        "jsonData": event.to_string(), "userID": "1",
    });
    let part = |(name, text): (&String, &Value)| {
        let text = text.as_str().expect("a text");
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let parts = fields.as_object().expect("an object").iter().map(part);
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"3AF0.jpg\"\r\n\r\n\u{1}\r\n--x--\r\n";
    let form = parts.chain([file.to_owned()]).collect::<Vec<_>>().concat();
    // Go writes `&` like this.
    let signed = fields.to_string().replace('&', "\\u0026");
    let call = callbacks
        .unproved(callbacks.path("wuzapi"), form)
        .header("content-type", "multipart/form-data; boundary=x")
        .header("x-hmac-signature", hmac(secret, signed.as_bytes()));
    answer(call).await.expect(200);
    let received = world.events("message.received", 1).await;
    received[0].assert_has(json!({
        "data": {"kind": "image", "text": "A & B"}, "conversationId": "conv-wuzapi"
    }));
}
