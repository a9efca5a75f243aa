//! Whatever comes to the webhooks in a provider's name, with its proof.

use proptest::prelude::*;
use proptest::sample::Index;
use recado_tests::World;
use recado_tests::callbacks::{
    Callbacks, NUMBER, Text, change, whatsapp, whatsapp_status, whatsapp_texts, zapi, zapperhub,
};
use recado_tests::client::answer;
use serde_json::{Value, json};

use super::{any_json, for_many};

const PROVIDERS: [&str; 3] = ["whatsapp", "zapi", "zapperhub"];
const CONTENT_TYPES: [&str; 5] = [
    "application/json",
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
];

/// What each provider sends on a good day.
fn examples() -> Vec<(&'static str, Value)> {
    let text = Text::from("5511977776666");
    let mut examples = vec![
        (
            "whatsapp",
            whatsapp(&[vec![whatsapp_texts(NUMBER, std::slice::from_ref(&text))]]),
        ),
        ("zapi", zapi(&text)),
        ("zapperhub", zapperhub(&text)),
    ];
    let reply = |kind: &str| json!({"type": "interactive", "interactive": {"type": kind, kind: {"id": "a", "title": "A", "description": "d"}}});
    let others = [
        reply("button_reply"),
        reply("list_reply"),
        json!({"type": "button", "button": {"payload": "a", "text": "A"}}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "\u{1f44d}"}}),
        json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "5511977776665", "body": "changed"}}),
        json!({"type": "unsupported", "errors": [{"code": 131_051, "title": "Unsupported", "error_data": {"details": "x"}}]}),
    ];
    for mut message in others {
        message["from"] = "5511977776666".into();
        message["id"] = "wamid.A".into();
        message["timestamp"] = "1790000000".into();
        message["context"] = json!({"id": "wamid.X"});
        let members = json!({"contacts": [{"wa_id": "5511977776666", "user_id": "BR.1", "profile": {"name": "Ana"}}], "messages": [message]});
        examples.push(("whatsapp", whatsapp(&[vec![change(NUMBER, &members)]])));
    }
    let mut failed = whatsapp_status("wamid.X", "failed");
    failed["errors"] =
        json!([{"code": 131_047, "title": "Re-engagement", "error_data": {"details": "24 hours"}}]);
    let members =
        json!({"statuses": [failed], "errors": [{"code": 130_429, "title": "Rate limit"}]});
    examples.push(("whatsapp", whatsapp(&[vec![change(NUMBER, &members)]])));
    for members in [
        json!({"buttonsResponseMessage": {"buttonId": "a", "message": "A"}, "referenceMessageId": "X"}),
        json!({"listResponseMessage": {"message": "A", "title": "A", "selectedRowId": "a"}}),
        json!({"type": "MessageStatusCallback", "status": "READ", "ids": ["X", "Y"]}),
        json!({"type": "DeliveryCallback", "zaapId": "Z", "messageId": "Z", "error": "Phone number does not exist"}),
        json!({"type": "DisconnectedCallback", "error": "gone"}),
    ] {
        examples.push(("zapi", merged(zapi(&text), &members)));
    }
    examples.extend(of_zapperhub(&text).map(|body| ("zapperhub", body)));
    examples
}

/// Three taps, a status and a lost connection.
fn of_zapperhub(text: &Text) -> [Value; 5] {
    let context = json!({"stanzaId": "X", "quotedMessage": {"conversation": "Hi"}});
    let answer = |message: Value| merged(zapperhub(text), &json!({"message": message}));
    [
        answer(
            json!({"templateButtonReplyMessage": {"selectedId": "a", "selectedDisplayText": "A", "contextInfo": context}}),
        ),
        answer(
            json!({"interactiveResponseMessage": {"body": {"text": "A"}, "nativeFlowResponseMessage": {"name": "quick_reply", "paramsJson": "{\"id\":\"a\"}"}, "contextInfo": context}}),
        ),
        answer(
            json!({"listResponseMessage": {"title": "A", "singleSelectReply": {"selectedRowId": "a"}, "contextInfo": context}}),
        ),
        json!({"type": "messages.update", "instanceId": "inst_5f2c", "body": [{"key": {"id": "X", "fromMe": true}, "update": {"status": 4}}]}),
        json!({"type": "connection.update", "instanceId": "inst_5f2c", "connection": "close"}),
    ]
}

fn merged(mut body: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().expect("an object") {
        body[name] = member.clone();
    }
    body
}

/// Every value in the body, from the root on.
fn places(body: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.to_owned());
    match body {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            places(value, &format!("{place}/{name}"), found);
        }),
        Value::Array(array) => (0..)
            .zip(array)
            .for_each(|(number, value)| places(value, &format!("{place}/{number}"), found)),
        _ => {}
    }
}

fn replace(body: &mut Value, at: Index, with: Value) {
    let mut found = Vec::new();
    places(body, "", &mut found);
    let place = &found[at.index(found.len())];
    *body.pointer_mut(place).expect("a place") = with;
}

async fn check(
    world: &World,
    (provider, content_type): (&str, &str),
    body: Vec<u8>,
) -> Result<(), TestCaseError> {
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let shown = String::from_utf8_lossy(&body).into_owned();
    let call = callbacks.call(provider, body);
    let answered = answer(call.header("content-type", content_type)).await;
    prop_assert!(
        [200, 400].contains(&answered.status.as_u16()),
        "{provider} {shown}: {}",
        answered.text
    );
    Ok(())
}

#[test]
fn no_bytes_of_a_provider_make_the_server_fail() {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        any_json().prop_map(|body| body.to_string().into_bytes()),
        (0..20_000_usize).prop_map(|depth| vec![b'['; depth]),
        ("[a-zA-Z]{0,8}", any_json())
            .prop_map(|(name, body)| format!("jsonData={body}&{name}=%ff%00&").into_bytes()),
    ];
    let provider = prop::sample::select(&PROVIDERS[..]);
    let content_type = prop::sample::select(&CONTENT_TYPES[..]);
    let inputs = (provider, content_type, bytes);
    for_many(
        256,
        &inputs,
        &async |world, (provider, content_type, bytes)| {
            check(world, (provider, content_type), bytes).await
        },
    );
}

#[test]
fn no_change_in_what_a_provider_sends_makes_the_server_fail() {
    let changes = prop::collection::vec((any::<Index>(), any_json()), 0..4);
    let cut = prop::option::weighted(0.1, any::<Index>());
    let inputs = (prop::sample::select(examples()), changes, cut);
    for_many(384, &inputs, &async |world,
                                   (
        (provider, mut body),
        changes,
        cut,
    )| {
        for (at, with) in changes {
            replace(&mut body, at, with);
        }
        let mut bytes = body.to_string().into_bytes();
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(world, (provider, "application/json"), bytes).await
    });
}
