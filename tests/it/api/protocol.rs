//! HTTP itself: verbs, paths, ids of requests, deadlines and connections.

use recado_server::ConnectionLimits;
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.headers.get(name).expect(name);
    value.to_str().expect("a text")
}

#[tokio::test]
async fn another_verb_is_answered_with_those_that_are_allowed() {
    let world = World::start().await;
    for (verb, path, allowed) in [
        (Method::GET, SEND, "POST"),
        (Method::PUT, SEND, "POST"),
        (Method::DELETE, "/agents", "GET,HEAD,POST"),
        (Method::POST, "/api/healthz", "GET,HEAD"),
        (Method::PATCH, "/docs/", "GET,HEAD"),
    ] {
        let answer = answer(world.client.request(verb.clone(), path)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(header(&answer, "content-type"), "application/json");
        let mut verbs: Vec<_> = header(&answer, "allow").split(',').map(str::trim).collect();
        verbs.sort_unstable();
        assert_eq!(verbs.join(","), allowed, "{verb} {path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found_in_the_one_shape() {
    let world = World::start().await;
    for path in [
        "/nowhere",
        "/api/nowhere",
        "/messages/a/b",
        "/agents/a/b",
        "/docs/nowhere.js",
        "/%00",
        "/%ff",
    ] {
        let answer = world.client.get(path).await;
        answer.refused(404, "not_found");
        assert_eq!(header(&answer, "content-type"), "application/json");
    }
}

#[tokio::test]
async fn a_list_names_the_parameter_that_is_wrong() {
    let world = World::start().await;
    for (path, field) in [
        ("/agents?limit=0", "limit"),
        ("/channels?limit=101", "limit"),
        ("/conversations?limit=ten", "limit"),
        ("/agents?limit=", "limit"),
        ("/agents?cursor=yesterday", "cursor"),
        // The name that it had earlier.
        ("/agents?after=yesterday", "cursor"),
    ] {
        let answer = world.client.get(path).await;
        answer.refused(400, "invalid_query");
        // The request has no body, so a sentence about one would mislead.
        assert!(!answer.text.contains("body"), "{}", answer.text);
        let fault = answer.body["details"].get(field);
        assert!(fault.is_some(), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn paths_and_parameters_that_cannot_be_read_are_errors_in_the_one_shape() {
    let world = World::start().await;
    for path in [
        "/agents/%ff",
        "/agents?limit=%ff",
        "/agents?limit=1&limit=2",
        "/agents/%00",
        "/messages/%f0%9f%98%80",
    ] {
        let answer = world.client.get(path).await;
        let is_refused = matches!(answer.status.as_u16(), 400 | 404);
        let is_in_shape = answer.body["reason"].is_string();
        assert!(is_refused && is_in_shape, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn any_origin_may_ask_and_read_the_answer() {
    let world = World::start().await;
    let names = "authorization,content-type,idempotency-key,last-event-id";
    let preflight = world.client.anonymous().request(Method::OPTIONS, SEND);
    let preflight = preflight
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", names);
    let allowed = answer(preflight).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(header(&allowed, "access-control-allow-origin"), "*");
    assert!(header(&allowed, "access-control-allow-methods").contains("POST"));
    for name in names.split(',') {
        assert_contains(header(&allowed, "access-control-allow-headers"), name);
    }
    let refused = world.client.request(Method::POST, SEND).json(&json!({}));
    let refused = answer(refused.header("origin", "https://app.example")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(header(&refused, "access-control-allow-origin"), "*");
    let exposed = header(&refused, "access-control-expose-headers");
    assert_contains(exposed, "idempotent-replayed");
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let world = World::start().await;
    let (known, stranger) = (&world.client, &world.client.with_key("no key"));
    for (client, verb, path, scripts, cached) in [
        (known, Method::GET, "/agents", false, false),
        (known, Method::GET, "/events/stream", false, false),
        (known, Method::GET, "/openapi.json", false, false),
        (known, Method::GET, "/nowhere", false, false),
        (known, Method::DELETE, SEND, false, false),
        (known, Method::OPTIONS, SEND, false, false),
        (stranger, Method::POST, SEND, false, false),
        (known, Method::GET, "/docs/", true, false),
        (known, Method::GET, "/docs/swagger-ui.css", false, true),
        (known, Method::GET, "/assets/logo.svg", false, true),
    ] {
        let answer = client.request(verb.clone(), path).send().await;
        let answer = answer.expect("an answer");
        let header = |name: &str| answer.headers()[name].to_str().expect("a text");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(policy.contains("script-src 'self'"), scripts, "{path}");
        assert_eq!(header("cache-control") == "no-store", !cached, "{path}");
    }
}

#[tokio::test]
async fn a_space_behind_the_path_leads_to_the_same_route() {
    let world = World::start().await;
    for path in ["/agents%20", "/api/agents%20%20?limit=1", "/agents/%20"] {
        world.client.read(path).await;
    }
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::start().await;
    for (given, kept) in [
        ("order-17.b_2", true),
        ("two words", false),
        ("", false),
        (&*"x".repeat(65), false),
    ] {
        for path in ["/healthz", "/nowhere", SEND] {
            let request = world.client.request(Method::GET, path);
            let answer = answer(request.header("x-request-id", given)).await;
            let id = header(&answer, "x-request-id");
            assert_eq!(id == given, kept, "{path}: {id}");
            assert!(!id.is_empty());
            if !answer.status.is_success() {
                assert_eq!(answer.body["requestId"], id, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::start().await;
    for (path, status) in [
        ("/healthz", 200),
        ("/agents", 200),
        ("/agents/unknown", 404),
        (SEND, 405),
    ] {
        let answer = answer(world.client.request(Method::HEAD, path)).await;
        let shown = (answer.status.as_u16(), &*answer.text);
        assert_eq!(shown, (status, ""), "{path}");
    }
}

#[tokio::test]
async fn readiness_says_when_the_database_is_gone() {
    let world = World::start().await;
    assert_eq!(world.client.read("/readyz").await, json!({"status": "ok"}));
    world.store.clone().close().await;
    let ready = world.client.get("/readyz").await.expect(503);
    assert_eq!(ready, json!({"status": "unavailable"}));
    assert_eq!(world.client.read("/healthz").await, json!({"status": "ok"}));
    let refused = world.client.get("/agents").await;
    refused.refused(503, "unavailable");
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let limits = ConnectionLimits {
        header_read_timeout: Duration::from_millis(100),
        ..ConnectionLimits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let world = World::with(options).await;
    let half = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-y: ";
    for beginning in ["", "GET /healthz", half] {
        let mut wire = Wire::connect(&world.url).await;
        wire.write(beginning).await;
        assert!(!wire.read_to_end().await.contains("200"), "{beginning}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered() {
    let world = World::start().await;
    let key = organization(&world.operator, "slow").await;
    let mut wire = Wire::connect(&world.url).await;
    let head = format!(
        "POST {SEND} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    wire.write(head).await;
    // The server says so when it begins to read the body, so that its deadline runs.
    wire.read_until("100 Continue\r\n\r\n").await;
    wire.write("{\"agentId\":").await;
    tokio::time::pause();
    let answer = wire.read_until("}").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_contains(&answer, "The body took longer than 10 seconds");
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let world = World::start().await;
    let limits = ConnectionLimits {
        connections: 1,
        ..ConnectionLimits::default()
    };
    let url = world::serve(&world.app, limits).await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let (mut first, mut second) = (Wire::connect(&url).await, Wire::connect(&url).await);
    first.write(request).await;
    first.read_until("ok\"}").await;
    second.write(request).await;
    first.write(request).await;
    first.read_until("ok\"}").await;
    assert!(second.is_silent(), "it was served beside the first");
    drop(first);
    second.read_until("ok\"}").await;
}

#[tokio::test]
async fn old_and_hasty_clients_are_served() {
    let world = World::start().await;
    let mut old = Wire::connect(&world.url).await;
    old.write("GET /healthz HTTP/1.0\r\n\r\n").await;
    let answer = old.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    let mut hasty = Wire::connect(&world.url).await;
    let three = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\
        POST /agents HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}\
        GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    hasty.write(three).await;
    let answers = hasty.read_to_end().await;
    let statuses = answers.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]);
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["200", "401", "200"],
        "{answers}"
    );
}
