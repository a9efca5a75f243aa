//! Lists and streams of the largest texts: bounded in bytes, complete, and cheap if a client does not read.

use std::ops::Range;

use recado_tests::bench::process::{memory_mib, peak_memory_mib};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;
use rstest::rstest;

/// Bytes of the largest text that is stored.
const TEXT_BYTES: usize = 64 * 1024;

/// Texts that fit into one call of Meta.
const TEXTS_PER_CALL: usize = 50;

/// Bytes of the rows of a page, and room for what JSON adds to them.
const PAGE_BYTES: usize = 1024 * 1024 + 64 * 1024;

/// Streams of one organization at once.
const STREAMS: usize = 100;

/// Clients that ask for a page at once.
const READERS: usize = 60;

/// What so many streams and pages may cost, in MiB.
const ROOM: f64 = 80.0;

/// The customer writes these calls of the largest texts; returns their ids in order.
async fn write(callbacks: &Callbacks, calls: Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for call in calls {
        let texts: Vec<_> = (0..TEXTS_PER_CALL)
            .map(|number| Text {
                id: format!("wamid.{call}.{number}"),
                from: CUSTOMER.to_owned(),
                body: "x".repeat(TEXT_BYTES),
            })
            .collect();
        let body = whatsapp(&[vec![whatsapp_texts(NUMBER, &texts)]]);
        callbacks.deliver("whatsapp", &body).await;
        ids.extend(texts.into_iter().map(|text| text.id));
    }
    ids
}

/// Waits until the organization has so many events.
async fn wait_for_events(client: &Client, count: usize) {
    let (mut after, mut found) = (String::new(), 0);
    while found < count {
        let part = client.read(&format!("/events?after={after}")).await;
        let data = part["data"].as_array().expect("a list");
        found += data.len();
        match data.last() {
            Some(event) => event["id"].as_str().expect("an id").clone_into(&mut after),
            None => tokio::task::yield_now().await,
        }
    }
}

#[rstest]
#[case::events("/events?limit=1000", "/data/externalId")]
#[case::events_of_a_type("/events?limit=1000&type=message.received", "/data/externalId")]
#[case::events_of_a_conversation("/events?limit=1000&conversationId=conv-456", "/data/externalId")]
#[case::messages("/conversations/conv-456/messages?limit=100", "/externalId")]
#[tokio::test]
async fn a_part_of_a_list_has_a_mebibyte_at_most_and_the_parts_have_everything_once(
    #[case] path: &str,
    #[case] id: &str,
) {
    let world = World::start().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let expected = write(&callbacks, 0..1).await;
    wait_for_events(&world.client, expected.len()).await;
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let part = world.client.get(&format!("{path}&after={after}")).await;
        assert!(part.text.len() < PAGE_BYTES, "{} bytes", part.text.len());
        let part = part.expect(200);
        let data = part["data"].as_array().expect("a list");
        assert!(!data.is_empty(), "a part without entries");
        let ids = data.iter().map(|entry| entry.pointer(id));
        found.extend(ids.map(|id| id.and_then(Value::as_str).unwrap_or_default().to_owned()));
        match part["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert!(found == expected, "{found:?}");
}

#[tokio::test]
async fn streams_and_pages_of_the_largest_texts_cost_little_memory_when_their_clients_do_not_read()
{
    let (database, urls, server, client) = Deployment::start().await.parts();
    let callbacks = Callbacks::of(&client, &server.url).await;
    let ids = write(&callbacks, 0..2).await;
    wait_for_events(&client, ids.len()).await;
    // What writing the texts has cost is not what reading them costs.
    server.stop().await.expect("an orderly end");
    let server = Server::on(&database, &urls).await.expect("a server");
    let (client, callbacks) = (&client.at(&server.url), callbacks.at(&server.url));
    let id = server.process.id().expect("a running server");
    let before = memory_mib(id).expect("its memory");
    let begin = "evt_0000000000000000";
    let mut streams = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS / 2 {
        // One that catches up, and one that hears of what comes.
        streams.push(EventStream::open(client, "", Some(begin)).await);
        streams.push(EventStream::open(client, "", None).await);
    }
    let first = client.read("/events?limit=1").await;
    let first = first["data"][0]["data"]["messageId"].as_str();
    let message = format!("/messages/{}", first.expect("an id"));
    let pages = [
        "/events?limit=1000",
        "/conversations/conv-456/messages?limit=100",
        &message,
    ];
    let mut readers = Vec::with_capacity(READERS);
    for number in 0..READERS {
        let mut reader = Wire::connect(&server.url).await;
        let key = client.key();
        let path = pages[number % pages.len()];
        reader
            .write(format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
            ))
            .await;
        readers.push(reader);
    }
    for reader in &readers {
        reader.readable().await;
    }
    for stream in &mut streams {
        stream.next().await.expect("where it begins");
    }
    let after = peak_memory_mib(id).expect("its memory");
    assert!(after < before + ROOM, "from {before} MiB to {after} MiB");
    drop(readers);
    let live = write(&callbacks, 2..3).await;
    // Those that read in the end get all of it: one that catches up, and one that hears of what comes.
    for (stream, expected) in streams.iter_mut().zip([[&ids[..], &live].concat(), live]) {
        for expected in expected {
            let event = stream.next_event().await;
            assert!(event.data["data"]["externalId"] == *expected, "{expected}");
        }
    }
}
