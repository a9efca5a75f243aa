//! The API describes itself, and what it says is true.

use std::collections::BTreeSet;

use recado_tests::access::with_ids;
use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;

mod shapes;

fn document() -> Value {
    serde_json::to_value(recado_server::openapi()).expect("JSON")
}

/// Verb, path and operation.
fn operations(document: &Value) -> Vec<(Method, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("operations");
        item.iter().map(move |(verb, operation)| {
            let verb = verb.to_uppercase().parse().expect("a verb");
            (verb, path.as_str(), operation)
        })
    });
    each.collect()
}

/// Every value under `key`, wherever it stands.
fn values_of<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(key));
            let values = object.values();
            values.for_each(|value| values_of(value, key, found));
        }
        Value::Array(array) => array.iter().for_each(|value| values_of(value, key, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is_and_says_openapi_3_1() {
    let world = World::start().await;
    let served = world.client.read("/openapi.json").await;
    assert_eq!(served, document());
    assert!(text(&served["openapi"]).starts_with("3.1"));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    values_of(&document, "$ref", &mut references);
    assert!(references.len() > 20, "{}", references.len());
    for reference in references {
        let pointer = text(reference).strip_prefix('#');
        let pointer = pointer.expect("a place in the document");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn every_documented_operation_is_there() {
    let (world, document) = (World::start().await, document());
    for (verb, path, operation) in operations(&document) {
        let path = match path.strip_prefix("/webhooks/") {
            Some(route) => webhook_path(&world, route).await,
            None => with_ids(&format!("{verb} {path}")),
        };
        // Another key for what deletes the key of the caller.
        let client = match path.as_str() {
            "/api-keys/current" => people::key(&world, &["read"]).await,
            _ => world.client.clone(),
        };
        let answer = answer(client.request(verb.clone(), &path)).await;
        let (status, reason) = answer.error();
        let is_there = !["not_found", "method_not_allowed"].contains(&&*reason);
        let is_documented = documents(operation, status, &reason);
        assert!(
            is_there && is_documented,
            "{verb} {path}: {status} {reason}"
        );
    }
}

/// Whether the operation says that it may answer so.
fn documents(operation: &Value, status: u16, reason: &str) -> bool {
    if status < 400 {
        return true;
    }
    let described = operation["responses"][status.to_string()]["description"].as_str();
    described.is_some_and(|text| text.contains(&format!("`{reason}`")))
}

#[tokio::test]
async fn what_a_body_names_in_vain_is_a_documented_answer() {
    let (world, document) = (World::start().await, document());
    let agents = json!({"id": "agent-123", "name": "Front desk"});
    let channel = json!({"provider": "zapi", "name": "z", "credentials": credentials("zapi"), "agentId": "unknown"});
    let to = "5511900000009";
    let no_agent = json!({"agentId": "unknown"});
    let conversation =
        |agent: &str, channel: &str| json!({"agentId": agent, "channelId": channel, "to": to});
    let (of_none, nowhere) = (
        conversation("unknown", "zapi"),
        conversation("agent-123", "nowhere"),
    );
    for (verb, path, body, reason) in [
        (Method::POST, "/agents", agents, "already_exists"),
        (Method::POST, "/channels", channel, "agent_not_found"),
        (Method::PATCH, "/channels/zapi", no_agent, "agent_not_found"),
        (Method::POST, "/conversations", of_none, "agent_not_found"),
        (Method::POST, "/conversations", nowhere, "channel_not_found"),
    ] {
        let request = world.client.request(verb.clone(), path).json(&body);
        let answer = answer(request).await.error();
        assert_eq!(answer.1, reason, "{verb} {path}");
        let documented = path.replace("/zapi", "/{id}");
        let operation = &document["paths"][documented][verb.as_str().to_lowercase()];
        assert!(documents(operation, answer.0, reason), "{verb} {path}");
    }
}

#[test]
fn the_published_example_stands_there_as_it_was_published() {
    let document = document();
    let send = &document["paths"]["/messages/interactive/send-buttons"]["post"];
    assert_contains(text(&send["description"]), PUBLISHED_EXAMPLE);
}

#[test]
fn an_answer_that_asks_to_wait_documents_its_header() {
    let document = document();
    let send = &document["paths"]["/messages/interactive/send-buttons"]["post"];
    for status in ["429", "500"] {
        let header = &send["responses"][status]["headers"]["Retry-After"];
        assert_eq!(header["schema"]["type"], "integer", "{status}");
    }
}

/// The path of the webhooks of a provider's channel, for a route such as `zapi/{channelId}/{secret}`.
async fn webhook_path(world: &World, route: &str) -> String {
    let (provider, _) = route.split_once('/').expect("a provider");
    world.callbacks().await.path(provider).to_owned()
}

#[test]
fn every_operation_documents_its_errors_in_the_one_shape() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (verb, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str();
        assert!(ids.insert(id), "{verb} {path}: {id:?} is taken");
        assert!(operation["summary"].is_string(), "{verb} {path}");
        let responses = operation["responses"].as_object().expect("responses");
        let is_error = |status: &str| status.starts_with(['4', '5']) && path != "/readyz";
        for (status, response) in responses.iter().filter(|(status, _)| is_error(status)) {
            let content = &response["content"]["application/json"];
            let schema = &content["schema"]["$ref"];
            let body = "#/components/schemas/ErrorBody";
            assert_eq!(schema, body, "{verb} {path} {status}");
            let reason = text(&content["example"]["reason"]);
            assert_contains(text(&response["description"]), reason);
        }
        let public = ["/healthz", "/readyz"].contains(&path);
        let keyless = operation.get("security") == Some(&json!([{}]));
        let mut expected = vec![];
        if !public {
            expected.push("500");
        }
        if !keyless {
            expected.push("401");
        }
        if operation.get("requestBody").is_some() {
            expected.extend(["400", "413"]);
        }
        if path.contains('{') {
            expected.push("404");
        }
        expected.retain(|status| !responses.contains_key(*status));
        assert!(
            expected.is_empty(),
            "{verb} {path} documents no {expected:?}"
        );
    }
}

#[tokio::test]
async fn every_example_of_a_request_works() {
    let (world, document) = (World::start().await, document());
    let mut tried = Vec::new();
    let endpoint = json!({"url": "http://127.0.0.1:9/", "events": ["channel.connected"]});
    let endpoint = world.client.create("/webhook-endpoints", endpoint).await;
    organization(&world.operator, "other").await;
    // The person whose password stands in the examples.
    let ana = people::user(&world.store, "demo", "owner", "ana@example.com").await;
    let (_, secret) = people::session_of(&world.store, &ana, world.app.clock.now()).await;
    let person = world.client.with_session(&secret);
    let user = people::user(&world.store, "demo", "owner", "caio@example.com").await;
    let sent = world.sent("conv-zapi").await;
    for (verb, path, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else {
            continue;
        };
        let schema = text(&body["content"]["application/json"]["schema"]["$ref"]);
        let schema = document.pointer(&schema[1..]).expect("the schema");
        let example = schema.get("example").or_else(|| schema["examples"].get(0));
        let example = example.unwrap_or_else(|| panic!("{verb} {path} has no example"));
        let resource = path.split('/').nth(1).expect("a resource");
        let (client, of) = match resource {
            "organizations" => (&world.operator, "other"),
            "sessions" => (&person, ""),
            "users" => (&world.client, user.id.as_str()),
            "messages" => (&world.client, sent.id.as_str()),
            "webhook-endpoints" => (&world.client, id(&endpoint)),
            _ => (&world.client, "zapi"),
        };
        let path = path.replace("{type}/{value}", "conversationId/conv-456");
        let request = client.request(verb.clone(), &path.replace("{id}", of));
        let Answer { status, text, .. } = answer(request.json(example)).await;
        assert!(status.is_success(), "{verb} {path} {example}: {text}");
        let documented = &operation["responses"][status.as_str()];
        let is_described = documented["content"]["application/json"]["schema"].is_object();
        let is_empty = status == 204 && documented.is_object();
        assert!(is_described || is_empty, "{verb} {path} {status}");
        tried.push(path);
    }
    assert_eq!(tried.len(), 26, "{tried:?}");
    let shown = async || (world.sandbox.phone_messages().len() == 10).then_some(());
    until(
        "the message before, the seven sent, the queued and the repeated one are shown",
        shown,
    )
    .await;
}
