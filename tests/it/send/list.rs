//! A list of options: out on every channel, and the choice back.

use recado_core::SendList;
use recado_sandbox::ListRow;
use recado_tests::prelude::*;
use rstest::rstest;

const PATH: &str = "/messages/interactive/send-lists";

/// The documentation's example, into that conversation.
fn example(conversation: &str) -> Value {
    let mut body: Value = serde_json::from_str(SendList::EXAMPLE).expect("JSON");
    body["conversationId"] = conversation.into();
    body
}

#[rstest]
#[case::whatsapp("conv-456", &[])]
#[case::k55_zapi("conv-zapi", &["header_text", "footer_text", "section_1_title", "section_2_title"])]
#[case::zapperapi("conv-zapperhub", &[])]
#[case::wuzapi("conv-wuzapi", &[])]
#[tokio::test]
async fn a_list_goes_out_and_the_choice_comes_back(
    #[case] conversation: &str,
    #[case] degraded: &[&str],
) {
    let world = World::connected().await;
    if conversation == "conv-wuzapi" {
        world.open_wuzapi().await;
        let path = "/channels/wuzapi/register-webhook";
        world.client.act(path, json!({})).await;
    }
    let answer = world.client.post(PATH, example(conversation)).await;
    let message = &answer.expect(200)["message"];
    message.assert_has(json!({
        "text": "When may we deliver your order?", "status": "accepted", "degraded": degraded,
        "metadata": {"kind": "list", "list": {"button": "Choose a time"}},
    }));
    let sections = &message["metadata"]["list"]["sections"];
    assert_eq!(sections[0]["rows"][1]["id"], "slot-16", "{sections}");
    let phone = world.sandbox.phone_messages();
    let list = phone[0].content.as_list().expect("a list");
    let rows: Vec<ListRow> = list.menu.rows().cloned().collect();
    let ids: Vec<_> = rows.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["slot-14", "slot-16", "slot-morning"]);
    let picked = world.sandbox.pick(&phone[0].message_id, &rows[1]);
    picked.expect("a choice");
    let event = &world.events("list.selected", 1).await[0];
    event.assert_has(json!({"conversationId": conversation, "data": {"inReplyTo": message["id"]}}));
    let chosen = json!({"id": "slot-16", "title": "16:00 to 18:00"});
    assert_eq!(event["data"]["list"], chosen);
}

#[tokio::test]
async fn the_event_of_an_accepted_message_names_what_is_carried_in_another_form() {
    let world = World::start().await;
    let sent = world.client.act(PATH, example("conv-zapi")).await;
    let queued = json!({"kind": "list", "message": example("conv-zapi")});
    let batch = json!({"messages": [queued]});
    world.client.act("/messages/batch", batch).await;
    for event in world.events("message.accepted", 2).await {
        let degraded = &event["data"]["degraded"];
        assert_eq!(*degraded, sent["message"]["degraded"], "{event}");
    }
    world.client.act(PATH, example("conv-zapperhub")).await;
    let events = world.events("message.accepted", 3).await;
    assert_eq!(events[2]["data"].get("degraded"), None);
}

#[tokio::test]
async fn a_dry_run_tells_what_the_channel_carries_in_another_form() {
    let world = World::start().await;
    let path = format!("{PATH}?dryRun=true");
    let shown = world.client.post(&path, example("conv-zapi")).await;
    let shown = shown.expect(200);
    shown.assert_has(json!({
        "dryRun": true, "limits": {"rows": {"max": 10}, "row_title": {"max": 24}},
        "request": {"body": {"optionList": {"buttonLabel": "Choose a time"}}},
    }));
    let warning = json!({
        "field": "section_1_title", "degraded": true,
        "message": "Z-API has no place for it: the customer does not see it",
    });
    let warnings = shown["warnings"].as_array().expect("warnings");
    assert!(warnings.contains(&warning), "{shown}");
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn k162_k163_what_the_request_or_a_limit_does_not_allow_is_refused_without_a_call() {
    let world = World::start().await;
    let with = |conversation: &str, extra: Value| {
        let mut body = example(conversation);
        let members = extra.as_object().cloned().expect("an object");
        body.as_object_mut().expect("an object").extend(members);
        body
    };
    let eleven = (3..=10).flat_map(|row| {
        let name = format!("section_1_row_{row}");
        let title = (format!("{name}_title"), json!("T"));
        [(format!("{name}_id"), json!(format!("r{row}"))), title]
    });
    let eleven = Value::Object(eleven.collect());
    let refused = json!({"reason": "content_refused", "code": 131_009});
    for (_, conversation) in CONVERSATIONS {
        let answer = world
            .client
            .post(PATH, with(conversation, eleven.clone()))
            .await;
        let refusal = answer.expect(500);
        refusal.assert_has(refused.clone());
        assert!(text(&refusal["error"]).contains("11 rows"), "{refusal}");
    }
    let long = with("conv-456", json!({"body_text": "x".repeat(1025)}));
    let refusal = world.client.post(PATH, long).await.expect(500);
    assert!(text(&refusal["error"]).contains("1024"), "{refusal}");
    let long = with("conv-456", json!({"button_text": "x".repeat(21)}));
    let refusal = world.client.post(PATH, long).await.expect(400);
    assert!(refusal["details"].get("button_text").is_some(), "{refusal}");
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_batch_takes_lists_beside_buttons() {
    let world = World::start().await;
    let buttons = json!({"kind": "buttons", "message": smallest_body("conv-456")});
    let list = json!({"kind": "list", "message": example("conv-zapi")});
    let batch = json!({"messages": [buttons, list]});
    let answer = world.client.act("/messages/batch", batch).await;
    assert_eq!(answer["refused"], 0, "{answer}");
    world.events("message.accepted", 2).await;
    let phone = world.sandbox.phone_messages();
    let lists = phone.iter().filter(|it| it.content.as_list().is_some());
    assert_eq!((phone.len(), lists.count()), (2, 1));
}
