//! No organization sees or changes the data of another: every route of the document, one by one.

use std::collections::BTreeSet;

use recado_tests::access::{self, KINDS, Kind};
use recado_tests::access::{documented_operations, with_ids};
use recado_tests::owned::Owned;
use recado_tests::prelude::*;
use reqwest::RequestBuilder;

const PUBLIC: [&str; 2] = ["GET /healthz", "GET /readyz"];
/// Takes no key, but an e-mail and a password.
const SIGN_IN: &str = "POST /sessions";
/// Has its proof in the link that was given, which is tested with ChatVolt's format.
const LINK: &str = "GET /media/{organizationId}/{messageId}/{proof}";
/// Called by the providers, who have no key; what proves their calls is tested with the intake.
const OF_PROVIDERS: [&str; 4] = [
    "GET /webhooks/whatsapp/{channelId}",
    "POST /webhooks/whatsapp/{channelId}",
    "POST /webhooks/zapi/{channelId}/{secret}",
    "POST /webhooks/zapperhub/{channelId}/{secret}",
];
/// Has no end, so that it has a test of its own.
const STREAM: &str = "GET /events/stream";
/// The calls of a stranger who knows every id of the victim: operation, path, body, answer.
///
/// `$agent` stands for the victim's agent, `$own-agent` for the stranger's, and so on.
/// An answer without a reason shows the stranger's own things alone, and so does any answer of `own`.
/// A caller who may not call the operation at all gets 403.
/// A channel's id stands in webhook URLs, so it is unique on the server and cannot be taken twice.
const CALLS: &str = r#"
POST /messages/interactive/send-buttons | /messages/interactive/send-buttons | {"agentId": "$agent", "conversationId": "$conversation", "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"} | 403 foreign_agent
POST /messages/interactive/send-buttons | /messages/interactive/send-buttons | {"agentId": "$agent", "conversationId": "$own-conversation", "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"} | 403 foreign_agent
POST /messages/interactive/send-buttons | /messages/interactive/send-buttons | {"agentId": "$own-agent", "conversationId": "$conversation", "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"} | 404 conversation_not_found
POST /messages/interactive/send-lists | /messages/interactive/send-lists | {"agentId": "$agent", "conversationId": "$conversation", "body_text": "Hi", "button_text": "Open", "section_1_row_1_id": "a", "section_1_row_1_title": "A"} | 403 foreign_agent
POST /messages/interactive/send-lists | /messages/interactive/send-lists | {"agentId": "$agent", "conversationId": "$own-conversation", "body_text": "Hi", "button_text": "Open", "section_1_row_1_id": "a", "section_1_row_1_title": "A"} | 403 foreign_agent
POST /messages/interactive/send-lists | /messages/interactive/send-lists | {"agentId": "$own-agent", "conversationId": "$conversation", "body_text": "Hi", "button_text": "Open", "section_1_row_1_id": "a", "section_1_row_1_title": "A"} | 404 conversation_not_found
POST /messages | /messages | {"agentId": "$agent", "conversationId": "$own-conversation", "content": {"type": "text", "body": "Hi"}} | 403 foreign_agent
POST /messages | /messages | {"conversationId": "$conversation", "content": {"type": "text", "body": "Hi"}} | 404 conversation_not_found
POST /messages/interactive/send-cta | /messages/interactive/send-cta | {"agentId": "$agent", "conversationId": "$own-conversation", "body_text": "Hi", "button_display_text": "Open", "button_url": "https://shop.example"} | 403 foreign_agent
POST /messages/interactive/send-cta | /messages/interactive/send-cta | {"agentId": "$own-agent", "conversationId": "$conversation", "body_text": "Hi", "button_display_text": "Open", "button_url": "https://shop.example"} | 404 conversation_not_found
POST /messages/interactive/send-location | /messages/interactive/send-location | {"agentId": "$agent", "conversationId": "$own-conversation", "latitude": "1", "longitude": "1", "name": "N", "address": "A"} | 403 foreign_agent
POST /messages/interactive/send-location | /messages/interactive/send-location | {"agentId": "$own-agent", "conversationId": "$conversation", "latitude": "1", "longitude": "1", "name": "N", "address": "A"} | 404 conversation_not_found
POST /messages/interactive/location-request | /messages/interactive/location-request | {"agentId": "$agent", "conversationId": "$own-conversation", "body_text": "Hi"} | 403 foreign_agent
POST /messages/interactive/location-request | /messages/interactive/location-request | {"agentId": "$own-agent", "conversationId": "$conversation", "body_text": "Hi"} | 404 conversation_not_found
POST /conversation/message/{type}/{value} | /conversation/message/conversationId/$conversation | {"message": "Hi"} | 404 conversation_not_found
POST /conversation/message/{type}/{value} | /conversation/message/conversationId/$own-conversation | {"agentId": "$agent", "message": "Hi"} | 403 foreign_agent
POST /conversation/message/{type}/{value} | /conversation/message/phone/5511900000003 | {"agentId": "$agent", "channel": "zapi", "message": "Hi"} | 403 foreign_agent
GET /messages/{id} | /messages/$message | | 404 message_not_found
GET /messages/{id}/media | /messages/$message/media | | 404 message_not_found
DELETE /messages/{id} | /messages/$message | | 404 message_not_found
POST /messages/{id}/resend | /messages/$message/resend | {"acceptDuplicate": true} | 404 message_not_found
POST /messages/batch | /messages/batch | {"messages": [{"kind": "buttons", "message": {"agentId": "$own-agent", "conversationId": "$conversation", "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"}}]} | 200
POST /conversations | /conversations | {"agentId": "$agent", "channelId": "$own-channel", "to": "5511900000004"} | 404 agent_not_found
POST /conversations | /conversations | {"agentId": "$own-agent", "channelId": "$channel", "to": "5511900000004"} | 404 channel_not_found
GET /conversations | /conversations | | 200
GET /conversations/{id} | /conversations/$conversation | | 404 conversation_not_found
GET /conversation/{id} | /conversation/$conversation | | 404 conversation_not_found
GET /conversations/{id}/messages | /conversations/$conversation/messages | | 404 conversation_not_found
POST /contacts/erase | /contacts/erase | {"address": "+5511900000099"} | 200
POST /agents | /agents | {"name": "mine"} | 201
GET /agents | /agents | | 200
GET /agents/{id} | /agents/$agent | | 404 agent_not_found
DELETE /agents/{id} | /agents/$agent | | 404 agent_not_found
POST /channels | /channels | {"id": "$channel", "provider": "zapi", "name": "mine", "credentials": {"instanceId": "x", "instanceToken": "instance-token"}} | 409 already_exists
GET /channels | /channels | | 200
GET /channels/{id} | /channels/$channel | | 404 channel_not_found
PATCH /channels/{id} | /channels/$channel | {"name": "mine"} | 404 channel_not_found
DELETE /channels/{id} | /channels/$channel | | 404 channel_not_found
GET /channels/{id}/costs | /channels/$channel/costs | | 404 channel_not_found
GET /channels/{id}/limits | /channels/$channel/limits | | 404 channel_not_found
POST /channels/{id}/pause | /channels/$channel/pause | | 404 channel_not_found
POST /channels/{id}/resume | /channels/$channel/resume | | 404 channel_not_found
POST /channels/{id}/check | /channels/$channel/check | | 404 channel_not_found
POST /channels/{id}/register-webhook | /channels/$channel/register-webhook | | 404 channel_not_found
GET /events | /events | | 200
GET /events | /events?conversationId=$conversation | | 404 conversation_not_found
POST /webhook-endpoints | /webhook-endpoints | {"url": "http://127.0.0.1:9/mine"} | 201
GET /webhook-endpoints | /webhook-endpoints | | 200
GET /webhook-endpoints/{id} | /webhook-endpoints/$endpoint | | 404 webhook_endpoint_not_found
PATCH /webhook-endpoints/{id} | /webhook-endpoints/$endpoint | {"enabled": false} | 404 webhook_endpoint_not_found
DELETE /webhook-endpoints/{id} | /webhook-endpoints/$endpoint | | 404 webhook_endpoint_not_found
POST /webhook-endpoints/{id}/rotate-secret | /webhook-endpoints/$endpoint/rotate-secret | | 404 webhook_endpoint_not_found
POST /webhook-endpoints/{id}/test | /webhook-endpoints/$endpoint/test | | 404 webhook_endpoint_not_found
GET /webhook-endpoints/{id}/deliveries | /webhook-endpoints/$endpoint/deliveries | | 404 webhook_endpoint_not_found
GET /webhook-endpoints/{id}/deliveries/{deliveryId} | /webhook-endpoints/$endpoint/deliveries/$delivery | | 404 webhook_endpoint_not_found
GET /webhook-endpoints/{id}/deliveries/{deliveryId} | /webhook-endpoints/$own-endpoint/deliveries/$delivery | | 404 delivery_not_found
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/replay | /webhook-endpoints/$endpoint/deliveries/$delivery/replay | | 404 webhook_endpoint_not_found
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/replay | /webhook-endpoints/$own-endpoint/deliveries/$delivery/replay | | 404 delivery_not_found
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/skip | /webhook-endpoints/$endpoint/deliveries/$delivery/skip | | 404 webhook_endpoint_not_found
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/skip | /webhook-endpoints/$own-endpoint/deliveries/$delivery/skip | | 404 delivery_not_found
POST /webhook-endpoints/{id}/replay | /webhook-endpoints/$endpoint/replay | {"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"} | 404 webhook_endpoint_not_found
GET /webhook-calls | /webhook-calls | | 200
POST /webhook-calls/{id}/retry | /webhook-calls/$call/retry | | 404 webhook_call_not_found
POST /organizations | /organizations | {"name": "mine"} | 403 forbidden
GET /organizations | /organizations | | 403 forbidden
GET /organizations/{id} | /organizations/$organization | | 403 forbidden
PATCH /organizations/{id} | /organizations/$organization | {"guardRepeats": false} | 404 organization_not_found
POST /organizations/{id}/suspend | /organizations/$organization/suspend | {} | 403 forbidden
POST /organizations/{id}/resume | /organizations/$organization/resume | {} | 403 forbidden
DELETE /organizations/{id} | /organizations/$organization?confirm=$organization | | 403 forbidden
POST /organizations/{id}/api-keys | /organizations/$organization/api-keys | {"name": "mine"} | 404 organization_not_found
GET /organizations/{id}/api-keys | /organizations/$organization/api-keys | | 404 organization_not_found
DELETE /organizations/{id}/api-keys/{keyId} | /organizations/$organization/api-keys/$key | | 404 organization_not_found
DELETE /organizations/{id}/api-keys/{keyId} | /organizations/$own-organization/api-keys/$key | | 404 api_key_not_found
POST /organizations/{id}/users | /organizations/$organization/users | {"email": "mine@example.com", "name": "mine", "role": "owner"} | 404 organization_not_found
GET /organizations/{id}/users | /organizations/$organization/users | | 404 organization_not_found
GET /organizations/{id}/users | /organizations/$own-organization/users | | 200
POST /organizations/{id}/users/{userId}/link | /organizations/$organization/users/$user/link | | 404 organization_not_found
POST /organizations/{id}/users/{userId}/link | /organizations/$own-organization/users/$user/link | | 404 user_not_found
POST /users | /users | {"email": "ana@example.com", "name": "mine", "role": "viewer"} | own
GET /users | /users | | 200
GET /users/{id} | /users/$user | | 404 user_not_found
PATCH /users/{id} | /users/$user | {"role": "viewer"} | 404 user_not_found
DELETE /users/{id} | /users/$user | | 404 user_not_found
POST /users/{id}/link | /users/$user/link | | 404 user_not_found
GET /users/{id}/sessions | /users/$user/sessions | | 404 user_not_found
DELETE /users/{id}/sessions | /users/$user/sessions | | 404 user_not_found
GET /audit | /audit | | 200
POST /sessions | /sessions | {"email": "ana@example.com", "password": "a wrong password"} | own
GET /sessions/current | /sessions/current | | own
POST /sessions/current/password | /sessions/current/password | {"currentPassword": "a wrong password", "newPassword": "a long password"} | own
POST /sessions/current/api-key | /sessions/current/api-key | {"name": "mine"} | own
DELETE /sessions/current | /sessions/current | | own
GET /api-keys/current | /api-keys/current | | own
DELETE /api-keys/current | /api-keys/current | | own
"#;

/// The cells of every row.
fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    CALLS.trim().lines().map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        cells.try_into().expect("four cells")
    })
}

/// A text of the table with the ids of both.
fn filled(text: &str, victim: &Owned, stranger: &Owned) -> String {
    let mut text = text.to_owned();
    for (owner, prefix) in [(stranger, "$own-"), (victim, "$")] {
        for (noun, id) in owner.ids() {
            text = text.replace(&format!("{prefix}{noun}"), id);
        }
    }
    assert!(!text.contains('$'), "`Owned` does not have this: {text}");
    text
}

async fn call(client: &Client, operation: &str, path: &str, body: Option<&Value>) -> Answer {
    let verb = operation.split(' ').next().expect("a verb");
    let request = client.request(verb.parse().expect("a verb"), path);
    let request = body.into_iter().fold(request, RequestBuilder::json);
    answer(request).await
}

/// Makes every call of the table as the stranger, with what that kind of caller has.
async fn walk(client: &Client, kind: Kind, victim: &Owned, stranger: &Owned) {
    for [operation, path, body, expected] in rows() {
        let path = filled(path, victim, stranger);
        let body = filled(body, victim, stranger);
        let body = (!body.is_empty()).then(|| serde_json::from_str(&body).expect("JSON"));
        let answer = call(client, operation, &path, body.as_ref()).await;
        let (status, reason) = answer.error();
        let got = format!("{status} {reason}");
        let expected = match expected {
            "own" => {
                assert!(status < 500, "{kind:?} {operation}: {}", answer.text);
                got.trim()
            }
            "404 organization_not_found" => expected,
            _ if !access::may(kind, operation) => "403 forbidden",
            _ => expected,
        };
        let call = format!("{kind:?} {operation}: {}", answer.text);
        assert_eq!(got.trim(), expected, "{call}");
        let mut ids = victim.ids().into_iter();
        let foreign = ids.find(|(_, id)| answer.text.contains(id));
        let shown = foreign.filter(|_| answer.status.is_success());
        assert_eq!(shown, None, "{call}");
    }
}

#[test]
fn every_route_has_a_case() {
    let mut cases: BTreeSet<_> = rows().map(|[operation, ..]| operation.to_owned()).collect();
    cases.extend(PUBLIC.map(str::to_owned));
    cases.insert(LINK.to_owned());
    cases.extend(OF_PROVIDERS.map(str::to_owned));
    cases.insert(STREAM.to_owned());
    assert_eq!(
        cases,
        documented_operations(),
        "say above what a stranger may get from a new route"
    );
}

#[tokio::test]
async fn no_route_shows_or_changes_what_is_another_organizations() {
    let world = World::start().await;
    let victim = Owned::make(&world, "victim").await;
    let stranger = Owned::make(&world, "stranger").await;
    let (before, sent) = (victim.shown().await, world.sandbox.requests().len());
    for kind in KINDS {
        let client = match kind {
            Kind::Key(scope) => people::key_of(&world, "stranger-org", &[scope]).await,
            Kind::Session(role) => people::session_of_role(&world, "stranger-org", role).await,
            Kind::Anonymous | Kind::Operator => continue,
        };
        walk(&client, kind, &victim, &stranger).await;
    }
    let after = victim.shown().await;
    assert_eq!(after, before, "the victim's things are as they were");
    let endpoint = format!("/webhook-endpoints/{}", victim.endpoint);
    let endpoint = victim.client.read(&endpoint).await;
    assert!(endpoint["disabledAt"].is_null(), "{endpoint}");
    let asked = world.sandbox.requests().len();
    assert_eq!(
        asked, sent,
        "no message was sent, and no provider was asked"
    );
}

#[tokio::test]
async fn without_a_key_only_the_public_routes_answer() {
    let world = World::start().await;
    let anonymous = world.client.anonymous();
    for operation in documented_operations() {
        let answered = call(&anonymous, &operation, &with_ids(&operation), None).await;
        match operation.as_str() {
            public if PUBLIC.contains(&public) => assert_eq!(answered.status, 200, "{public}"),
            SIGN_IN => answered.refused(400, "invalid_body"),
            LINK => answered.refused(404, "media_not_found"),
            theirs if OF_PROVIDERS.contains(&theirs) => answered.refused(404, "not_found"),
            _ => answered.refused(401, "unauthorized"),
        }
    }
    // Not in the document, and public too.
    for path in ["/openapi.json", "/docs"] {
        assert_eq!(anonymous.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn two_organizations_may_use_the_same_ids() {
    let world = World::start().await;
    let other = world.operator.organization("other").await;
    let neighbour = "5511900000005";
    other.agent("agent-123").await;
    other.connect("other-zapi", "zapi").await;
    other
        .open("conv-456", "agent-123", "other-zapi", neighbour)
        .await;
    for (client, to) in [(&world.client, CUSTOMER), (&other, neighbour)] {
        world.sandbox.clear();
        let sent = client.accepted(smallest_body("conv-456")).await;
        assert_eq!(world.sandbox.phone_messages()[0].to, to);
        let listed = client.read("/conversations/conv-456/messages").await;
        assert_eq!(listed["data"], json!([sent["message"]]));
    }
    other.delete("/agents/agent-123").await.expect(200);
    let refused = other.send(smallest_body("conv-456")).await;
    refused.refused(403, "foreign_agent");
    world.client.accepted(smallest_body("conv-456")).await;
}
