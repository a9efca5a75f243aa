//! The disk of a SQLite database is full for a while.

use recado_tests::binaries::may_write;
use recado_tests::callbacks::whatsapp_status;
use recado_tests::prelude::*;
use recado_tests::world::{operator_key, sandbox};

use super::database::tap;

#[tokio::test]
async fn a_full_disk_loses_no_outcome_no_status_and_no_tap() {
    let database = TestDatabase::in_file().await;
    let (sandbox, urls) = sandbox().await;
    let store = database.store().await;
    let operator = operator_key(&store).await;
    store.close().await;
    let server = Server::with_limited_files(&database, &urls).await;
    let server = server.expect("a server");
    let operator = Client::new(&server.url, &operator);
    let client = operator.organization("demo").await;
    open_conversations(&client, &CONVERSATIONS).await;
    let callbacks = Callbacks::of(&client, &server.url).await;
    let held = client.hold("whatsapp").await;
    let mut send = client.begin_send("conv-456");
    let request = held.receive().await;
    let id = request.body["biz_opaque_callback_data"].clone();

    may_write(&server.process, "1").await.expect("a full disk");
    let answer = json!({"messages": [{"id": "wamid.1"}]});
    request.answer(&answer).await;
    let early = tokio::time::timeout(Duration::from_secs(1), &mut send).await;
    assert!(early.is_err(), "the outcome is tried again: {early:?}");
    let refused = client.send(smallest_body("conv-zapi")).await;
    refused.refused(503, "unavailable");
    assert_eq!(sandbox.requests(), [], "nothing is sent that is not stored");
    let members = json!({"statuses": [whatsapp_status("wamid.1", "delivered")]});
    let status = whatsapp(&[vec![change(NUMBER, &members)]]);
    let call = callbacks.call("whatsapp", status.to_string());
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.status(), 503, "so that Meta calls again");

    may_write(&server.process, "unlimited").await.expect("room");
    callbacks.deliver("whatsapp", &tap("wamid.1")).await;
    callbacks.deliver("whatsapp", &status).await;
    let answer = soon("an answer", send).await.expect("no panic").expect(200);
    assert_eq!(answer["message"]["externalId"], "wamid.1");
    server.stop().await.expect("an orderly end");
    assert_eq!(stored(&database, "message.delivered").await.len(), 1);
    let tapped = stored(&database, "button.pressed").await;
    assert_eq!(tapped[0].data["inReplyTo"], id);
    assert_eq!(stored(&database, "message.unknown").await, []);
}
