//! Every operation of the document, called by every kind of caller: who may do what.

use std::collections::BTreeSet;

use recado_tests::access::{self, KINDS, Kind};
use recado_tests::people::{self, ORGANIZATION};
use recado_tests::prelude::*;

use recado_tests::access::{documented_operations, with_ids};

/// Returns a new client of that kind: some calls end its session or delete its key.
async fn client(world: &World, kind: Kind) -> Client {
    match kind {
        Kind::Anonymous => world.client.anonymous(),
        Kind::Key(scope) => people::key(world, &[scope]).await,
        Kind::Session(role) => people::session(world, role).await,
        Kind::Operator => world.operator.clone(),
    }
}

#[test]
fn the_table_says_of_every_operation_who_may_call_it() {
    let table: BTreeSet<_> = access::operations()
        .map(|(operation, _)| operation.to_owned())
        .collect();
    assert_eq!(
        table,
        documented_operations(),
        "say in the table what a new operation needs"
    );
    for (operation, need) in access::operations() {
        assert!(!access::who(need).is_empty(), "{operation}");
    }
}

#[tokio::test]
async fn every_caller_may_do_what_the_table_says_and_nothing_else() {
    let world = World::start().await;
    for (operation, need) in access::operations() {
        let (verb, _) = operation.split_once(' ').expect("a verb");
        let verb: Method = verb.parse().expect("a verb");
        let path = match need {
            "manage or operator" => with_ids(&operation.replacen("{id}", ORGANIZATION, 1)),
            _ => with_ids(operation),
        };
        for kind in KINDS {
            let client = client(&world, kind).await;
            let request = client.request(verb.clone(), &path).json(&json!({}));
            let answered = answer(request).await;
            let refused = match kind {
                Kind::Anonymous => (401, "unauthorized".to_owned()),
                _ => (403, "forbidden".to_owned()),
            };
            let (got, may) = (answered.error(), access::may(kind, operation));
            if may {
                assert!(
                    ![401, 403].contains(&got.0),
                    "{kind:?} {operation}: {got:?}"
                );
            } else {
                assert_eq!(got, refused, "{kind:?} {operation}");
            }
        }
    }
    assert!(world.sandbox.requests().is_empty(), "no provider was asked");
}

#[tokio::test]
async fn a_refusal_names_the_scope_that_is_missing() {
    let world = World::start().await;
    for (client, said) in [
        (
            people::key(&world, &["read", "manage"]).await,
            "the scope `send`, which this API key does not have; its scopes are: read manage",
        ),
        (
            people::session(&world, "viewer").await,
            "the scope `send`, which the role `viewer` does not have",
        ),
    ] {
        let refused = client.send(smallest_body("conv-456")).await;
        refused.refused(403, "forbidden");
        refused.says(said);
    }
}

#[test]
fn the_document_says_what_each_operation_needs() {
    let document = serde_json::to_value(recado_server::openapi()).expect("JSON");
    for (operation, need) in access::operations() {
        let (verb, path) = operation.split_once(' ').expect("a verb");
        let documented = &document["paths"][path][verb.to_lowercase()];
        let text = documented["description"].as_str().unwrap_or_default();
        let sentence = match need {
            "manage or operator" => "Needs the scope `manage`, or an operator key.",
            "read" | "send" | "manage" => &format!("Needs the scope `{need}`."),
            _ => "",
        };
        assert!(text.ends_with(sentence), "{text}");
        let by_scope = [json!({"apiKey": []}), json!({"session": []})];
        let operator = json!({"operatorKey": []});
        let expected: Vec<Value> = match need {
            "nothing" | "provider" | "own page" => vec![json!({})],
            "manage or operator" => by_scope.into_iter().chain([operator]).collect(),
            "operator" => vec![operator],
            "session" => vec![json!({"session": []})],
            "API key" => vec![json!({"apiKey": []})],
            "any key" => vec![json!({"apiKey": []}), operator],
            _ => by_scope.into(),
        };
        assert_eq!(documented["security"], Value::from(expected), "{operation}");
    }
}

#[tokio::test]
async fn only_callers_with_the_scope_manage_see_webhook_secrets() {
    let world = World::start().await;
    let endpoint = json!({"url": "http://127.0.0.1:9/hooks/s3cret?token=s3cret"});
    world.client.create("/webhook-endpoints", endpoint).await;
    for (kind, sees) in [
        (Kind::Key("read"), false),
        (Kind::Session("viewer"), false),
        (Kind::Session("agent"), false),
        (Kind::Session("owner"), true),
    ] {
        let client = client(&world, kind).await;
        let endpoints = client.read("/webhook-endpoints").await;
        let url = text(&endpoints["data"][0]["url"]);
        assert_eq!(url.contains("s3cret"), sees, "{kind:?} {url}");
        let id = id(&endpoints["data"][0]);
        let shown = client.read(&format!("/webhook-endpoints/{id}")).await;
        assert_eq!(shown["url"], *url);
        for channel in entries(&client.read("/channels").await) {
            let provider = text(&channel["provider"]);
            let shown = client.read(&format!("/channels/{provider}")).await;
            assert_eq!(shown, *channel);
            let with_url = sees || provider == "whatsapp";
            let with_secret = sees && provider != "zapi";
            let shown = ["webhookUrl", "webhookSecret"].map(|name| channel[name].is_string());
            assert_eq!(shown, [with_url, with_secret], "{kind:?} {channel}");
        }
    }
}
