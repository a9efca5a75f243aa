//! Registering webhooks, over the control API and over each provider's own routes; and the phone over HTTP.

use recado_sandbox::{Provider, Webhook, WebhookError};
use serde_json::{Value, json};

use super::{Pair, receiver::Receiver};
use crate::{Server, faults, parsed, rows};

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
    for [url, error] in rows(
        "
http://localhost:1/ | 
http://[::1]:1/ | 
https://127.0.0.2/ | 
not a url | NotAUrl
ftp://127.0.0.1/ | NotAUrl
https://hooks.example/ | NotThisMachine
http://127.0.0.1.hooks.example/ | NotThisMachine
http://127.0.0.1@hooks.example/ | NotThisMachine",
    ) {
        let registered = server.register_webhook(Webhook::new(Provider::Zapi, url));
        let refused = registered.await.err().map(|error| format!("{error:?}"));
        assert_eq!(refused.unwrap_or_default(), error, "{url}");
    }
    let unknown = Webhook {
        account: "?".to_owned(),
        ..Webhook::new(Provider::Zapi, "http://127.0.0.1/")
    };
    let refused = server.register_webhook(unknown).await;
    assert_eq!(refused.err(), Some(WebhookError::UnknownAccount));
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
    let refused = server
        .ask(Provider::Zapi, "PUT update-every-webhooks", &body)
        .await;
    assert_eq!(refused.status, 400);
    let cleared = server.delete("/_sandbox/webhooks").await;
    assert_eq!(cleared.status, 204);
    assert!(server.webhooks().is_empty());
}

#[tokio::test]
async fn z49_zapi_sets_one_url_for_every_event_or_one_for_each() {
    let server = Server::start().await;
    let (every, status) = (Receiver::start().await, Receiver::start().await);
    let body = json!({"value": every.url, "notifySentByMe": true});
    let reply = server
        .ask(Provider::Zapi, "PUT update-every-webhooks", &body)
        .await;
    reply.is(200, &json!({"value": true}));
    let body = json!({"value": status.url});
    let reply = server
        .ask(Provider::Zapi, "PUT update-webhook-message-status", &body)
        .await;
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
async fn h22_zapperhub_has_one_webhook_with_a_secret_and_several_without() {
    let server = Server::start().await;
    let settings = json!({"zapperhub": {"legacyWithoutUpdates": true}});
    server.post("/_sandbox/settings", &settings).await;
    let (legacy, updates) = (Receiver::start().await, Receiver::start().await);
    let server = &server;
    let ask = |call, body: Value| async move { server.ask(Provider::Zapperhub, call, &body).await };
    assert_eq!(ask("GET webhook", Value::Null).await.status, 404);
    let body = json!({"url": legacy.url, "secretKey": "hook-secret"});
    let reply = ask("POST webhook", body).await;
    reply.has(200, &json!({"url": legacy.url}));
    assert!(!reply.text.contains("hook-secret"));
    let body = json!({"name": "updates", "url": updates.url, "subscriptions": ["messages.update"]});
    let reply = ask("POST webhooks", body).await;
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
    let all = ask("GET webhooks", Value::Null).await;
    assert_eq!(all.json["webhooks"].as_array().map(Vec::len), Some(2));
    assert_eq!(ask("DELETE webhook", Value::Null).await.status, 200);
    assert_eq!(ask("GET webhook", Value::Null).await.status, 404);
    assert_eq!(server.webhooks().len(), 1);
}

#[tokio::test]
async fn one_of_zapperhubs_several_webhooks_is_shown_changed_and_removed() {
    let server = Server::start().await;
    let body = |path| json!({"name": "updates", "url": format!("http://127.0.0.1/{path}"), "subscriptions": ["messages.update"]});
    let server = &server;
    let ask = |call, body: Value| async move { server.ask(Provider::Zapperhub, call, &body).await };
    ask("POST webhooks", body("old")).await;
    let changed = ask("PUT webhooks/updates", body("new")).await;
    let shown = ask("GET webhooks/updates", Value::Null).await;
    changed.is(200, &shown.json);
    assert_eq!(shown.json["webhook"]["url"], "http://127.0.0.1/new");
    assert_eq!(server.webhooks().len(), 1);
    let removed = ask("DELETE webhooks/updates", Value::Null).await;
    assert_eq!((removed.status, server.webhooks().len()), (200, 0));
    let gone = ask("PUT webhooks/updates", body("new")).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn wuzapi_has_a_url_subscriptions_and_a_key() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let key = "k".repeat(32);
    let body = json!({"hmac_key": key});
    let reply = server
        .ask(Provider::Wuzapi, "POST session/hmac/config", &body)
        .await;
    assert_eq!((reply.status, &reply.json["success"]), (200, &json!(true)));
    let body = json!({"webhookURL": receiver.url, "events": ["Message"]});
    let reply = server.ask(Provider::Wuzapi, "POST webhook", &body).await;
    let expected = json!({"code": 200, "success": true, "data": {"webhook": receiver.url}});
    reply.is(200, &expected);
    let status = server
        .ask(Provider::Wuzapi, "GET session/status", &Value::Null)
        .await;
    let data = json!({"webhook": receiver.url, "events": "Message", "hmac_configured": true});
    status.has(200, &json!({"data": data}));
    faults::send(&server, Provider::Wuzapi).await;
    server.settled().await;
    assert!(receiver.posts().is_empty(), "receipts are not subscribed");
    let body = json!({"webhookURL": receiver.url, "events": ["All"]});
    server.ask(Provider::Wuzapi, "POST webhook", &body).await;
    let body = json!({"webhookURL": receiver.url});
    server.ask(Provider::Wuzapi, "POST webhook", &body).await;
    faults::send(&server, Provider::Wuzapi).await;
    server.settled().await;
    assert_eq!(receiver.posts().len(), 1);
    assert!(receiver.posts()[0].header("x-hmac-signature").is_some());
}

#[tokio::test]
async fn the_phone_can_be_used_over_http() {
    let pair = Pair::start(Provider::Whatsapp).await;
    pair.switch(&json!({"steps": []}));
    let id = pair.send().await;
    let server = &pair.server;
    let table = r#"
tap | {"messageId": "ID", "button": "a"}
tap | {"messageId": "ID", "button": 1}
say | {"from": "5511900000001", "to": "15550001111", "text": "oi"}
say | {"provider": "whatsapp", "from": "5511900000001", "text": "oi"}
pick | {"messageId": "ID", "id": "r1", "title": "R"}"#;
    for [action, body] in rows(&table.replace("ID", &id)) {
        let path = format!("/_sandbox/phone/{action}");
        let reply = server.post(&path, &parsed(body)).await;
        assert_eq!(reply.status, 201, "{action}: {}", reply.text);
        let told = pair.told().await.pop().expect("a webhook");
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
    let table = r#"
tap | {"messageId": "?", "button": "a"} | 404
tap | {"messageId": "?"} | 400
tap | {"messageId": "?", "button": 0, "shape": "other"} | 400
read | {"messageId": "?"} | 404
say | {"from": "1", "to": "?", "text": "oi"} | 404"#;
    for [action, body, status] in rows(table) {
        let path = format!("/_sandbox/phone/{action}");
        let reply = server.post(&path, &parsed(body)).await;
        assert_eq!(reply.status.to_string(), status, "{action} {body}");
        assert!(reply.json["error"].is_string());
    }
}

#[tokio::test]
async fn a_provider_refuses_a_webhook_that_cannot_be() {
    let server = Server::start().await;
    let table = r#"
zapi | PUT update-webhook-received | {} | 400
zapi | PUT update-webhook-received | {"value": "hooks"} | 400
zapi | PUT update-webhook-received | {"value": "https://hooks.example/"} | 400
zapperhub | POST webhook | {} | 400
zapperhub | POST webhook | {"url": "http://hooks.example/"} | 400
zapperhub | POST webhooks | {"url": "http://127.0.0.1/"} | 400
zapperhub | POST webhooks | {"url": "http://127.0.0.1/", "name": "n", "subscriptions": [1]} | 400
zapperhub | PUT webhook | {} | 404
wuzapi | POST session/hmac/config | {"hmac_key": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"} | HMAC key must be at least 32 characters long
wuzapi | POST webhook | [] | could not decode Payload
wuzapi | POST webhook | {"webhookURL": 1} | could not decode Payload
wuzapi | POST webhook | {"webhookURL": "", "events": "All"} | could not decode Payload
wuzapi | POST webhook | {"webhookURL": "", "events": [1]} | could not decode Payload"#;
    for [word, call, body, expected] in rows(table) {
        let provider = word.parse().expect(word);
        let reply = server.ask(provider, call, &parsed(body)).await;
        match provider {
            Provider::Wuzapi => {
                let refusal = json!({"code": 400, "error": expected, "success": false});
                reply.is(400, &refusal);
            }
            _ => assert_eq!(reply.status.to_string(), expected, "{word} {call} {body}"),
        }
        let is_said = reply.json["error"].is_string();
        let is_zapperhub = provider == Provider::Zapperhub;
        assert!(is_said || is_zapperhub, "{word} {call} {body}");
    }
}
