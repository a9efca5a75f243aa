//! The wuzapi dialect of ZapperHUB, there and back: what is sent, and the signed webhooks in every encoding.

use recado_sandbox::{ListRow, Provider, Settings, Shape, WebhookFormat};
use recado_tests::prelude::*;
use rstest::rstest;

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
    let path = "/channels/wuzapi/register-webhook";
    world.client.act(path, json!({})).await;
    world
}

async fn send(world: &World) -> (String, String) {
    let [(one, first, _), (two, second, _), (three, third, _)] = BUTTONS;
    let body = json!({
        "agentId": "agent-123", "conversationId": "conv-wuzapi", "body_text": "Qual?",
        "header_text": "Loja", "footer_text": "Até 18h",
        "button_1_id": one, "button_1_title": first, "button_2_id": two, "button_2_title": second,
        "button_3_id": three, "button_3_title": third,
    });
    let sent = world.client.accepted(body).await;
    ["id", "externalId"]
        .map(|name| text(&sent["message"][name]).to_owned())
        .into()
}

#[rstest]
#[case::form(WebhookFormat::Form)]
#[case::json(WebhookFormat::Json)]
#[tokio::test]
async fn taps_a_text_a_choice_and_receipts_come_back_from_wuzapi(#[case] format: WebhookFormat) {
    let world = connected(format).await;
    let (message, external_id) = send(&world).await;
    for (id, _, shape) in BUTTONS {
        world.sandbox.tap(&external_id, id, shape).expect("a tap");
    }
    let events = world.events("button.pressed", BUTTONS.len()).await;
    assert_eq!(events.len(), BUTTONS.len());
    for (event, (id, title, _)) in events.iter().zip(BUTTONS) {
        event.assert_has(json!({"channelId": "wuzapi", "conversationId": "conv-wuzapi"}));
        let data = &event["data"];
        assert_eq!(data["button"], json!({"id": id, "title": title}), "{event}");
        data.assert_has(json!({"inReplyTo": message, "from": {"phone": CUSTOMER}}));
        assert!(text(&data["from"]["lid"]).ends_with("@lid"), "{event}");
    }
    let row = ListRow {
        id: "h09".to_owned(),
        title: "09:00".to_owned(),
        description: None,
    };
    world.sandbox.pick(&external_id, &row).expect("a choice");
    world.sandbox.read(&external_id).expect("read");
    let words = "50% & 1+1=2 ção 👋";
    let said = world.sandbox.say(Provider::Wuzapi, "", CUSTOMER, words);
    said.expect("a text");
    let received = world.events("message.received", 1).await;
    received[0].assert_has(json!({"data": {"text": words}, "conversationId": "conv-wuzapi"}));
    let selected = world.events("list.selected", 1).await;
    let list = &selected[0]["data"]["list"];
    assert_eq!(*list, json!({"id": "h09", "title": "09:00"}));
    for kind in ["message.accepted", "message.delivered", "message.read"] {
        let told = world.events(kind, 1).await;
        assert_eq!(told.len(), 1, "{kind}");
        assert_eq!(told[0]["data"]["messageId"], message, "{kind}");
    }
}
