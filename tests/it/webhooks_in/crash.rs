//! The server is killed while webhooks pour in.

use std::collections::HashSet;

use jiff::Timestamp;
use recado_server::inbound;
use recado_store::testing::TestDatabase;
use recado_store::{Event, WebhookCall};
use recado_tests::binaries::{Deployment, Server};
use recado_tests::callbacks::{Callbacks, NUMBER, Text, whatsapp, whatsapp_texts, zapi, zapperhub};
use recado_tests::events::stored;
use recado_tests::world::{self, Options};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Calls that are taken before the server is killed.
const ENOUGH: usize = 200;
/// Tasks that call.
const CALLERS: usize = 12;
/// Customers in one call of Meta.
const BATCH: usize = 5;

/// One call, and what customers write in it.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) provider: &'static str,
    pub(crate) body: Value,
    pub(crate) texts: Vec<Text>,
}

fn call(caller: usize, number: usize) -> Call {
    let texts: Vec<_> = (0..BATCH)
        .map(|place| Text::from(&format!("551192{caller:02}{number:04}{place}")))
        .collect();
    let (provider, body, texts) = match caller % 3 {
        0 => (
            "whatsapp",
            whatsapp(&[vec![whatsapp_texts(NUMBER, &texts)]]),
            &texts[..],
        ),
        1 => ("zapi", zapi(&texts[0]), &texts[..1]),
        _ => ("zapperhub", zapperhub(&texts[0]), &texts[..1]),
    };
    Call {
        provider,
        body,
        texts: texts.to_vec(),
    }
}

/// Calls until the server is gone; tells which calls were made, and whether they were taken.
pub(crate) async fn call_until_gone(
    callbacks: Callbacks,
    caller: usize,
    call: fn(usize, usize) -> Call,
    made: mpsc::UnboundedSender<(Call, bool)>,
) {
    for number in 0.. {
        let call = call(caller, number);
        let request = callbacks.call(call.provider, call.body.to_string());
        let answer = request.send().await;
        let taken = answer.as_ref().is_ok_and(|answer| answer.status() == 200);
        let gone = answer.is_err();
        if made.send((call, taken)).is_err() || gone {
            return;
        }
    }
}

/// Kills the server in the midst of the calls, and gives all that were made.
async fn kill_while_called(server: Server, callbacks: &Callbacks) -> Vec<(Call, bool)> {
    let (made, mut calls) = mpsc::unbounded_channel();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call_until_gone(
            callbacks.clone(),
            caller,
            call,
            made.clone(),
        ));
    }
    drop(made);
    let mut all = Vec::new();
    while all.iter().filter(|(_, taken)| *taken).count() < ENOUGH {
        all.push(calls.recv().await.expect("a call"));
    }
    server.kill().await.expect("a server to kill");
    callers.join_all().await;
    while let Some(call) = calls.recv().await {
        all.push(call);
    }
    all
}

/// Applies what the servers have not, after the leases of all have ended.
async fn apply_left_behind(database: &TestDatabase, urls: &recado_sandbox::Urls) {
    database.end_servers().await;
    let store = database.store().await;
    let app = world::app(&store, urls, "http://127.0.0.1:1", &Options::default());
    let later = inbound::claimed_until(Timestamp::now());
    inbound::apply_left_behind(&app, later).await;
    store.close().await;
}

/// Who wrote, by the events; nobody twice.
fn heard(events: &[Event]) -> HashSet<String> {
    let mut heard = HashSet::new();
    for event in events {
        let phone = event.data["from"]["phone"].as_str().expect("a phone");
        assert!(heard.insert(phone.to_owned()), "{phone} is told twice");
    }
    heard
}

fn phones<'a>(calls: impl Iterator<Item = &'a Call>) -> HashSet<String> {
    let texts = calls.flat_map(|call| &call.texts);
    texts.map(|text| text.from.clone()).collect()
}

#[tokio::test]
async fn what_was_answered_with_200_survives_the_server() {
    let Deployment {
        database,
        urls,
        server,
        client,
        ..
    } = Deployment::start().await;
    let callbacks = Callbacks::of(&client, &server.url).await;
    let calls = kill_while_called(server, &callbacks).await;
    let unanswered = calls.iter().filter(|(_, taken)| !taken).count();
    assert!(unanswered > 0, "it was not killed in the midst of calls");

    let server = Server::on(&database, &urls).await.expect("a restart");
    server.stop().await.expect("an orderly end");
    apply_left_behind(&database, &urls).await;
    let taken = calls.iter().filter(|(_, taken)| *taken);
    let taken = phones(taken.map(|(call, _)| call));
    let told = heard(&stored(&database, "message.received").await);
    let lost: Vec<_> = taken.difference(&told).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");

    // A provider repeats what was not answered; here everything comes again.
    let server = Server::on(&database, &urls).await.expect("a restart");
    let callbacks = callbacks.at(&server.url);
    for (call, _) in &calls {
        callbacks.deliver(call.provider, &call.body).await;
    }
    server.stop().await.expect("an orderly end");
    let told = heard(&stored(&database, "message.received").await);
    assert_eq!(told, phones(calls.iter().map(|(call, _)| call)));
    let opened = heard(&stored(&database, "conversation.created").await);
    assert_eq!(opened, told);
}

#[tokio::test]
async fn what_was_kept_and_not_applied_is_applied_by_the_next_server() {
    let Deployment {
        database,
        urls,
        server,
        ..
    } = Deployment::start().await;
    server.stop().await.expect("an orderly end");
    let store = database.store().await;
    let text = Text::from("5511921234567");
    let now = Timestamp::now();
    let call = WebhookCall {
        id: "whc_left".to_owned(),
        organization_id: "demo".parse().expect("an id"),
        channel_id: "zapi".parse().expect("an id"),
        content_type: Some("application/json".to_owned()),
        body: zapi(&text).to_string().into_bytes(),
        received_at: now,
    };
    let kept = store.keep_webhook_call(&call, inbound::claimed_until(now));
    kept.await.expect("an answer of the database");
    store.close().await;
    let server = Server::on(&database, &urls).await.expect("a restart");
    server.stop().await.expect("an orderly end");
    apply_left_behind(&database, &urls).await;
    let told = heard(&stored(&database, "message.received").await);
    assert_eq!(told, HashSet::from([text.from]));
}
