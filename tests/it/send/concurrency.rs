//! Many sends at once, and clients that do not wait for their answers.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use recado_core::Status;
use recado_sandbox::{Effect, Fault, PhoneMessage, Provider};
use recado_store::{Message, MessageContent, Page};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;
use tokio::task::JoinSet;

const AT_ONCE: u64 = 200;

fn recipient(number: u64) -> String {
    format!("5511{:09}", 910_000_000 + number)
}

/// A message that is like no other.
fn body(conversation: &str, mark: &str) -> Value {
    json!({
        "agentId": "agent-123", "conversationId": conversation,
        "header_text": format!("Header {mark}"), "body_text": format!("Body {mark}"), "footer_text": format!("Footer {mark}"),
        "button_1_id": format!("yes-{mark}"), "button_1_title": format!("Yes {mark}"),
        "button_2_id": format!("no-{mark}"), "button_2_title": format!("No {mark}"),
    })
}

#[track_caller]
fn assert_shows(message: &PhoneMessage, mark: &str) {
    let [header, text, footer] = ["Header", "Body", "Footer"].map(|part| format!("{part} {mark}"));
    let shown = (message.header(), message.body(), message.footer());
    assert_eq!(shown, (Some(&*header), Some(&*text), Some(&*footer)));
    let buttons = message.buttons().iter();
    let buttons = buttons.map(|button| format!("{}={}", button.id, button.title));
    let expected = [
        format!("yes-{mark}=Yes {mark}"),
        format!("no-{mark}=No {mark}"),
    ];
    assert_eq!(buttons.collect::<Vec<_>>(), expected);
}

/// Does the same for every number at once, and collects what came of it.
async fn all_at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    each: impl Fn(u64) -> F,
) -> Vec<T> {
    let tasks: JoinSet<_> = (0..AT_ONCE).map(each).collect();
    soon("all at once", tasks.join_all()).await
}

async fn open(client: Client, channel: &'static str, number: u64) {
    let (id, to) = (format!("{channel}-{number}"), recipient(number));
    client.open(&id, "agent-123", channel, &to).await;
}

/// Sends to that recipient, and gives both ids of the message.
async fn send(client: Client, channel: &'static str, number: u64) -> [String; 2] {
    let body = body(&format!("{channel}-{number}"), &recipient(number));
    let answer = client.accepted(body).await;
    ["id", "externalId"].map(|key| text(&answer["message"][key]).to_owned())
}

#[tokio::test]
async fn two_hundred_sends_at_once_arrive_once_each_and_at_their_own_recipient() {
    // A process of its own has file descriptors of its own.
    let Deployment {
        sandbox,
        server,
        client,
        database: _database,
        ..
    } = Deployment::start().await;
    client.unlimit("whatsapp").await;
    for (channel, _) in CONVERSATIONS {
        sandbox.clear();
        all_at_once(|number| open(client.clone(), channel, number)).await;
        let ids = all_at_once(|number| send(client.clone(), channel, number)).await;

        let different: HashSet<_> = ids.iter().flatten().collect();
        assert_eq!(
            different.len(),
            ids.len() * 2,
            "{channel}: an id comes twice"
        );
        let phones = sandbox.phone_messages();
        assert_eq!(phones.len(), ids.len(), "{channel}");
        assert_eq!(sandbox.requests().len(), ids.len(), "{channel}");
        let phones = phones.iter().map(|message| (message.to.as_str(), message));
        let phones: HashMap<_, _> = phones.collect();
        for number in 0..AT_ONCE {
            assert_shows(phones[recipient(number).as_str()], &recipient(number));
        }
    }
    server.stop().await.expect("an orderly end");
}

/// Everything that was written down in a conversation of the organization `demo`.
async fn stored(database: &TestDatabase, conversation: &str) -> Vec<Message> {
    let store = database.store().await;
    let page = Page {
        after: None,
        limit: 1000,
    };
    let organization = "demo".parse().expect("an id");
    let conversation = conversation.parse().expect("an id");
    let listed = store.list_messages(&organization, &conversation, &page);
    let listed = listed.await.expect("an answer of the database");
    store.close().await;
    listed.data
}

#[tokio::test]
async fn a_send_goes_on_when_its_client_hangs_up() {
    let world = World::start().await;
    let held = world.client.hold("whatsapp").await;
    let mut client = Wire::connect(&world.url).await;
    let (key, body) = (world.client.key(), smallest_body("conv-456").to_string());
    let length = body.len();
    let request = format!(
        "POST {SEND} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    client.write(request).await;

    let request = held.receive().await;
    drop(client);
    let id = request.body["biz_opaque_callback_data"].clone();
    let answer = json!({"messages": [{"id": "wamid.late"}]});
    // The end of the server waits for the send, which waits for this answer.
    tokio::join!(world.stop(), request.answer(&answer));

    let [stored] = &stored(&world.database, "conv-456").await[..] else {
        panic!("one message");
    };
    assert_eq!(stored.id.as_str(), id);
    assert_eq!(stored.status, Status::Accepted);
    assert_eq!(stored.external_id.as_deref(), Some("wamid.late"));
}

#[tokio::test]
async fn whenever_clients_hang_up_what_went_out_is_known_and_went_out_once() {
    let Deployment {
        database,
        sandbox,
        server,
        client,
        ..
    } = Deployment::start().await;
    let slow = Fault {
        delay_ms: 20,
        ..Fault::new(Provider::Whatsapp, Effect::Delay)
    };
    sandbox.fail_next(slow, u32::MAX);
    client.unlimit("whatsapp").await;
    let mut leaving = Vec::new();
    for number in 0..60 {
        let client = client.clone();
        let body = body("conv-456", &format!("left {number}"));
        leaving.push(tokio::spawn(async move { client.send(body).await }));
    }
    // Each send that stays is the signal for some to leave, wherever they are by now.
    for (number, leaving) in leaving.chunks(6).enumerate() {
        let body = body("conv-456", &format!("stayed {number}"));
        client.accepted(body).await;
        leaving.iter().for_each(tokio::task::JoinHandle::abort);
    }
    server.stop().await.expect("the server waits for its sends");

    let phone = sandbox.phone_messages();
    let shown = phone.iter().filter_map(|message| message.body());
    let shown: HashSet<_> = shown.map(Cow::Borrowed).collect();
    assert_eq!(shown.len(), phone.len(), "something went out twice");
    let stored = stored(&database, "conv-456").await;
    let written = stored.iter().map(|message| text_of(&message.content));
    assert_eq!(shown, written.collect());
    for message in &stored {
        assert_eq!(message.status, Status::Accepted, "{message:?}");
    }
}

/// The text of a message of ours.
fn text_of(content: &MessageContent) -> Cow<'_, str> {
    match content {
        MessageContent::Outbound(content) => content.text(),
        MessageContent::Inbound { kind, .. } => panic!("an inbound message of kind {kind}"),
    }
}
