//! HTTP itself: verbs, paths, ids of requests, deadlines and connections.

use std::sync::Arc;

use recado_server::ConnectionLimits;
use recado_tests::prelude::*;
use recado_tests::wire::Wire;
use rstest::rstest;

const SEND: &str = "/messages/interactive/send-buttons";

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer
        .headers
        .get(name)
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .expect("a text")
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
        assert_eq!(
            header(&answer, "content-type"),
            "application/json",
            "{verb} {path}"
        );
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
        "/messages",
        "/agents/a/b",
        "/docs/nowhere.js",
        "/%00",
        "/%ff",
    ] {
        let answer = world.client.get(path).await;
        answer.refused(404, "not_found");
        assert_eq!(
            header(&answer, "content-type"),
            "application/json",
            "{path}"
        );
    }
}

#[rstest]
#[case::too_small("/agents?limit=0", "limit")]
#[case::too_large("/channels?limit=101", "limit")]
#[case::no_number("/conversations?limit=ten", "limit")]
#[case::empty("/agents?limit=", "limit")]
#[case::no_cursor("/agents?cursor=yesterday", "cursor")]
#[case::earlier_name("/agents?after=yesterday", "cursor")]
#[tokio::test]
async fn a_list_names_the_parameter_that_is_wrong(#[case] path: &str, #[case] field: &str) {
    let world = World::start().await;
    let answer = world.client.get(path).await;
    answer.refused(400, "invalid_query");
    // The request has no body, so a sentence about one would mislead.
    assert!(!answer.text.contains("body"), "{}", answer.text);
    assert!(
        answer.body["details"].get(field).is_some(),
        "{}",
        answer.text
    );
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
        assert!(
            matches!(answer.status.as_u16(), 400 | 404),
            "{path}: {}",
            answer.text
        );
        assert!(
            answer.body["reason"].is_string(),
            "{path}: {} {}",
            answer.status,
            answer.text
        );
    }
}

#[tokio::test]
async fn any_origin_may_ask_and_read_the_answer() {
    let world = World::start().await;
    let preflight = world
        .client
        .http
        .request(Method::OPTIONS, format!("{}{SEND}", world.url));
    let preflight = preflight
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,last-event-id",
        );
    let allowed = answer(preflight).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(header(&allowed, "access-control-allow-origin"), "*");
    assert!(header(&allowed, "access-control-allow-methods").contains("POST"));
    for name in ["authorization", "content-type", "last-event-id"] {
        assert!(
            header(&allowed, "access-control-allow-headers").contains(name),
            "{name}"
        );
    }
    let refused = world
        .client
        .request(Method::POST, SEND)
        .header("origin", "https://app.example")
        .json(&json!({}));
    let refused = answer(refused).await;
    assert_eq!(refused.status, 400);
    assert_eq!(header(&refused, "access-control-allow-origin"), "*");
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
            let answer = answer(
                world
                    .client
                    .request(Method::GET, path)
                    .header("x-request-id", given),
            )
            .await;
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
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (status, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn readiness_says_when_the_database_is_gone() {
    let world = World::start().await;
    assert_eq!(world.client.read("/readyz").await, json!({"status": "ok"}));
    world.store.clone().close().await;
    assert_eq!(
        world.client.get("/readyz").await.expect(503),
        json!({"status": "unavailable"})
    );
    assert_eq!(world.client.read("/healthz").await, json!({"status": "ok"}));
    world
        .client
        .get("/agents")
        .await
        .refused(503, "unavailable");
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let limits = ConnectionLimits {
        header_read_timeout: Duration::from_millis(100),
        ..ConnectionLimits::default()
    };
    let world = World::with(Options {
        limits,
        ..Options::default()
    })
    .await;
    for beginning in [
        "",
        "GET /healthz",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx-y: ",
    ] {
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
    assert!(
        answer.contains("The body took longer than 10 seconds"),
        "{answer}"
    );
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let world = World::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = recado_server::router(Arc::clone(&world.app)).expect("a router");
    let limits = ConnectionLimits {
        connections: 1,
        ..ConnectionLimits::default()
    };
    tokio::spawn(recado_server::serve::serve(
        listener,
        router,
        limits,
        std::future::pending(),
    ));
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let (mut first, mut second) = (Wire::connect(&url).await, Wire::connect(&url).await);
    first.write(request).await;
    first.read_until("ok\"}").await;
    second.write(request).await;
    first.write(request).await;
    first.read_until("ok\"}").await;
    assert!(
        second.is_silent(),
        "the second connection was served beside the first"
    );
    drop(first);
    second.read_until("ok\"}").await;
}

#[tokio::test]
async fn old_and_hasty_clients_are_served() {
    let world = World::start().await;
    let mut old = Wire::connect(&world.url).await;
    old.write("GET /healthz HTTP/1.0\r\n\r\n").await;
    let answer = old.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.0 200 ") && answer.ends_with("{\"status\":\"ok\"}"),
        "{answer}"
    );
    let mut hasty = Wire::connect(&world.url).await;
    hasty
        .write(
            "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nPOST /agents HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}\
             GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await;
    let answers = hasty.read_to_end().await;
    let statuses: Vec<_> = answers
        .matches("HTTP/1.1 ")
        .zip(answers.split("HTTP/1.1 ").skip(1))
        .map(|(_, rest)| &rest[..3])
        .collect();
    assert_eq!(statuses, ["200", "401", "200"], "{answers}");
}
