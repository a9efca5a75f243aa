//! Provider webhooks on a slow database: few round trips, and ever smaller parts where time does not suffice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use recado_core::inbound::{Contact, Inbound, StatusUpdate};
use recado_core::{Provider, Status};
use recado_store::testing::TestDatabase;
use recado_store::{Conversation, DatabaseKind, Store};
use sqlx::Row;
use sqlx::any::AnyConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::inbound::quotations::answering;
use crate::taps::{
    ana, application, apply_one, call, connection, create_channel, events, furnish, kinds, phone,
    said, status_update, tapped,
};
use crate::world::{World, agent, at, ended, id, ok, org, with};

/// A store and the number of its round trips to PostgreSQL, each of which takes long if the database is far away; SQLite
/// is a file, and makes none.
async fn counting_round_trips(database: &TestDatabase) -> (Store, Arc<AtomicUsize>) {
    let trips = Arc::new(AtomicUsize::new(0));
    if database.kind() == DatabaseKind::Sqlite {
        return (database.store().await, trips);
    }
    let mut options: AnyConnectOptions = database.url().parse().unwrap();
    let url = &mut options.database_url;
    let host = url.host_str().unwrap().to_owned();
    let upstream = (host, url.port().unwrap_or(5432));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let counted = Arc::clone(&trips);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = ok(TcpStream::connect(upstream.clone())).await;
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let asked = Trips {
                count: Arc::clone(&counted),
                is_answered: Arc::new(AtomicBool::new(true)),
            };
            let answered = asked.clone();
            tokio::spawn(pass(from_client, to_server, move || asked.client_says()));
            tokio::spawn(pass(from_server, to_client, move || answered.server_says()));
        }
    });
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(address.port())).unwrap();
    let store = Store::connect(url.as_str(), database.key().clone()).await;
    (store.unwrap(), trips)
}

/// The round trips of a connection: what the client says after an answer begins another one.
#[derive(Clone)]
struct Trips {
    count: Arc<AtomicUsize>,
    is_answered: Arc<AtomicBool>,
}

impl Trips {
    fn client_says(&self) {
        if self.is_answered.swap(false, Ordering::Relaxed) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn server_says(&self) {
        self.is_answered.store(true, Ordering::Relaxed);
    }
}

/// Passes bytes on, and notes each piece first.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, note: impl Fn() + Send) {
    let mut bytes = vec![0; 1 << 20];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        note();
        if to.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
}

/// The calls that are not applied.
async fn left(world: &World) -> Vec<String> {
    let rows = sqlx::query("select id from webhook_calls where applied_at is null")
        .fetch_all(&mut world.raw().await)
        .await
        .unwrap();
    rows.iter().map(|row| row.get("id")).collect()
}

fn texts(count: usize) -> Vec<Inbound> {
    let text = |number| {
        said(
            &format!("w.{number}"),
            phone(&format!("55119{number:08}")),
            "Hi",
        )
    };
    (0..count).map(text).collect()
}

#[tokio::test]
async fn a_call_of_250_texts_of_strangers_is_a_handful_of_statements() {
    let world = World::new().await;
    furnish(&world.store, Provider::WhatsApp).await;
    let (store, trips) = counting_round_trips(&world.database).await;
    let applied = apply_one(&store, application(&org(1), texts(250))).await;
    assert_eq!((applied.events, applied.no_agent), (500, false));
    let told = kinds(&world.store).await;
    let count = |kind: &str| told.iter().filter(|told| **told == kind).count();
    assert_eq!(count("message.received"), 250);
    assert_eq!(count("conversation.created"), 250);
    let trips = trips.load(Ordering::Relaxed);
    assert!(trips < 50, "{trips} round trips");
}

#[tokio::test]
async fn the_order_in_which_a_call_tells_is_kept() {
    let World { store, .. } = &tapped().await;
    let items = vec![
        said("w.1", phone("5511900000001"), "One"),
        status_update("wamid.1", Status::Sent),
        said("w.2", phone("5511900000001"), "Two"),
        connection(true),
        said("w.1", phone("5511900000001"), "One"),
        status_update("wamid.1", Status::Delivered),
        said("w.3", phone("5511900000001"), "Three"),
    ];
    let applied = apply_one(store, application(&org(1), items)).await;
    assert_eq!((applied.events, applied.duplicates), (7, 1));
    assert_eq!(
        kinds(store).await[1..],
        [
            "conversation.created",
            "message.received",
            "message.sent",
            "message.received",
            "channel.connected",
            "message.delivered",
            "message.received",
        ]
    );
    let told = events(store, &org(1)).await;
    let texts: Vec<_> = told
        .iter()
        .filter_map(|event| event.data["text"].as_str())
        .collect();
    assert_eq!(texts, ["One", "Two", "Three"]);
}

#[tokio::test]
async fn what_one_message_of_a_call_tells_of_a_customer_the_next_one_knows() {
    let World { store, .. } = &tapped().await;
    let person = |number: Option<&str>, user: Option<&str>, lid: Option<&str>| {
        Contact::new([number, user, lid].into_iter().flatten().map(id))
    };
    let from = [
        person(Some("5511900000001"), None, None),
        person(Some("551100000001"), Some("BR.5"), None),
        person(None, Some("BR.5"), Some("19@lid")),
        person(None, None, Some("19@lid")),
    ];
    let texts = from.into_iter().enumerate();
    let items = texts.map(|(number, from)| said(&format!("w.{number}"), from, "Hi"));
    let applied = apply_one(store, application(&org(1), items.collect())).await;
    assert_eq!(applied.events, 5, "one conversation and four texts");
    let told = events(store, &org(1)).await;
    let opened = told[1].conversation_id.clone().unwrap();
    let kept = ok(store.get::<Conversation>(&org(1), &opened)).await;
    let known = person(Some("5511900000001"), Some("BR.5"), Some("19@lid"));
    assert_eq!(kept.unwrap().person, known);
}

#[tokio::test]
async fn a_text_may_answer_a_message_whose_id_the_same_call_tells() {
    let World { store, .. } = &World::new().await;
    furnish(store, Provider::WhatsApp).await;
    let mut lost = crate::world::message("org_1", "msg_2");
    lost.created_at = at(50_000);
    ok(store.begin_send(&lost)).await;
    let unknown = ended(recado_core::Outcome::Unknown);
    ok(store.finish_send(&org(1), &lost.id, &unknown, at(51_000))).await;
    let status = Inbound::Status(with(
        StatusUpdate::new(vec!["wamid.2".into()], Status::Delivered),
        |it| it.message_id = Some(lost.id.clone()),
    ));
    let answer = answering("w.1", phone("5521988887777"), "Hi", "wamid.2");
    apply_one(store, application(&org(1), vec![status, answer])).await;
    let told = events(store, &org(1)).await.pop().unwrap();
    assert_eq!(told.data["inReplyTo"], "msg_2");
}

#[tokio::test]
async fn a_part_that_takes_too_long_is_halved_until_it_fits() {
    let world = World::new().await;
    let store = &world.store;
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    create_channel(store, "org_1", "chn_1", Provider::WhatsApp).await;
    if store.kind() == DatabaseKind::Postgres {
        // Ten texts take six seconds, five take three.
        let slow = "create function slow() returns trigger as \
             'begin perform pg_sleep(0.6); return new; end' language plpgsql; \
             create trigger slow before insert on messages for each row execute function slow()";
        sqlx::raw_sql(slow)
            .execute(&mut world.raw().await)
            .await
            .unwrap();
    }
    let whole = application(&org(1), texts(10));
    ok(store.keep_webhook_call(&call(&whole), at(200_000))).await;
    let applied = store.apply_webhooks(vec![whole]).await.remove(0).unwrap();
    assert_eq!((applied.events, applied.duplicates), (20, 0));
    assert_eq!(left(&world).await, [""; 0], "the call is applied");
    assert_eq!(kinds(store).await.len(), 20);
}

#[tokio::test]
async fn a_call_that_cannot_be_applied_leaves_the_others_of_its_group_alone() {
    let world = tapped().await;
    let store = &world.store;
    let mut calls: Vec<_> = (0..7)
        .map(|number| {
            let text = said(&format!("w.{number}"), ana(), "Hi");
            application(&org(1), vec![text])
        })
        .collect();
    // The database refuses a second message of this id.
    calls[3].items[0].ids.message = id("msg_1");
    for call_of in &calls {
        ok(store.keep_webhook_call(&call(call_of), at(200_000))).await;
    }
    let bad = calls[3].call_id.clone();
    let results = store.apply_webhooks(calls).await;
    let applied = results.iter().map(|told| told.as_ref().ok());
    let appended: Vec<_> = applied.map(|told| told.map(|told| told.events)).collect();
    let one = Some(1);
    assert_eq!(appended, [one, one, one, None, one, one, one]);
    let told = kinds(store).await;
    assert_eq!(told[0], "message.accepted");
    assert_eq!(told[1..], ["message.received"; 6]);
    assert_eq!(left(&world).await, [bad]);
}
