//! Who may send: keys, and what belongs to others.

use recado_tests::prelude::*;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

use super::body;

#[tokio::test]
async fn the_second_word_of_the_header_is_the_key_and_a_wrong_one_is_refused() {
    let world = World::start().await;
    let client = world.operator.organization("other-words").await;
    let key = client.key().to_owned();
    client.agent("agent-123").await;
    for (number, header, status) in [
        ("S12", &*format!("bearer {key}"), 404),
        ("any scheme", &format!("Token {key}"), 404),
        ("A2", "Bearer 3f2b8c1e-5a77-4d0e-9c11-0a1b2c3d4e5f", 401),
        ("A3", "Bearer None", 401),
        ("A4", &key, 401),
        ("A5", "Bearer unknown", 401),
    ] {
        let request = client.anonymous().request(Method::POST, SEND);
        let request = request.header(AUTHORIZATION, header);
        let request = request.header("cookie", "__Secure-next-auth.session-token=x");
        let request = request.json(&smallest_body("conv-456"));
        assert_eq!(answer(request).await.status, status, "{number}");
    }
}

#[tokio::test]
async fn without_a_key_nothing_else_is_looked_at() {
    let world = World::start().await;
    for (number, text) in [("A1", "{}"), ("A6", "{\"agentId\":")] {
        let request = world.client.anonymous().request(Method::POST, SEND);
        let request = request.header(CONTENT_TYPE, "application/json").body(text);
        let answer = answer(request).await;
        answer.refused(401, "unauthorized");
        let error = answer.body["error"].to_string();
        assert!(error.starts_with("\"UNAUTHORIZED"), "{number}: {error}");
    }
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_refused_as_documented() {
    let world = World::start().await;
    world.operator.neighbour("other", "C2").await;
    let both = json!({"agentId": "C2", "conversationId": "C2"});
    for (number, changes, status, reason) in [
        ("A7", json!({"agentId": "C2"}), 403, "foreign_agent"),
        (
            "A10",
            json!({"conversationId": "C2"}),
            404,
            "conversation_not_found",
        ),
        ("A11", both, 403, "foreign_agent"),
    ] {
        let answer = world.client.send(body(&changes)).await;
        assert_eq!(answer.error(), (status, reason.to_owned()), "{number}");
    }
    assert!(world.sandbox.requests().is_empty());
}
