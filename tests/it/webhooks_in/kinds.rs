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

#[tokio::test]
async fn what_meta_says_about_the_account_is_an_event_once() {
    let (world, callbacks) = World::with_callbacks().await;
    let restricted = json!({"event": "ACCOUNT_RESTRICTION",
        "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}]});
    let change = json!({"field": "account_update", "value": restricted});
    for time in [1_790_000_300, 1_790_000_360] {
        let call = json!({"object": "whatsapp_business_account",
            "entry": [{"id": "900000000000001", "time": time, "changes": [change]}]});
        callbacks.deliver("whatsapp", &call).await;
    }
    callbacks
        .deliver("zapi", &zapi(&Text::from("5511944443333")))
        .await;
    world.events("message.received", 1).await;
    let alerts = world.events("channel.alert", 1).await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (&alerts[0]["channelId"], &alerts[0]["conversationId"]),
        (&json!("whatsapp"), &Value::Null)
    );
    assert_eq!(
        alerts[0]["data"],
        json!({"field": "account_update", "severity": "critical", "account": "900000000000001",
        "detail": "ACCOUNT_RESTRICTION: RESTRICTED_BIZ_INITIATED_MESSAGING", "code": null, "value": restricted})
    );
}
