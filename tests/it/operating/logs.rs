//! The lines of a server's log: flat JSON, with what belongs to a request on each of its lines.

use recado_tests::prelude::*;
use serde_json::Map;

/// The lines of a log.
fn lines(log: &str) -> Vec<Map<String, Value>> {
    let parsed = log.lines().map(serde_json::from_str);
    parsed.map(|line| line.expect(log)).collect()
}

/// The line of that request with that message.
fn of_request<'a>(
    lines: &'a [Map<String, Value>],
    request: &str,
    message: &str,
) -> &'a Map<String, Value> {
    let of_request = |line: &&Map<String, Value>| {
        line.get("request_id").is_some_and(|id| id == request) && line["message"] == message
    };
    lines.iter().find(of_request).expect(message)
}

#[tokio::test]
async fn each_line_is_flat_and_has_the_version_and_those_of_a_request_its_caller() {
    let (_database, _urls, server, client) = Deployment::start().await.parts();
    let stranger = Client::new(&server.url, "unknown");
    let webhook = "/webhooks/whatsapp/whatsapp?hub.mode=subscribe";
    for (id, client, method, path, status) in [
        ("req-sent", &client, Method::POST, SEND, 200),
        ("req-missing", &client, Method::GET, "/messages/none", 404),
        ("req-stranger", &stranger, Method::GET, "/agents", 401),
        ("req-webhook", &stranger, Method::GET, webhook, 403),
    ] {
        let request = client.request(method, path).header("x-request-id", id);
        let request = request.header("x-forwarded-for", "203.0.113.7");
        let request = request.json(&smallest_body("conv-456"));
        answer(request).await.expect(status);
    }
    let log = server.stop().await.expect("an orderly end");

    let lines = lines(&log);
    for line in &lines {
        let name = line.keys().find(|name| name.contains('.'));
        assert_eq!(name, None, "{line:?}");
        assert_eq!(line["version"], env!("CARGO_PKG_VERSION"), "{line:?}");
        assert!(line.values().all(|value| !value.is_object()), "{line:?}");
    }
    for (id, message, organization) in [
        ("req-sent", "message accepted", Some("demo")),
        ("req-missing", "refused", Some("demo")),
        ("req-stranger", "refused", None),
        ("req-webhook", "a webhook call was refused", Some("demo")),
        ("req-webhook", "refused", Some("demo")),
    ] {
        let line = of_request(&lines, id, message);
        let found = line.get("organization_id").and_then(Value::as_str);
        assert_eq!(found, organization, "{line:?}");
        assert_eq!(line["peer"], "127.0.0.1", "{line:?}");
        assert_eq!(line["forwarded_for"], "203.0.113.7", "{line:?}");
    }
    assert_eq!(lines[0]["message"], "recado-server is starting");
}
