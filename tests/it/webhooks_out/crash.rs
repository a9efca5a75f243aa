//! The server is killed while webhooks pour in and what they tell goes out to a receiver.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::SignedDuration;
use recado_sandbox::Urls;
use recado_server::app::Clock;
use recado_server::{delivery, inbound};
use recado_store::{DatabaseKind, Event};
use recado_tests::binaries::receiver::ReceiverProcess;
use recado_tests::callbacks::{Call, call_from_many};
use recado_tests::prelude::*;

/// Calls that are taken, and deliveries that arrive, before the server is killed.
const ENOUGH: usize = 100;
/// Tasks that call.
const CALLERS: usize = 6;
/// Customers of one task, who take turns.
const CUSTOMERS: usize = 4;

/// The next call of a task: its customers write again and again, in the same conversations.
fn call(caller: usize, number: usize) -> Call {
    let phone = format!("551193{caller:02}0000{}", number % CUSTOMERS);
    let text = Text {
        id: format!("ID-{caller}-{number}"),
        ..Text::from(&phone)
    };
    let (provider, body) = match caller % 3 {
        0 => {
            let texts = std::slice::from_ref(&text);
            ("whatsapp", whatsapp(&[vec![whatsapp_texts(NUMBER, texts)]]))
        }
        1 => ("zapi", zapi(&text)),
        _ => ("zapperhub", zapperhub(&text)),
    };
    Call {
        provider,
        body,
        texts: vec![text],
    }
}

/// Kills the server in the midst of all; gives the ids that it had taken in, and what had arrived.
async fn kill_in_the_midst(
    server: Server,
    callbacks: &Callbacks,
    receiver: &mut ReceiverProcess,
) -> (HashSet<String>, Vec<Value>) {
    let (callers, mut calls) = call_from_many(callbacks, CALLERS, call);
    let mut taken = HashSet::new();
    let mut note = |(call, is_taken): (Call, bool)| {
        if is_taken {
            taken.extend(call.texts.into_iter().map(|text| text.id));
        }
    };
    for _ in 0..ENOUGH {
        note(soon("a call", calls.recv()).await.expect("a call"));
    }
    let mut arrived = Vec::new();
    for _ in 0..ENOUGH {
        arrived.push(receiver.next().await);
    }
    server.kill().await.expect("a server to kill");
    soon("the callers end", callers.join_all()).await;
    while let Ok(call) = calls.try_recv() {
        note(call);
    }
    arrived.extend(receiver.arrived());
    (taken, arrived)
}

/// Waits until the texts of these ids have arrived.
async fn receive(receiver: &mut ReceiverProcess, calls: &mut Vec<Value>, ids: &HashSet<String>) {
    let id = |call: &Value| {
        let id = &call["event"]["data"]["externalId"];
        id.as_str().map(str::to_owned)
    };
    let arrived: HashSet<_> = calls.iter().filter_map(id).collect();
    let mut missing: HashSet<_> = ids.difference(&arrived).cloned().collect();
    while !missing.is_empty() {
        let call = receiver.next().await;
        if let Some(id) = id(&call) {
            missing.remove(&id);
        }
        calls.push(call);
    }
}

/// What servers do by and by: a dead one's claims end with its lease.
async fn catch_up(database: &TestDatabase, urls: &Urls) {
    let later = Timestamp::now() + SignedDuration::from_secs(61);
    let options = Options {
        clock: Clock::from_fn(move || later),
        ..Options::default()
    };
    database.end_servers().await;
    let store = database.store().await;
    let app = world::app(&store, urls, "http://127.0.0.1:1", &options);
    inbound::apply_left_behind(&app, later).await;
    let drained = delivery::drain(&app).await.expect("the database answers");
    assert_eq!((drained.retried, drained.given_up), (0, 0), "{drained:?}");
    store.close().await;
}

/// Everything that is written down, as the list gives it.
async fn all_events(database: &TestDatabase) -> Vec<Event> {
    let mut events = stored(database, "message.received").await;
    events.extend(stored(database, "conversation.created").await);
    events
}

fn ids(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// The events of each conversation in the order of their first arrival.
fn by_conversation(calls: &[Value]) -> BTreeMap<&str, Vec<&str>> {
    let (mut seen, mut arrivals) = (HashSet::new(), BTreeMap::<_, Vec<_>>::new());
    for call in calls {
        let event = &call["event"];
        assert!(event.is_object(), "refused: {call}");
        let id = id(event);
        if seen.insert(id) {
            let conversation = text(&event["conversationId"]);
            arrivals.entry(conversation).or_default().push(id);
        }
    }
    arrivals
}

#[tokio::test]
async fn what_was_taken_in_reaches_the_receiver_though_the_server_is_killed() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let mut receiver = ReceiverProcess::start().await.expect("a receiver");
    let endpoint = json!({"url": receiver.url});
    let endpoint = client.create("/webhook-endpoints", endpoint).await;
    let trusted = receiver.trust(text(&endpoint["secret"])).await;
    trusted.expect("it listens");
    let callbacks = Callbacks::of(&client, &server.url).await;
    let (taken, mut calls) = kill_in_the_midst(server, &callbacks, &mut receiver).await;
    let written = ids(&all_events(&database).await);
    let in_the_midst = calls.len() < written.len();
    assert!(in_the_midst, "all was delivered before the kill");

    let server = Server::on(&database, &urls).await.expect("a restart");
    if database.kind() == DatabaseKind::Sqlite {
        // It is the only one, and need not wait for the end of the other's claims.
        receive(&mut receiver, &mut calls, &taken).await;
    }
    server.stop().await.expect("an orderly end");
    catch_up(&database, &urls).await;
    calls.extend(receiver.end().await.expect("an orderly end"));

    let events = all_events(&database).await;
    let told = events
        .iter()
        .filter_map(|event| event.data["externalId"].as_str());
    let told: HashSet<_> = told.collect();
    let lost: Vec<_> = taken.iter().filter(|id| !told.contains(&***id)).collect();
    assert!(lost.is_empty(), "answered with 200 and lost: {lost:?}");
    let arrivals = by_conversation(&calls);
    let arrived = arrivals.values().flatten().map(|id| (*id).to_owned());
    assert_eq!(arrived.collect::<BTreeSet<_>>(), ids(&events));
    for (conversation, ids) in arrivals {
        assert!(ids.is_sorted(), "{conversation}: {ids:?}");
    }
}
