//! Registering webhooks, over the control API and over each provider's own routes; and the phone over HTTP.

use recado_sandbox::{Provider, Webhook, WebhookError};
use reqwest::Method;
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
        "provider": "whatsapp", "account": "800000000000001", "url": url,
        "secret": "sim-app-secret-01", "verifyToken": "verify-token-01",
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
    reply.has(400, &json!({"handshake": {"status": 403, "body": "no"}}));
    assert!(server.webhooks().is_empty());
}

#[tokio::test]
async fn a_webhook_goes_to_an_account_that_exists_on_this_machine() {
    let server = Server::start().await;
    let (not_a_url, elsewhere) = (WebhookError::NotAUrl, WebhookError::NotThisMachine);
    for (url, account, error) in [
        ("http://localhost:1/", "", None),
        ("http://[::1]:1/", "", None),
        ("https://127.0.0.2/", "", None),
        ("not a url", "", Some(&not_a_url)),
        ("ftp://127.0.0.1/", "", Some(&not_a_url)),
        ("https://hooks.example/", "", Some(&elsewhere)),
        ("http://127.0.0.1.hooks.example/", "", Some(&elsewhere)),
        ("http://127.0.0.1@hooks.example/", "", Some(&elsewhere)),
        (
            "http://127.0.0.1/",
            "?",
            Some(&WebhookError::UnknownAccount),
        ),
    ] {
        let webhook = Webhook {
            account: account.to_owned(),
            ..Webhook::new(Provider::Zapi, url)
        };
        let refused = server.register_webhook(webhook).await;
        assert_eq!(refused.err().as_ref(), error, "{url}");
    }
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
    let types = |receiver: &Receiver| -> Vec<Value> {
        let posts = receiver.posts().into_iter();
        posts.map(|post| post.json()["type"].clone()).collect()
    };
    assert_eq!(types(&every), ["DeliveryCallback"]);
    assert_eq!(types(&status), ["MessageStatusCallback"; 2]);
}

#[tokio::test]
async fn zapi_refuses_a_url_that_cannot_be() {
    let server = Server::start().await;
    for body in [
        json!({}),
        json!({"value": "hooks"}),
        json!({"value": "https://hooks.example/"}),
    ] {
        let reply = zapi_put(&server, "update-webhook-received", &body).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json["error"].is_string());
    }
}

#[tokio::test]
async fn h22_zapperhub_has_one_webhook_with_a_secret_and_several_without() {
    let server = Server::start().await;
    let settings = json!({"zapperhub": {"legacyWithoutUpdates": true}});
    server.post("/_sandbox/settings", &settings).await;
    let (legacy, updates) = (Receiver::start().await, Receiver::start().await);
    let server = &server;
    let ask = |method, path, body: Value| async move {
        zapperhub::call(server, method, path, &body).await
    };
    assert_eq!(ask(Method::GET, "webhook", Value::Null).await.status, 404);
    let body = json!({"url": legacy.url, "secretKey": "hook-secret"});
    let reply = ask(Method::POST, "webhook", body).await;
    reply.has(200, &json!({"url": legacy.url}));
    assert!(!reply.text.contains("hook-secret"));
    let body = json!({"name": "updates", "url": updates.url, "subscriptions": ["messages.update"]});
    let reply = ask(Method::POST, "webhooks", body).await;
    reply.has(200, &json!({"webhook": {"name": "updates"}}));
    faults::send(server, Provider::Zapperhub).await;
    server.settled().await;
    let (legacy, updates) = (legacy.posts(), updates.posts());
    assert_eq!((legacy.len(), updates.len()), (1, 2));
    assert_eq!(
        legacy[0].header("authorization"),
        Some("Bearer hook-secret")
    );
    assert_eq!(updates[0].header("authorization"), None);
    let all = ask(Method::GET, "webhooks", Value::Null).await;
    assert_eq!(all.json["webhooks"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        ask(Method::DELETE, "webhook", Value::Null).await.status,
        200
    );
    assert_eq!(ask(Method::GET, "webhook", Value::Null).await.status, 404);
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

#[tokio::test]
async fn zapperhub_refuses_a_webhook_that_cannot_be() {
    let server = Server::start().await;
    let here = "http://127.0.0.1/";
    for (method, path, body, status) in [
        (Method::POST, "webhook", json!({}), 400),
        (
            Method::POST,
            "webhook",
            json!({"url": "http://hooks.example/"}),
            400,
        ),
        (Method::POST, "webhooks", json!({"url": here}), 400),
        (
            Method::POST,
            "webhooks",
            json!({"url": here, "name": "n", "subscriptions": [1]}),
            400,
        ),
        (Method::PUT, "webhook", json!({}), 404),
    ] {
        let reply = zapperhub::call(&server, method, path, &body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
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
    let data = json!({"webhook": receiver.url, "events": "Message", "hmac_configured": true});
    status.has(200, &json!({"data": data}));
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

#[tokio::test]
async fn wuzapi_refuses_what_it_cannot_use() {
    let server = Server::start().await;
    let undecodable = "could not decode Payload";
    let short = "HMAC key must be at least 32 characters long";
    for (path, body, error) in [
        (
            "/session/hmac/config",
            json!({"hmac_key": "k".repeat(31)}),
            short,
        ),
        ("/webhook", json!([]), undecodable),
        ("/webhook", json!({"webhookURL": 1}), undecodable),
        (
            "/webhook",
            json!({"webhookURL": "", "events": "All"}),
            undecodable,
        ),
    ] {
        let reply = wuzapi_post(&server, path, &body).await;
        reply.is(400, &json!({"code": 400, "error": error, "success": false}));
    }
}

#[tokio::test]
async fn the_phone_can_be_used_over_http() {
    let pair = Pair::start(Provider::Whatsapp).await;
    pair.switch(|switches| switches.steps.clear());
    let id = pair.send().await;
    let server = &pair.server;
    let from = "5511900000001";
    let requests = [
        ("tap", json!({"messageId": id, "button": "a"})),
        ("tap", json!({"messageId": id, "button": 1})),
        (
            "say",
            json!({"from": from, "to": "15550001111", "text": "oi"}),
        ),
        (
            "say",
            json!({"provider": "whatsapp", "from": from, "text": "oi"}),
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

#[tokio::test]
async fn a_phone_says_what_it_cannot_do() {
    let server = Server::start().await;
    for (action, body, status) in [
        ("tap", json!({"messageId": "?", "button": "a"}), 404),
        ("tap", json!({"messageId": "?"}), 400),
        (
            "tap",
            json!({"messageId": "?", "button": 0, "shape": "other"}),
            400,
        ),
        ("read", json!({"messageId": "?"}), 404),
        ("say", json!({"from": "1", "to": "?", "text": "oi"}), 404),
    ] {
        let reply = server
            .post(&format!("/_sandbox/phone/{action}"), &body)
            .await;
        assert_eq!(reply.status, status, "{action} {body}");
        assert!(reply.json["error"].is_string());
    }
}
