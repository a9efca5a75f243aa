//! Texts that are longer than anything is stored: cut between characters, and said to be.

use recado_tests::prelude::*;

/// Most bytes of a text, or of the id of a choice, that are stored.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Delivers a message of the customer at Meta with these members.
async fn deliver(callbacks: &Callbacks, members: &Value) {
    let mut message = json!({"from": CUSTOMER, "id": format!("wamid.{}", members.to_string().len()),
        "timestamp": "1790000123"});
    for (name, member) in members.as_object().expect("an object") {
        message[name] = member.clone();
    }
    let call = whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]]);
    callbacks.deliver("whatsapp", &call).await;
}

#[tokio::test]
async fn a_text_is_stored_up_to_64_kib_and_marked_as_cut() {
    let (world, callbacks) = World::with_callbacks().await;
    // No character ends at the bound.
    let whole = format!("x{}", "é".repeat(MAX_TEXT_BYTES / 2 - 1));
    let too_long = format!("{whole}é");
    for said in [&whole, &too_long] {
        let members = json!({"type": "text", "text": {"body": said}});
        deliver(&callbacks, &members).await;
    }
    let events = world.events("message.received", 2).await;
    for (event, truncated) in events.iter().zip([false, true]) {
        assert!(event["data"]["text"] == whole, "cut: {truncated}");
        assert_eq!(event["data"]["textTruncated"] == true, truncated);
        let path = format!("/messages/{}", text(&event["data"]["messageId"]));
        let shown = world.client.read(&path).await;
        assert!(shown["text"] == whole, "cut: {truncated}");
        assert_eq!(shown["metadata"]["textTruncated"], truncated);
    }
}

#[tokio::test]
async fn the_id_of_a_tap_is_never_cut() {
    let (world, callbacks) = World::with_callbacks().await;
    for kind in ["button", "list"] {
        for length in [MAX_TEXT_BYTES, MAX_TEXT_BYTES + 1] {
            let reply = format!("{kind}_reply");
            let choice = json!({"id": "i".repeat(length), "title": "Title"});
            let members =
                json!({"type": "interactive", "interactive": {"type": reply, &reply: choice}});
            deliver(&callbacks, &members).await;
        }
    }
    for (kind, of_kind) in [("button", "button.pressed"), ("list", "list.selected")] {
        let events = world.events(of_kind, 1).await;
        let choice = &events[0]["data"][kind];
        assert!(choice["id"] == "i".repeat(MAX_TEXT_BYTES), "{kind}");
        assert_eq!(choice["title"], "Title");
    }
    // Without its id a tap is a message.
    let events = world.events("message.received", 2).await;
    for (event, kind) in events.iter().zip(["button", "list"]) {
        event["data"].assert_has(json!({"kind": kind, "text": "Title"}));
    }
}
