//! Whatever comes to the webhooks in a provider's name, with its proof.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use recado_tests::prelude::*;
use reqwest::Url;

use super::{any_json, for_many, furnished};

const CHANNELS: [&str; 4] = ["whatsapp", "zapi", "zapperhub", "wuzapi"];
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";
const CONTENT_TYPES: [&str; 5] = [
    "application/json",
    "application/json; charset=utf-8",
    FORM,
    MULTIPART,
    "",
];

/// What each provider sends on a good day, by the channel it sends it to: every kind of call that it
/// documents, and those that others have seen.
static CORPUS: LazyLock<Vec<(&str, Value)>> = LazyLock::new(|| {
    let bodies = [
        include_str!("../../../corpus/whatsapp.json"),
        include_str!("../../../corpus/zapi.json"),
        include_str!("../../../corpus/zapperhub.json"),
        include_str!("../../../corpus/wuzapi.json"),
    ];
    let corpus = CHANNELS.into_iter().zip(bodies);
    corpus
        .flat_map(|(channel, bodies)| {
            let bodies: Vec<Value> = serde_json::from_str(bodies).expect("an array");
            bodies.into_iter().map(move |body| (channel, body))
        })
        .collect()
});

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

/// wuzapi's other encoding of an event.
fn form(event: &str) -> String {
    let mut url = Url::parse("http://form").expect("a URL");
    url.query_pairs_mut()
        .append_pair("instanceName", "aurora")
        .append_pair("jsonData", event)
        .append_pair("userID", "1");
    url.query().unwrap_or_default().to_owned()
}

async fn check(
    world: &World,
    (channel, content_type): (&str, &str),
    body: Vec<u8>,
) -> Result<(), TestCaseError> {
    let callbacks = world.callbacks().await;
    let shown = String::from_utf8_lossy(&body).into_owned();
    let call = callbacks.call(channel, body);
    let answered = answer(call.header("content-type", content_type)).await;
    let status = answered.status.as_u16();
    // wuzapi signs the fields of a multipart form; what has none is not signed.
    let unsigned = status == 401 && (channel, content_type) == ("wuzapi", MULTIPART);
    let is_taken = status == 200 || unsigned;
    prop_assert!(is_taken, "{channel} {shown}: {}", answered.text);
    Ok(())
}

#[tokio::test]
async fn every_example_is_taken() {
    let world = furnished().await;
    let callbacks = world.callbacks().await;
    for (channel, body) in CORPUS.as_slice() {
        callbacks.deliver(channel, body).await;
        if *channel == "wuzapi" {
            let call = callbacks.call(channel, form(&body.to_string()));
            answer(call.header("content-type", FORM)).await.expect(200);
        }
    }
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
    let channel = prop::sample::select(&CHANNELS[..]);
    let content_type = prop::sample::select(&CONTENT_TYPES[..]);
    let inputs = (channel, content_type, bytes);
    for_many(
        256,
        &inputs,
        &async |world, (channel, content_type, bytes)| {
            check(world, (channel, content_type), bytes).await
        },
    );
}

#[test]
fn no_change_in_what_a_provider_sends_makes_the_server_fail() {
    let changes = prop::collection::vec((any::<Index>(), any_json()), 0..4);
    let cut = prop::option::weighted(0.1, any::<Index>());
    let example = prop::sample::select(CORPUS.as_slice());
    let inputs = (example, changes, cut, any::<bool>());
    for_many(512, &inputs, &async |world,
                                   (
        (channel, mut body),
        changes,
        cut,
        as_form,
    )| {
        for (at, with) in changes {
            replace(&mut body, at, with);
        }
        let mut body = body.to_string();
        let mut content_type = "application/json";
        if as_form && channel == "wuzapi" {
            (body, content_type) = (form(&body), FORM);
        }
        let mut bytes = body.into_bytes();
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(world, (channel, content_type), bytes).await
    });
}
