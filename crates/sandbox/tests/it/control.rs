//! The control API, and how the server ends.

use std::time::Duration;

use recado_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

use crate::whatsapp::{message, send};
use crate::{Reply, Server, parsed, rows};

#[tokio::test]
async fn requests_and_phone_messages_are_listed_and_cleared() {
    let server = Server::start().await;
    let sent = send(&server, &message()).await;
    server.get("/zapperhub/").await;
    let listed = server.get("/_sandbox/requests?provider=whatsapp").await;
    let expected = json!({"data": [{
        "order": 1, "provider": "whatsapp", "method": "POST",
        "path": "/whatsapp/v25.0/800000000000001/messages", "contentType": "application/json",
        "hasCredential": true, "body": message(), "status": 200, "accepted": true,
        "messageId": sent.json["messages"][0]["id"],
    }]});
    assert_eq!(listed.json, expected);
    assert_eq!(server.requests().len(), 2);
    let path = "/_sandbox/phone?to=%2B55%2011%2090000-0001";
    let phone = server.get(path).await;
    let expected = json!({"data": [{
        "provider": "whatsapp", "to": "5511900000001", "from": "800000000000001",
        "messageId": sent.json["messages"][0]["id"], "header": null,
        "body": "Podemos entregar hoje entre *14h* e *18h*?", "footer": null,
        "buttons": [{"id": "a", "title": "Sim"}, {"id": "b", "title": "Não"}],
        "callbackData": null,
    }]});
    assert_eq!(phone.json, expected);
    server
        .get("/_sandbox/phone?to=1")
        .await
        .is(200, &json!({"data": []}));
    assert_eq!(server.delete("/_sandbox/requests").await.status, 204);
    assert!(server.requests().is_empty() && server.phone_messages().is_empty());
}

#[tokio::test]
async fn a_fault_is_planned_listed_and_cleared() {
    let server = Server::start().await;
    let fault = json!({"provider": "whatsapp", "times": 2, "delayMs": 0, "effect": "answer",
        "status": 502, "body": "<html>", "headers": {"Retry-After": "1"}});
    let reply = server.post("/_sandbox/faults", &fault).await;
    reply.is(201, &fault);
    assert_eq!(send(&server, &message()).await.status, 502);
    let planned = server.get("/_sandbox/faults").await;
    assert_eq!(planned.json["data"][0]["times"], 1);
    assert_eq!(server.delete("/_sandbox/faults").await.status, 204);
    assert_eq!(send(&server, &message()).await.status, 200);
}

#[tokio::test]
async fn a_reset_is_listed_by_its_word() {
    let server = Server::start().await;
    let fault = json!({"provider": "zapperhub", "effect": "reset_before"});
    assert_eq!(server.post("/_sandbox/faults", &fault).await.status, 201);
    let request = server.request(Method::GET, "/zapperhub/", None, &Value::Null);
    Reply::try_of(request).await.expect_err("no answer");
    let listed = server.get("/_sandbox/requests").await;
    assert_eq!(listed.json["data"][0]["status"], "reset");
}

#[tokio::test]
async fn a_control_request_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let table = r#"
faults | {"provider": "zapi", "effect": "explode"}
faults | {"provider": "zapi", "effect": "answer", "status": 99}
settings | {"zapi": {"conected": false}}
accounts | {"provider": "wuzapi"}
clock | {"advanceMs": -1}"#;
    for [path, body] in rows(table) {
        let reply = server
            .post(&format!("/_sandbox/{path}"), &parsed(body))
            .await;
        assert_eq!(reply.status, 400, "{path} {body}");
        assert!(reply.json["error"].is_string());
    }
}

#[tokio::test]
async fn settings_change_key_by_key() {
    let server = Server::start().await;
    let first = json!({"zapi": {"connected": false}});
    let second =
        json!({"zapperhub": {"responseShape": "job"}, "whatsapp": {"allowedRecipients": ["1"]}});
    server.post("/_sandbox/settings", &first).await;
    let reply = server.post("/_sandbox/settings", &second).await;
    reply.is(200, &server.get("/_sandbox/settings").await.json);
    let zapi = json!({"connected": false, "subscribed": true});
    reply.has(
        200,
        &json!({"zapi": zapi, "zapperhub": {"responseShape": "job"}}),
    );
    let refused = send(&server, &message()).await;
    refused.has(400, &json!({"error": {"code": 131_030}}));
}

#[test]
fn changes_of_settings_at_the_same_time_are_all_kept() {
    let sandbox = Sandbox::new();
    let insert = |number: String| {
        sandbox.change_settings(|settings| {
            settings.whatsapp.closed_windows.insert(number);
        });
    };
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let insert = &insert;
            scope.spawn(move || (0..50).for_each(|count| insert(format!("{thread}-{count}"))));
        }
    });
    let inserted = sandbox.settings().whatsapp.closed_windows;
    assert_eq!(inserted.len(), 8 * 50);
}

#[tokio::test]
async fn an_added_account_can_send() {
    let server = Server::start().await;
    let account =
        json!({"provider": "zapperhub", "instanceId": "inst_new", "apiKey": "API-KEY-NEW"});
    let added = server.post("/_sandbox/accounts", &account).await;
    added.is(201, &account);
    let listed = server.get("/_sandbox/accounts").await.json;
    let listed = listed["data"].as_array().expect("a list");
    assert!(listed.contains(&account));
    let path = "/zapperhub/inst_new/connection";
    let credential = Some(("x-api-key", "API-KEY-NEW"));
    let reply = server.call(Method::GET, path, credential, &Value::Null);
    assert_eq!(reply.await.status, 200);
}

#[tokio::test]
async fn the_clock_can_be_advanced() {
    let server = Server::with(|settings| settings.whatsapp.pair_limit = true).await;
    server.stop_clock();
    for _ in 0..45 {
        send(&server, &message()).await;
    }
    assert_eq!(send(&server, &message()).await.status, 400);
    let by = json!({"advanceMs": 270_000});
    assert_eq!(server.post("/_sandbox/clock", &by).await.status, 204);
    assert_eq!(send(&server, &message()).await.status, 200);
}

#[tokio::test]
async fn the_root_lists_the_routes() {
    let server = Server::start().await;
    let reply = server.get("/").await;
    assert_eq!(reply.json["name"], "recado-sandbox");
    assert_eq!(server.get("/elsewhere").await.status, 404);
}

#[tokio::test]
async fn the_server_ends_when_told_even_with_idle_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(Sandbox::new().serve(listener, async {
        stopped.await.ok();
    }));
    let client = reqwest::Client::new();
    let url = format!("http://{address}/");
    let answer = client.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    stop.send(()).expect("the server listens");
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
    ended
        .expect("an end in time")
        .expect("no panic")
        .expect("no error");
    assert!(client.get(&url).send().await.is_err());
}
