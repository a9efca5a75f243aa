//! Texts that show nothing are blank, on every provider and in every request.

use recado_tests::World;
use recado_tests::world::{CONVERSATIONS, smallest_body};
use serde_json::json;

const INVISIBLE: [&str; 6] = [
    "\u{200b}",
    "\u{ad}\u{2060}",
    "\u{3164}",
    "\u{2800} ",
    "\u{e0041}",
    "\u{fe0f}\n",
];

#[tokio::test]
async fn a_message_of_invisible_characters_is_blank_on_every_provider() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        for field in ["body_text", "button_1_id", "button_1_title"] {
            for text in INVISIBLE {
                let mut body = smallest_body(conversation);
                body[field] = text.into();
                let refused = world.client.send(body).await.expect(400);
                let faults = &refused["details"][field]["_errors"];
                assert_eq!(
                    faults,
                    &json!(["Must not be blank"]),
                    "{provider} {field} {text:?}"
                );
            }
        }
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_header_of_invisible_characters_is_left_out() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        world.sandbox.clear();
        let mut body = smallest_body(conversation);
        body["header_text"] = "\u{200b}".into();
        body["footer_text"] = "\u{2800}".into();
        world.client.accepted(body).await;
        let shown = &world.sandbox.phone_messages()[0];
        assert_eq!((shown.header(), shown.footer()), (None, None), "{provider}");
    }
}

#[tokio::test]
async fn a_name_of_invisible_characters_is_blank() {
    let world = World::start().await;
    for path in ["/agents", "/channels"] {
        let refused = world.client.post(path, json!({"name": "\u{200b}"})).await;
        let faults = &refused.expect(400)["details"]["name"]["_errors"];
        assert_eq!(faults, &json!(["Must not be blank"]), "{path}");
    }
}

#[tokio::test]
async fn titles_that_look_the_same_are_refused_on_whatsapp_alone() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let mut body = smallest_body(conversation);
        body["button_1_title"] = "Caf\u{e9}".into();
        body["button_2_id"] = "b".into();
        body["button_2_title"] = "Cafe\u{301}\u{200e}".into();
        let answer = world.client.send(body).await;
        if provider == "whatsapp" {
            answer.refused(500, "content_refused");
        } else {
            answer.expect(200);
        }
    }
}
