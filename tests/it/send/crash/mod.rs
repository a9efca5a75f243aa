//! The server ends in the middle of its work: by force, and when it is asked to.

mod wuzapi;

use std::collections::HashSet;

use recado_sandbox::{Effect, Fault, Provider};
use recado_store::{DatabaseKind, Message};
use recado_tests::prelude::*;
use recado_tests::sent::text_of;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Acknowledgements after which the server is killed.
const ENOUGH: usize = 60;
/// Tasks that send into each conversation.
const SENDERS: usize = 3;

/// Sends messages, each with another text, until the server is gone; tells which were acknowledged.
async fn send_until_gone(
    client: Client,
    conversation: &'static str,
    sender: usize,
    acknowledged: mpsc::UnboundedSender<String>,
) {
    let body = |number| message_of(conversation, &format!("{conversation} {sender} {number}"));
    let accepted = |id| acknowledged.send(id).unwrap_or_default();
    client.send_until_gone(body, accepted).await;
}

/// Every message of the organization, by the API.
async fn messages(client: &Client) -> Vec<Value> {
    let mut found = Vec::new();
    for (_, conversation) in CONVERSATIONS {
        let path = format!("/conversations/{conversation}/messages?limit=100");
        found.extend(client.list(&path).await);
    }
    found
}

fn with_status<'a>(messages: &'a [Value], status: &str) -> HashSet<&'a str> {
    let messages = messages.iter();
    let chosen = messages.filter(|message| message["status"] == status);
    chosen.map(id).collect()
}

/// One more channel, whose provider answers nothing.
async fn open_held(client: &Client) -> HeldProvider {
    let held = HeldProvider::start().await;
    let mut credentials = credentials("whatsapp");
    credentials["phoneNumberId"] = "800000000000009".into();
    let channel = json!({
        "id": "held", "provider": "whatsapp", "name": "held", "credentials": credentials, "settings": {"baseUrl": held.url},
    });
    client.create("/channels", channel).await;
    let to = "5511900000002";
    client.open("conv-held", "agent-123", "held", to).await;
    held
}

/// Sends into all conversations at once, kills the server in the midst of it, and gives the ids
/// of the acknowledged messages.
async fn kill_while_sending(server: Server, client: &Client) -> HashSet<String> {
    let (acknowledge, mut acknowledgements) = mpsc::unbounded_channel();
    let mut senders = JoinSet::new();
    for (_, conversation) in CONVERSATIONS {
        for sender in 0..SENDERS {
            let (client, acknowledge) = (client.clone(), acknowledge.clone());
            senders.spawn(send_until_gone(client, conversation, sender, acknowledge));
        }
    }
    drop(acknowledge);
    let mut acknowledged = HashSet::new();
    for _ in 0..ENOUGH {
        let id = soon("an acknowledgement", acknowledgements.recv()).await;
        acknowledged.insert(id.expect("a sender"));
    }
    server.kill().await.expect("a server to kill");
    soon("the senders end", senders.join_all()).await;
    while let Ok(id) = acknowledgements.try_recv() {
        acknowledged.insert(id);
    }
    acknowledged
}

/// On PostgreSQL others may be sending, so that a server counts as alive until its lease ends: lets it
/// end.
async fn settle(database: &TestDatabase) {
    if database.kind() == DatabaseKind::Postgres {
        database.end_servers().await;
    }
}

#[track_caller]
fn assert_each_once(texts: &[String]) {
    let different: HashSet<_> = texts.iter().collect();
    assert_eq!(different.len(), texts.len(), "something went out twice");
}

#[tokio::test]
async fn a_server_that_is_killed_loses_nothing_and_doubles_nothing() {
    let Deployment {
        database,
        sandbox,
        urls,
        server,
        client,
    } = Deployment::start().await;
    for provider in Provider::ALL {
        // So that every sender waits for its answer most of the time.
        let slow = Fault {
            delay_ms: 20,
            ..Fault::new(provider, Effect::Delay)
        };
        sandbox.fail_next(slow, u32::MAX);
    }
    let held = open_held(&client).await;
    let hung = client.begin_send("conv-held");
    let unanswered = held.receive().await;
    let acknowledged = kill_while_sending(server, &client).await;
    let hung = soon("the send breaks off", hung).await;
    assert!(hung.is_err(), "its answer is lost");
    settle(&database).await;

    let server = Server::on(&database, &urls).await.expect("a restart");
    let client = client.at(&server.url);
    let stored = messages(&client).await;
    let abandoned = text(&unanswered.body["biz_opaque_callback_data"]);
    let abandoned = client.read(&format!("/messages/{abandoned}")).await;
    server.stop().await.expect("an orderly end");

    assert_eq!(abandoned["status"], "unknown", "{abandoned}");
    assert_eq!(with_status(&stored, "sending"), HashSet::new());
    let accepted = with_status(&stored, "accepted");
    let lost = acknowledged.iter().filter(|id| !accepted.contains(&***id));
    let lost: Vec<_> = lost.collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

    let requested: Vec<_> = sandbox.requests().iter().filter_map(text_of).collect();
    assert_each_once(&requested);
    let shown = sandbox.phone_messages().into_iter();
    let shown = shown.filter_map(|message| message.body().map(str::to_owned));
    let shown: Vec<_> = shown.collect();
    assert_each_once(&shown);
    for text in shown {
        let written = stored.iter().find(|message| message["text"] == text);
        let status = &written.expect("what goes out was written down before")["status"];
        let is_known = status == "accepted" || status == "unknown";
        assert!(is_known, "{text} is {status}");
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_end_finishes_what_it_began() {
    let (database, _urls, server, client) = Deployment::start().await.parts();
    let held = HeldProvider::start().await;
    for (channel, _) in CONVERSATIONS {
        client.lead(channel, &held.url).await;
    }
    let mut sends = Vec::new();
    for (_, conversation) in CONVERSATIONS {
        sends.extend((0..2).map(|_| client.begin_send(conversation)));
    }
    let mut waiting = Vec::new();
    for _ in 0..sends.len() {
        waiting.push(held.receive().await);
    }

    let asked = signal(&server.process, "TERM").await;
    asked.expect("the server runs");
    let address = server.url.trim_start_matches("http://");
    let refused = async || TcpStream::connect(address).await.err();
    until("no other connection is accepted", refused).await;
    for request in waiting {
        // A success in the form of each provider.
        let taken = json!({"messages": [{"id": "M1"}], "messageId": "M1", "key": {"id": "M1"}});
        request.answer(&taken).await;
    }
    let mut answers = Vec::new();
    for send in sends {
        let answer = soon("an answer", send).await.expect("no panic");
        answers.push(answer.expect(200)["message"].clone());
    }
    let log = server.ended().await.expect("success");
    assert_contains(&log, "recado-server has stopped");

    let store = database.store().await;
    for message in answers {
        assert_eq!(message["status"], "accepted", "{message}");
        let id = id(&message).parse().expect("an id");
        let organization = "demo".parse().expect("an id");
        let stored = store.get::<Message>(&organization, &id).await;
        let stored = stored.expect("an answer of the database");
        assert_eq!(stored.expect("the message").status.as_str(), "accepted");
    }
    store.close().await;
}
