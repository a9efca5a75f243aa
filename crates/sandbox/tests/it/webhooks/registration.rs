//! Registering webhooks, over the control API and over each provider's own routes; and the phone over HTTP.

use recado_sandbox::{Provider, Webhook, WebhookError};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::Pair;
use super::receiver::Receiver;
use crate::{Reply, Server, faults, wuzapi, zapi, zapperhub};

#[tokio::test]
async fn w01_whatsapp_asks_the_receiver_to_verify() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let url = format!("{}?tenant=1", receiver.url);
    let body = json!({"provider": "whatsapp", "url": url});
    let reply = server.post("/_sandbox/webhooks", &body).await;
    let expected = json!({
        "provider": "whatsapp",
        "account": "800000000000001",
        "url": url,
        "secret": "sim-app-secret-01",
        "verifyToken": "verify-token-01",
    });
    reply.is(201, &expected);
    let asked = &receiver.all()[0];
    let (query, challenge) = asked.uri.rsplit_once('=').expect("a query");
    let expected =
        "/hooks/s3cret?tenant=1&hub.mode=subscribe&hub.verify_token=verify-token-01&hub.challenge";
    assert_eq!((asked.method.as_str(), query), ("GET", expected));
    assert!(challenge.parse::<u32>().is_ok());
    let listed = server.get("/_sandbox/webhooks").await.json;
    assert_eq!(listed["data"], json!([reply.json]));
}

#[tokio::test]
async fn w02_a_receiver_that_refuses_is_not_registered() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let body = json!({"provider": "whatsapp", "url": receiver.url, "verifyToken": "other"});
    let reply = server.post("/_sandbox/webhooks", &body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json["handshake"],
        json!({"status": 403, "body": "no"})
    );
    assert!(server.webhooks().is_empty());
}

#[rstest]
#[case("not a url", "", WebhookError::NotAUrl)]
#[case("ftp://127.0.0.1/", "", WebhookError::NotAUrl)]
#[case("https://hooks.example/", "", WebhookError::NotThisMachine)]
#[case("http://127.0.0.1.hooks.example/", "", WebhookError::NotThisMachine)]
#[case("http://127.0.0.1@hooks.example/", "", WebhookError::NotThisMachine)]
#[case("http://127.0.0.1/", "?", WebhookError::UnknownAccount)]
#[tokio::test]
async fn a_webhook_that_cannot_be_is_refused(
    #[case] url: &str,
    #[case] account: &str,
    #[case] error: WebhookError,
) {
    let server = Server::start().await;
    let webhook = Webhook {
        account: account.to_owned(),
        ..Webhook::new(Provider::Zapi, url)
    };
    let refused = server.register_webhook(webhook).await;
    assert_eq!(refused.err(), Some(error));
}

#[rstest]
#[case("http://localhost:1/")]
#[case("http://[::1]:1/")]
#[case("https://127.0.0.2/")]
#[tokio::test]
async fn this_machine_has_several_names(#[case] url: &str) {
    let server = Server::start().await;
    let webhook = Webhook::new(Provider::Zapi, url);
    let registered = server.register_webhook(webhook).await;
    assert!(registered.is_ok());
}

#[tokio::test]
async fn a_switch_allows_other_machines() {
    let server = Server::start().await;
    let any_host = json!({"webhooks": {"anyHost": true}});
    server.post("/_sandbox/settings", &any_host).await;
    let body = json!({"provider": "zapi", "url": "https://hooks.example/"});
    let reply = server.post("/_sandbox/webhooks", &body).await;
    assert_eq!(reply.status, 201);
    // Z-API itself demands https there.
    let body = json!({"value": "http://hooks.example/"});
    let refused = zapi_put(&server, "update-every-webhooks", &body).await;
    assert_eq!(refused.status, 400);
    let cleared = server.delete("/_sandbox/webhooks").await;
    assert_eq!(cleared.status, 204);
    assert!(server.webhooks().is_empty());
}

async fn zapi_put(server: &Server, method: &str, body: &Value) -> Reply {
    zapi::call(server, Method::PUT, method, body).await
}

#[tokio::test]
async fn z49_zapi_sets_one_url_for_every_event_or_one_for_each() {
    let server = Server::start().await;
    let (every, status) = (Receiver::start().await, Receiver::start().await);
    let body = json!({"value": every.url, "notifySentByMe": true});
    let reply = zapi_put(&server, "update-every-webhooks", &body).await;
    reply.is(200, &json!({"value": true}));
    let body = json!({"value": status.url});
    let reply = zapi_put(&server, "update-webhook-message-status", &body).await;
    reply.is(200, &json!({"value": true}));
    faults::send(&server, Provider::Zapi).await;
    server.settled().await;
    let types = |receiver: &Receiver| -> Value {
        let posts = receiver.posts();
        posts
            .iter()
            .map(|post| post.json()["type"].clone())
            .collect()
    };
    assert_eq!(types(&every), json!(["DeliveryCallback"]));
    let twice = json!(["MessageStatusCallback", "MessageStatusCallback"]);
    assert_eq!(types(&status), twice);
}

#[rstest]
#[case(json!({}))]
#[case(json!({"value": "hooks"}))]
#[case(json!({"value": "https://hooks.example/"}))]
#[tokio::test]
async fn zapi_refuses_a_url_that_cannot_be(#[case] body: Value) {
    let server = Server::start().await;
    let reply = zapi_put(&server, "update-webhook-received", &body).await;
    assert_eq!(reply.status, 400);
    assert!(reply.json["error"].is_string());
}

#[tokio::test]
async fn h22_zapperhub_has_one_webhook_with_a_secret_and_several_without() {
    let server = Server::start().await;
    let settings = json!({"zapperhub": {"legacyWithoutUpdates": true}});
    server.post("/_sandbox/settings", &settings).await;
    let (legacy, updates) = (Receiver::start().await, Receiver::start().await);
    let single = zapperhub::call(&server, Method::GET, "webhook", &Value::Null);
    assert_eq!(single.await.status, 404);
    let body = json!({"url": legacy.url, "secretKey": "hook-secret"});
    let reply = zapperhub::call(&server, Method::POST, "webhook", &body).await;
    assert_eq!(
        (reply.status, &reply.json["url"]),
        (200, &json!(legacy.url))
    );
    assert!(!reply.text.contains("hook-secret"));
    let body = json!({"name": "updates", "url": updates.url, "subscriptions": ["messages.update"]});
    let reply = zapperhub::call(&server, Method::POST, "webhooks", &body).await;
    assert_eq!(
        (reply.status, &reply.json["webhook"]["name"]),
        (200, &json!("updates"))
    );
    faults::send(&server, Provider::Zapperhub).await;
    server.settled().await;
    assert_eq!((legacy.posts().len(), updates.posts().len()), (1, 2));
    assert_eq!(
        legacy.posts()[0].header("authorization"),
        Some("Bearer hook-secret")
    );
    assert_eq!(updates.posts()[0].header("authorization"), None);
    let all = zapperhub::call(&server, Method::GET, "webhooks", &Value::Null).await;
    assert_eq!(all.json["webhooks"].as_array().map(Vec::len), Some(2));
    let single = zapperhub::call(&server, Method::DELETE, "webhook", &Value::Null);
    assert_eq!(single.await.status, 200);
    let single = zapperhub::call(&server, Method::GET, "webhook", &Value::Null);
    assert_eq!(single.await.status, 404);
    assert_eq!(server.webhooks().len(), 1);
}

#[tokio::test]
async fn one_of_zapperhubs_several_webhooks_is_shown_changed_and_removed() {
    let server = Server::start().await;
    let body = |path| json!({"name": "updates", "url": format!("http://127.0.0.1/{path}"), "subscriptions": ["messages.update"]});
    zapperhub::call(&server, Method::POST, "webhooks", &body("old")).await;
    let path = "webhooks/updates";
    let changed = zapperhub::call(&server, Method::PUT, path, &body("new")).await;
    let shown = zapperhub::call(&server, Method::GET, path, &Value::Null).await;
    changed.is(200, &shown.json);
    assert_eq!(shown.json["webhook"]["url"], "http://127.0.0.1/new");
    assert_eq!(server.webhooks().len(), 1);
    let removed = zapperhub::call(&server, Method::DELETE, path, &Value::Null).await;
    assert_eq!((removed.status, server.webhooks().len()), (200, 0));
    let gone = zapperhub::call(&server, Method::PUT, path, &body("new")).await;
    assert_eq!(gone.status, 404);
}

#[rstest]
#[case(Method::POST, "webhook", json!({}), 400)]
#[case(Method::POST, "webhook", json!({"url": "http://hooks.example/"}), 400)]
#[case(Method::POST, "webhooks", json!({"url": "http://127.0.0.1/"}), 400)]
#[case(Method::POST, "webhooks", json!({"url": "http://127.0.0.1/", "name": "n", "subscriptions": [1]}), 400)]
#[case(Method::PUT, "webhook", json!({}), 404)]
#[tokio::test]
async fn zapperhub_refuses_a_webhook_that_cannot_be(
    #[case] method: Method,
    #[case] path: &str,
    #[case] body: Value,
    #[case] status: u16,
) {
    let server = Server::start().await;
    let reply = zapperhub::call(&server, method, path, &body).await;
    assert_eq!(reply.status, status, "{}", reply.text);
}

async fn wuzapi_post(server: &Server, path: &str, body: &Value) -> Reply {
    wuzapi::call(server, Method::POST, path, body).await
}

#[tokio::test]
async fn wuzapi_has_a_url_subscriptions_and_a_key() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let key = "k".repeat(32);
    let body = json!({"hmac_key": key});
    let reply = wuzapi_post(&server, "/session/hmac/config", &body).await;
    assert_eq!((reply.status, &reply.json["success"]), (200, &json!(true)));
    let body = json!({"webhookURL": receiver.url, "events": ["Message"]});
    let reply = wuzapi_post(&server, "/webhook", &body).await;
    let expected = json!({"code": 200, "success": true, "data": {"webhook": receiver.url}});
    reply.is(200, &expected);
    let status = wuzapi::call(&server, Method::GET, "/session/status", &Value::Null).await;
    let data = &status.json["data"];
    assert_eq!(
        [&data["webhook"], &data["events"], &data["hmac_configured"]],
        [&json!(receiver.url), &json!("Message"), &json!(true)]
    );
    faults::send(&server, Provider::Wuzapi).await;
    server.settled().await;
    assert!(receiver.posts().is_empty(), "receipts are not subscribed");
    let body = json!({"webhookURL": receiver.url, "events": ["All"]});
    wuzapi_post(&server, "/webhook", &body).await;
    let body = json!({"webhookURL": receiver.url});
    wuzapi_post(&server, "/webhook", &body).await;
    faults::send(&server, Provider::Wuzapi).await;
    server.settled().await;
    assert_eq!(receiver.posts().len(), 1);
    assert!(receiver.posts()[0].header("x-hmac-signature").is_some());
}

#[rstest]
#[case("/session/hmac/config", json!({"hmac_key": "k".repeat(31)}), "HMAC key must be at least 32 characters long")]
#[case("/webhook", json!([]), "could not decode Payload")]
#[case("/webhook", json!({"webhookURL": 1}), "could not decode Payload")]
#[case("/webhook", json!({"webhookURL": "", "events": "All"}), "could not decode Payload")]
#[tokio::test]
async fn wuzapi_refuses_what_it_cannot_use(
    #[case] path: &str,
    #[case] body: Value,
    #[case] error: &str,
) {
    let server = Server::start().await;
    let reply = wuzapi_post(&server, path, &body).await;
    let expected = json!({"code": 400, "error": error, "success": false});
    reply.is(400, &expected);
}

#[tokio::test]
async fn the_phone_can_be_used_over_http() {
    let pair = Pair::start(Provider::Whatsapp).await;
    pair.switch(|switches| switches.steps.clear());
    let id = pair.send().await;
    let server = &pair.server;
    let requests = [
        ("tap", json!({"messageId": id, "button": "a"})),
        ("tap", json!({"messageId": id, "button": 1})),
        (
            "say",
            json!({"from": "5511900000001", "to": "15550001111", "text": "oi"}),
        ),
        (
            "say",
            json!({"provider": "whatsapp", "from": "5511900000001", "text": "oi"}),
        ),
        ("pick", json!({"messageId": id, "id": "r1", "title": "R"})),
    ];
    for (action, body) in &requests {
        let path = format!("/_sandbox/phone/{action}");
        let reply = server.post(&path, body).await;
        assert_eq!(reply.status, 201, "{action}: {}", reply.text);
        server.settled().await;
        let told = pair.bodies().pop().expect("a webhook");
        let message = &told["entry"][0]["changes"][0]["value"]["messages"][0];
        assert_eq!(message["id"], reply.json["messageId"]);
    }
    let body = json!({"messageId": id});
    assert_eq!(server.post("/_sandbox/phone/read", &body).await.status, 204);
    server.settled().await;
    assert_eq!(pair.bodies().len(), 6);
}

#[rstest]
#[case("tap", json!({"messageId": "?", "button": "a"}), 404)]
#[case("tap", json!({"messageId": "?"}), 400)]
#[case("tap", json!({"messageId": "?", "button": 0, "shape": "other"}), 400)]
#[case("read", json!({"messageId": "?"}), 404)]
#[case("say", json!({"from": "1", "to": "?", "text": "oi"}), 404)]
#[tokio::test]
async fn a_phone_says_what_it_cannot_do(
    #[case] action: &str,
    #[case] body: Value,
    #[case] status: u16,
) {
    let server = Server::start().await;
    let path = format!("/_sandbox/phone/{action}");
    let reply = server.post(&path, &body).await;
    assert_eq!(reply.status, status);
    assert!(reply.json["error"].is_string());
}
