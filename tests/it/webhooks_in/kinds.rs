//! Each kind of thing that a customer or a provider says becomes its event.

use recado_sandbox::{Failure, ListRow, Settings, Shape};
use recado_tests::prelude::*;
use rstest::rstest;

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
async fn a_tap_in_any_form_is_the_same_event_and_a_second_tap_another(
    #[case] conversation: &str,
    #[case] shape: Shape,
    #[case] inferred: bool,
) {
    let world = World::connected().await;
    let sent = world.sent(conversation).await;
    let tap = || world.sandbox.tap(&sent.external_id, "a", shape);
    let ids = [tap().expect("a tap"), tap().expect("a tap")];
    let events = world.events("button.pressed", 2).await;
    assert_eq!(events.len(), 2);
    for (event, id) in events.iter().zip(ids) {
        event.assert_has(json!({"conversationId": conversation, "data": {
            "inReplyTo": sent.id, "externalId": id,
        }}));
        assert_eq!(event["data"]["button"], json!({"id": "a", "title": "A"}));
        assert_eq!(event["data"]["inferred"] == true, inferred, "{event}");
    }
}

#[rstest]
#[case("conv-zapi")]
#[case("conv-zapperhub")]
#[tokio::test]
async fn a_row_of_a_list_is_an_event(#[case] conversation: &str) {
    let world = World::connected().await;
    let sent = world.sent(conversation).await;
    let row = ListRow {
        id: "h09".to_owned(),
        title: "09:00".to_owned(),
        description: Some("Sala 2".to_owned()),
    };
    let picked = world.sandbox.pick(&sent.external_id, &row);
    picked.expect("a choice");
    let data = &world.events("list.selected", 1).await[0]["data"];
    assert_eq!(data["list"], json!({"id": "h09", "title": "09:00"}));
    assert_eq!(data["inReplyTo"], sent.id);
}

#[rstest]
#[case::window("conv-456", None, json!({"code": 131_047, "reason": "window_closed"}))]
#[case::ban("conv-zapi", Some("SHADOW_BAN"), json!({"code": null, "reason": "restricted"}))]
#[tokio::test]
async fn a_failure_that_is_told_later_ends_the_message_with_its_reason(
    #[case] conversation: &str,
    #[case] error_code: Option<&str>,
    #[case] error: Value,
) {
    let world = World::connected().await;
    let mut settings = Settings::default();
    settings.webhooks.fail_with = Some(Failure {
        text: error_code.map(|_| "Whatsapp rejected sending this message".to_owned()),
        error_code: error_code.map(str::to_owned),
        ..Failure::default()
    });
    world.sandbox.set_settings(settings);
    let sent = world.sent(conversation).await;
    let failed = &world.events("message.failed", 1).await[0];
    failed["data"].assert_has(json!({"messageId": sent.id, "error": error}));
    let shown = world.client.read(&format!("/messages/{}", sent.id)).await;
    shown.assert_has(json!({"status": "failed", "metadata": {"error": error}}));
}
