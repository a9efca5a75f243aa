//! The server is killed while webhooks pour in.

use std::collections::HashSet;

use recado_server::inbound;
use recado_store::Event;
use recado_tests::callbacks::{Call, call_from_many};
use recado_tests::prelude::*;

/// Calls that are taken before the server is killed.
const ENOUGH: usize = 200;
/// Tasks that call.
const CALLERS: usize = 12;
/// Customers in one call of Meta.
const BATCH: usize = 5;

fn call(caller: usize, number: usize) -> Call {
    let texts: Vec<_> = (0..BATCH)
        .map(|place| Text::from(&format!("551192{caller:02}{number:04}{place}")))
        .collect();
    let batch = whatsapp(&[vec![whatsapp_texts(NUMBER, &texts)]]);
    let (provider, body, texts) = match caller % 3 {
        0 => ("whatsapp", batch, &texts[..]),
        1 => ("zapi", zapi(&texts[0]), &texts[..1]),
        _ => ("zapperhub", zapperhub(&texts[0]), &texts[..1]),
    };
    Call {
        provider,
        body,
        texts: texts.to_vec(),
    }
}

/// Kills the server in the midst of the calls, and gives all that were made.
async fn kill_while_called(server: Server, callbacks: &Callbacks) -> Vec<(Call, bool)> {
    let (callers, mut calls) = call_from_many(callbacks, CALLERS, call);
    let mut all = Vec::new();
    while all.iter().filter(|(_, taken)| *taken).count() < ENOUGH {
        all.push(soon("a call", calls.recv()).await.expect("a call"));
    }
    server.kill().await.expect("a server to kill");
    soon("the callers end", callers.join_all()).await;
    while let Ok(call) = calls.try_recv() {
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

/// Returns the customers of these events, each of whom wrote once.
fn heard(events: &[Event]) -> HashSet<String> {
    let mut heard = HashSet::new();
    for event in events {
        let phone = text(&event.data["from"]["phone"]);
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
    let (database, urls, server, client) = Deployment::start().await.parts();
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
