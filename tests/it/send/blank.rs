//! Texts that show nothing are blank, in every request.

use recado_tests::prelude::*;

const INVISIBLE: [&str; 6] = [
    "\u{200b}",
    "\u{ad}\u{2060}",
    "\u{3164}",
    "\u{2800} ",
    "\u{e0041}",
    "\u{fe0f}\n",
];

#[tokio::test]
async fn a_text_of_invisible_characters_is_blank_where_it_is_required_and_left_out_where_it_is_not()
{
    let world = World::start().await;
    for text in INVISIBLE {
        for field in ["body_text", "button_1_id", "button_1_title"] {
            let mut body = smallest_body("conv-456");
            body[field] = text.into();
            let refused = world.client.send(body).await.expect(400);
            let faults = &refused["details"][field]["_errors"];
            assert_eq!(*faults, json!(["Must not be blank"]), "{field} {text:?}");
        }
    }
    assert!(world.sandbox.requests().is_empty());
    let mut body = smallest_body("conv-456");
    body["header_text"] = "\u{200b}".into();
    body["footer_text"] = "\u{2800}".into();
    world.client.accepted(body).await;
    let shown = &world.sandbox.phone_messages()[0];
    assert_eq!((shown.header(), shown.footer()), (None, None));
}

#[tokio::test]
async fn a_name_of_invisible_characters_is_blank() {
    let world = World::start().await;
    for path in ["/agents", "/channels"] {
        let refused = world.client.post(path, json!({"name": "\u{200b}"})).await;
        let faults = &refused.expect(400)["details"]["name"]["_errors"];
        assert_eq!(*faults, json!(["Must not be blank"]), "{path}");
    }
}
