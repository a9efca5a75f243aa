//! The server is killed between a call of wuzapi and its outcome: the id that was ours to choose is known.

use recado_store::{DatabaseKind, Message};
use recado_tests::prelude::*;

#[tokio::test]
async fn a_doubtful_message_settles_though_the_server_was_killed() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let held = HeldProvider::start().await;
    let channel = json!({
        "id": "wuzapi", "provider": "zapperhub", "name": "wuzapi", "credentials": {"apiKey": "WUZAPI-TOKEN-01"},
        "settings": {"dialect": "wuzapi", "baseUrl": held.url},
    });
    client.create("/channels", channel).await;
    let agent = "agent-123";
    client.open("conv-wuzapi", agent, "wuzapi", CUSTOMER).await;
    client.begin_send("conv-wuzapi");
    let request = held.receive().await;
    let external_id = request.body["Id"].clone();
    assert!(external_id.is_string(), "{}", request.body);
    server.kill().await.expect("a server to kill");
    if database.kind() == DatabaseKind::Postgres {
        database.end_servers().await;
    }

    let server = Server::on(&database, &urls).await.expect("a restart");
    let client = client.at(&server.url);
    let message = async || -> Value {
        let path = "/conversations/conv-wuzapi/messages";
        client.read(path).await["data"][0].clone()
    };
    let doubtful = message().await;
    doubtful.assert_has(json!({"status": "unknown", "externalId": external_id}));
    let callbacks = Callbacks::of(&client, &server.url).await;
    let receipt = json!({
        "type": "ReadReceipt", "state": "Delivered", "event": {
            "MessageIDs": [external_id], "Chat": format!("{CUSTOMER}@s.whatsapp.net"),
        },
    });
    callbacks.deliver("wuzapi", &receipt).await;
    // What was taken is applied before the end.
    server.stop().await.expect("an orderly end");
    let store = database.store().await;
    let id = id(&doubtful).parse().expect("an id");
    let organization = "demo".parse().expect("an id");
    let settled = store.get::<Message>(&organization, &id).await;
    let settled = settled.expect("an answer of the database");
    assert_eq!(settled.expect("the message").status.as_str(), "delivered");
    store.close().await;
}
