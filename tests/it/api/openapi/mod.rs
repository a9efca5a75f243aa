//! The API describes itself, and what it says is true.

use std::collections::BTreeSet;

use recado_server::api::error::Reason;
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
            (
                verb.to_uppercase().parse().expect("a verb"),
                path.as_str(),
                operation,
            )
        })
    });
    each.collect()
}

/// Every value under `key`, wherever it stands.
fn values_of<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(key));
            object
                .values()
                .for_each(|value| values_of(value, key, found));
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
    let version = served["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3.1"), "{version}");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    values_of(&document, "$ref", &mut references);
    assert!(references.len() > 20, "{}", references.len());
    for reference in references {
        let pointer = reference
            .as_str()
            .and_then(|text| text.strip_prefix('#'))
            .expect("a place in the document");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn every_documented_operation_is_there() {
    let (world, document) = (World::start().await, document());
    for (verb, path, operation) in operations(&document) {
        let path = match path.strip_prefix("/webhooks/") {
            Some(route) => webhook_path(&world, route).await,
            // Refused, so that the stream ends.
            None if path.ends_with("/stream") => format!("{path}?after=nothing"),
            None => ["{id}", "{keyId}", "{userId}", "{deliveryId}"]
                .iter()
                .fold(path.to_owned(), |path, id| path.replace(id, "any")),
        };
        // Another key for what deletes the key of the caller.
        let client = match path.as_str() {
            "/api-keys/current" => people::key(&world, &["read"]).await,
            _ => world.client.clone(),
        };
        let answer = answer(client.request(verb.clone(), &path)).await;
        let (status, reason) = answer.error();
        assert!(
            !["not_found", "method_not_allowed"].contains(&reason.as_str()),
            "{verb} {path}: {reason}"
        );
        assert!(
            documents(operation, status, &reason),
            "{verb} {path} does not document {status} {reason}"
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
    for (verb, path, body, reason) in [
        (Method::POST, "/agents", agents, "already_exists"),
        (Method::POST, "/channels", channel, "agent_not_found"),
        (
            Method::PATCH,
            "/channels/zapi",
            json!({"agentId": "unknown"}),
            "agent_not_found",
        ),
        (
            Method::POST,
            "/conversations",
            json!({"agentId": "unknown", "channelId": "zapi", "to": to}),
            "agent_not_found",
        ),
        (
            Method::POST,
            "/conversations",
            json!({"agentId": "agent-123", "channelId": "nowhere", "to": to}),
            "channel_not_found",
        ),
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
fn an_api_key_whose_id_cannot_be_chosen_is_never_there_already() {
    let document = document();
    let create = &document["paths"]["/organizations/{id}/api-keys"]["post"];
    assert_eq!(create["responses"].get("409"), None);
}

#[test]
fn the_published_example_stands_there_as_it_was_published() {
    let document = document();
    let send = &document["paths"]["/messages/interactive/send-buttons"]["post"];
    let text = send["description"].as_str().expect("a text");
    assert!(text.contains(PUBLISHED_EXAMPLE), "{text}");
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
    let path = format!("/channels/{provider}");
    let channel = world.client.read(&path).await;
    let url = channel["webhookUrl"].as_str().expect("a URL");
    url.strip_prefix(&world.url)
        .expect("this server")
        .to_owned()
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
        let errors = responses
            .iter()
            .filter(|(status, _)| status.starts_with(['4', '5']) && path != "/readyz");
        for (status, response) in errors {
            let content = &response["content"]["application/json"];
            assert_eq!(
                content["schema"]["$ref"], "#/components/schemas/ErrorBody",
                "{verb} {path} {status}"
            );
            let reason = content["example"]["reason"].as_str().expect("a reason");
            assert!(
                response["description"]
                    .as_str()
                    .expect("a text")
                    .contains(reason),
                "{verb} {path} {status}"
            );
        }
        let public = ["/healthz", "/readyz"].contains(&path);
        let of_providers = path.starts_with("/webhooks/");
        let signs_in = path == "/sessions";
        let keyless = public || of_providers || signs_in;
        assert_eq!(
            operation.get("security") == Some(&json!([{}])),
            keyless,
            "{verb} {path}"
        );
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
        for status in expected {
            assert!(
                responses.contains_key(status),
                "{verb} {path} does not document {status}"
            );
        }
    }
}

#[tokio::test]
async fn every_example_of_a_request_works() {
    let (world, document) = (World::start().await, document());
    let mut tried = Vec::new();
    let endpoint = json!({"url": "http://127.0.0.1:9/", "events": ["channel.connected"]});
    let endpoint = world.client.create("/webhook-endpoints", endpoint).await;
    let endpoint = endpoint["id"].as_str().map(str::to_owned);
    let endpoint = endpoint.expect("an id");
    organization(&world.operator, "other").await;
    // The person whose password stands in the examples.
    let ana = people::user(&world.store, "demo", "owner", "ana@example.com").await;
    let (_, secret) = people::session_of(&world.store, &ana, world.app.clock.now()).await;
    let person = world.client.with_session(&secret);
    let user = people::user(&world.store, "demo", "owner", "caio@example.com").await;
    for (verb, path, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else {
            continue;
        };
        let schema = body["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .expect("a schema");
        let schema = document.pointer(&schema[1..]).expect("the schema");
        let example = schema
            .get("example")
            .or_else(|| schema["examples"].get(0))
            .unwrap_or_else(|| panic!("{verb} {path} has no example"));
        let resource = path.split('/').nth(1).expect("a resource");
        let (client, id) = match resource {
            "organizations" => (&world.operator, "other"),
            "sessions" => (&person, ""),
            "users" => (&world.client, user.id.as_str()),
            "webhook-endpoints" => (&world.client, endpoint.as_str()),
            _ => (&world.client, "zapi"),
        };
        let answer = answer(
            client
                .request(verb.clone(), &path.replace("{id}", id))
                .json(example),
        )
        .await;
        assert!(
            answer.status.is_success(),
            "{verb} {path} {example}: {}",
            answer.text
        );
        let documented = operation["responses"].get(answer.status.as_str());
        assert!(
            documented.is_some(),
            "{verb} {path} does not document {}",
            answer.status
        );
        tried.push(path);
        if answer.status == 204 {
            continue;
        }
        let keys = documented.map(|response| &response["content"]["application/json"]["schema"]);
        assert!(
            keys.is_some_and(Value::is_object),
            "{verb} {path} does not describe its answer"
        );
    }
    assert_eq!(tried.len(), 17, "{tried:?}");
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}

#[test]
fn the_reasons_are_these_and_change_only_on_purpose() {
    let words: Vec<_> = Reason::ALL
        .iter()
        .map(|reason| format!("{} {}", reason.status().as_u16(), reason.as_str()))
        .collect();
    insta::assert_snapshot!(words.join("\n"), @"
    400 invalid_body
    400 invalid_query
    400 unsupported_channel
    401 unauthorized
    403 forbidden
    403 organization_suspended
    403 foreign_agent
    404 not_found
    404 organization_not_found
    404 api_key_not_found
    404 agent_not_found
    404 channel_not_found
    404 conversation_not_found
    404 message_not_found
    404 webhook_endpoint_not_found
    404 delivery_not_found
    404 webhook_call_not_found
    404 user_not_found
    405 method_not_allowed
    409 already_exists
    409 limit_reached
    409 last_owner
    409 webhook_not_registered
    409 check_failed
    413 body_too_large
    429 rate_limited
    500 too_many_buttons
    500 content_refused
    500 window_closed
    500 invalid_recipient
    500 channel_disconnected
    500 channel_unauthorized
    500 channel_misconfigured
    500 channel_blocked
    500 provider_rejected
    500 provider_unavailable
    500 provider_throttled
    500 outcome_unknown
    500 internal
    503 unavailable
    ");
}
