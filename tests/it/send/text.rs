//! A plain text: out on every channel, by the conversation or by the phone number.

use recado_sandbox::ResponseShape;
use recado_tests::prelude::*;
use rstest::rstest;

fn path(conversation: &str) -> String {
    format!("/conversation/message/conversationId/{conversation}")
}

#[rstest]
#[case::whatsapp("conv-456", &[])]
#[case::zapi("conv-zapi", &["linkPreview"])]
#[case::zapperapi("conv-zapperhub", &["linkPreview"])]
#[case::wuzapi("conv-wuzapi", &[])]
#[tokio::test]
async fn a_text_goes_out_and_is_reported_as_read(
    #[case] conversation: &str,
    #[case] degraded: &[&str],
) {
    let world = World::connected().await;
    if conversation == "conv-wuzapi" {
        world.open_wuzapi().await;
        let path = "/channels/wuzapi/register-webhook";
        world.client.act(path, json!({})).await;
    }
    // As ChatVolt's agents write it: every value is a text, and the agent is that of the conversation.
    let body =
        json!({"message": "Olá\nhttps://loja.example", "linkPreview": "true", "attachments": []});
    let answer = world.client.act(&path(conversation), body).await;
    answer["message"].assert_has(json!({
        "text": "Olá\nhttps://loja.example", "status": "accepted", "degraded": degraded,
        "agentId": "agent-123", "metadata": {"kind": "text", "buttons": []},
    }));
    let phone = world.sandbox.phone_messages();
    assert_eq!(phone[0].body(), Some("Olá\nhttps://loja.example"));
    world.sandbox.read(&phone[0].message_id).expect("a message");
    let event = &world.events("message.read", 1).await[0];
    event.assert_has(
        json!({"conversationId": conversation, "data": {"messageId": answer["message"]["id"]}}),
    );
}

#[tokio::test]
async fn zapperapi_s_own_report_names_a_text_whose_answer_had_no_id() {
    let world = World::connected().await;
    world.sandbox.change_settings(|settings| {
        settings.zapperhub.response_shape = ResponseShape::Empty;
    });
    let sent = json!({"message": "Olá"});
    let answer = world.client.act(&path("conv-zapperhub"), sent).await;
    let id = text(&answer["message"]["id"]);
    world.events("message.sent", 1).await;
    let shown = world.client.read(&format!("/messages/{id}")).await;
    let phone = world.sandbox.phone_messages();
    assert_eq!(shown["externalId"], phone[0].message_id);
}

#[tokio::test]
async fn a_phone_number_stands_for_the_newest_conversation_over_that_provider() {
    let world = World::start().await;
    let by_phone = |phone: &str| format!("/conversation/message/phone/{phone}");
    let body = json!({"agentId": "agent-123", "channel": "zapi", "message": "Olá"});
    let answer = world.client.act(&by_phone(CUSTOMER), body.clone()).await;
    assert_eq!(answer["message"]["conversationId"], "conv-zapi");
    for (phone, change, status, reason) in [
        (
            world::OTHER_CUSTOMER,
            json!({}),
            404,
            "conversation_not_found",
        ),
        ("x", json!({}), 404, "conversation_not_found"),
        (CUSTOMER, json!({"agentId": null}), 400, "invalid_body"),
        (CUSTOMER, json!({"channel": null}), 400, "invalid_body"),
        (
            CUSTOMER,
            json!({"agentId": "agent-x"}),
            404,
            "agent_not_found",
        ),
        (
            CUSTOMER,
            json!({"channel": "telegram"}),
            400,
            "unsupported_channel",
        ),
    ] {
        let mut body = body.clone();
        let members = change.as_object().cloned().expect("an object");
        body.as_object_mut().expect("an object").extend(members);
        let refused = world.client.post(&by_phone(phone), body).await;
        assert_eq!(refused.error(), (status, reason.to_owned()), "{change}");
    }
    let nothing = json!({"message": "Olá"});
    let refused = world
        .client
        .post(&by_phone(CUSTOMER), nothing)
        .await
        .expect(400);
    for field in ["agentId", "channel"] {
        assert!(refused["details"].get(field).is_some(), "{refused}");
    }
    let twice = json!({"message": "Olá", "conversationId": "conv-456"});
    let refused = world
        .client
        .post(&path("conv-zapi"), twice)
        .await
        .expect(400);
    assert!(
        refused["details"].get("conversationId").is_some(),
        "{refused}"
    );
    let mail = "/conversation/message/email/ana@shop.example";
    let refused = world.client.post(mail, body.clone()).await;
    assert_eq!(refused.error(), (400, "unsupported_channel".to_owned()));
    let other = world.client.post("/conversation/message/fax/1", body).await;
    assert_eq!(other.error(), (404, "not_found".to_owned()));
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn k174_a_closed_window_is_406_in_chatvolts_word() {
    let (world, ahead) = World::with_clock().await;
    let callbacks = world.callbacks().await;
    let at = world.app.clock.now().as_second();
    let said = json!({"from": CUSTOMER, "id": "wamid.IN1", "timestamp": at.to_string(), "type": "text",
        "text": {"body": "Oi"}});
    let said = change(NUMBER, &json!({"messages": [said]}));
    callbacks.deliver_change(said).await;
    world.events("message.received", 1).await;
    ahead.pass(Duration::from_hours(25));
    let sent = json!({"message": "Olá"});
    let refused = world.client.post(&path("conv-456"), sent).await;
    refused.expect(406).assert_has(json!({
        "error": "ERR_META_SESSION_EXPIRED_24H", "reason": "meta_session_expired", "code": 131_047,
    }));
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_dry_run_shows_the_request_and_sends_nothing() {
    let world = World::start().await;
    let path = format!("{}?dryRun=true", path("conv-456"));
    let shown = world.client.act(&path, json!({"message": "Olá"})).await;
    shown.assert_has(json!({
        "dryRun": true, "limits": {"message": {"max": 4096}},
        "request": {"body": {"type": "text", "text": {"body": "Olá"}}},
    }));
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_batch_takes_texts_and_a_key_counts_for_one_conversation() {
    let world = World::start().await;
    let text = |conversation: &str| json!({"kind": "text", "message": {"conversationId": conversation, "message": "Olá"}});
    let batch = json!({"messages": [text("conv-456"), text("conv-zapi")]});
    let taken = world.client.act("/messages/batch", batch).await;
    assert_eq!(taken["refused"], 0, "{taken}");
    world.events("message.accepted", 2).await;
    for conversation in ["conv-456", "conv-zapi", "conv-zapi"] {
        let request = world.client.request(Method::POST, &path(conversation));
        let request = request.header("idempotency-key", "k-1");
        let sent = answer(request.json(&json!({"message": "Oi"}))).await;
        assert_eq!(sent.body["message"]["conversationId"], conversation);
    }
    assert_eq!(world.sandbox.phone_messages().len(), 4);
}
