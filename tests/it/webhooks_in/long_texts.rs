//! Texts that are longer than anything is stored: cut between characters, and said to be.

use recado_tests::callbacks::call_of;
use recado_tests::prelude::*;
use rstest::rstest;

/// Most bytes of a text, or of the id of a choice, that are stored.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Delivers a message of the customer at Meta with these members.
async fn deliver(callbacks: &Callbacks, members: &Value) {
    let id = format!("wamid.{}", members.to_string().len());
    let call = call_of("whatsapp", &id, members);
    callbacks.deliver("whatsapp", &call).await;
}

/// A tap, or a choice of a row, at Meta.
fn reply(kind: &str, id: &str, title: &str) -> Value {
    let reply = format!("{kind}_reply");
    let choice = json!({"id": id, "title": title});
    json!({"type": "interactive", "interactive": {"type": reply, &reply: choice}})
}

#[rstest]
#[case::text(|said: &str| json!({"type": "text", "text": {"body": said}}), "message.received", "/text")]
#[case::title_of_a_tap(|said: &str| reply("button", "a", said), "button.pressed", "/button/title")]
#[case::title_of_a_row(|said: &str| reply("list", "a", said), "list.selected", "/list/title")]
#[tokio::test]
async fn a_text_is_stored_up_to_64_kib_and_marked_as_cut(
    #[case] message: fn(&str) -> Value,
    #[case] kind: &str,
    #[case] place: &str,
) {
    let (world, callbacks) = World::with_callbacks().await;
    // No character ends at the bound.
    let whole = format!("x{}", "é".repeat(MAX_TEXT_BYTES / 2 - 1));
    let too_long = format!("{whole}é");
    for said in [&whole, &too_long] {
        deliver(&callbacks, &message(said)).await;
    }
    let events = world.events(kind, 2).await;
    for (event, truncated) in events.iter().zip([false, true]) {
        let data = &event["data"];
        let told = data.pointer(place).expect("a text");
        assert!(*told == whole, "cut: {truncated}");
        assert_eq!(data["textTruncated"] == true, truncated);
        let path = format!("/messages/{}", text(&data["messageId"]));
        let shown = world.client.read(&path).await;
        assert!(shown["text"] == whole, "cut: {truncated}");
        assert_eq!(shown["metadata"]["textTruncated"], truncated);
    }
}

#[tokio::test]
async fn the_id_of_a_tap_is_never_cut() {
    let (world, callbacks) = World::with_callbacks().await;
    let kinds = [("button", "button.pressed"), ("list", "list.selected")];
    for (kind, _) in kinds {
        for length in [MAX_TEXT_BYTES, MAX_TEXT_BYTES + 1] {
            let members = reply(kind, &"i".repeat(length), "Title");
            deliver(&callbacks, &members).await;
        }
    }
    for (kind, of_kind) in kinds {
        let choice = &world.events(of_kind, 1).await[0]["data"][kind];
        assert!(choice["id"] == "i".repeat(MAX_TEXT_BYTES), "{kind}");
        assert_eq!(choice["title"], "Title");
    }
    // Without its id a tap is a message.
    let events = world.events("message.received", 2).await;
    for (event, (kind, _)) in events.iter().zip(kinds) {
        event["data"].assert_has(json!({"kind": kind, "text": "Title"}));
    }
}
