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

/// Before the first event.
const BEGIN: &str = "evt_0000000000000000";

/// What so many streams and pages may cost, in MiB.
const ROOM: f64 = 80.0;

/// The customer writes these calls of the largest texts; returns their ids in order.
async fn write(callbacks: &Callbacks, calls: Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for call in calls {
        let texts = (0..TEXTS_PER_CALL).map(|number| Text {
            id: format!("wamid.{call}.{number}"),
            from: CUSTOMER.to_owned(),
            body: "x".repeat(TEXT_BYTES),
        });
        let texts: Vec<_> = texts.collect();
        callbacks
            .deliver_change(whatsapp_texts(NUMBER, &texts))
            .await;
        ids.extend(texts.into_iter().map(|text| text.id));
    }
    ids
}

/// Waits until the organization has so many events.
async fn wait_for_events(client: &Client, count: usize) {
    let mut stream = EventStream::open(client, "", Some(BEGIN)).await;
    for _ in 0..count {
        stream.next_event().await;
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
    let (world, callbacks) = World::with_callbacks().await;
    let expected = write(&callbacks, 0..1).await;
    wait_for_events(&world.client, expected.len()).await;
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let part = world.client.get(&format!("{path}&after={after}")).await;
        assert!(part.text.len() < PAGE_BYTES, "{} bytes", part.text.len());
        let part = part.expect(200);
        let data = entries(&part);
        assert!(!data.is_empty(), "a part without entries");
        let ids = data.iter().map(|entry| entry.pointer(id).map_or("", text));
        found.extend(ids.map(str::to_owned));
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
    let mut streams = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS / 2 {
        // One that catches up, and one that hears of what comes.
        streams.push(EventStream::open(client, "", Some(BEGIN)).await);
        streams.push(EventStream::open(client, "", None).await);
    }
    let first = &client.read("/events?limit=1").await["data"][0]["data"];
    let message = format!("/messages/{}", text(&first["messageId"]));
    let pages = [
        "/events?limit=1000",
        "/conversations/conv-456/messages?limit=100",
        &message,
    ];
    let mut readers = Vec::with_capacity(READERS);
    for number in 0..READERS {
        let mut reader = Wire::connect(&server.url).await;
        let (path, key) = (pages[number % pages.len()], client.key());
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n");
        reader.write(request).await;
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
