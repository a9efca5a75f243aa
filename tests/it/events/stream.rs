//! The stream of events: live, complete, and of one's own alone.

use recado_sandbox::Provider;
use recado_tests::events::Frame;
use recado_tests::people::second_key;
use recado_tests::prelude::*;
use rstest::rstest;

/// Before the first event.
const BEGIN: &str = "evt_0000000000000000";

/// The customer writes so many texts, which are told.
async fn write(world: &World, callbacks: &Callbacks, numbers: std::ops::Range<usize>) {
    let end = numbers.end;
    for number in numbers {
        let mut text = Text::from(CUSTOMER);
        text.id = format!("TEXT-{number}");
        callbacks.deliver("zapi", &zapi(&text)).await;
    }
    world.events("message.received", end).await;
}

#[tokio::test]
async fn a_stream_goes_on_exactly_behind_the_last_event_id() {
    let (world, callbacks) = World::with_callbacks().await;
    write(&world, &callbacks, 0..5).await;
    let listed = world.events("message.received", 5).await;
    let (second, fourth) = (id(&listed[1]), id(&listed[3]));
    let (after, begun) = (format!("?after={second}"), format!("?after={fourth}"));
    let mut streams = [
        EventStream::open(&world.client, "", Some(second)).await,
        EventStream::open(&world.client, &after, None).await,
        // A browser that connects again repeats the query; the header is newer.
        EventStream::open(&world.client, &begun, Some(second)).await,
    ];
    for stream in &mut streams {
        for expected in &listed[2..] {
            let frame = stream.next_event().await;
            let told = Frame {
                id: id(expected).to_owned(),
                kind: "message.received".to_owned(),
                data: expected.clone(),
            };
            assert_eq!(frame, told);
        }
    }
    write(&world, &callbacks, 5..6).await;
    for stream in &mut streams {
        let live = stream.next_event().await;
        assert_eq!(live.data["data"]["externalId"], "TEXT-5");
    }
}

#[tokio::test]
async fn without_an_id_a_stream_begins_now() {
    let (world, callbacks) = World::with_callbacks().await;
    write(&world, &callbacks, 0..2).await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    write(&world, &callbacks, 2..3).await;
    let first = stream.next_event().await;
    assert_eq!(first.data["data"]["externalId"], "TEXT-2");
}

#[tokio::test]
async fn a_stream_that_is_lost_before_its_first_event_misses_none() {
    let (world, callbacks) = World::with_callbacks().await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    let begin = stream.next().await.expect("where it begins");
    assert_eq!((&*begin.id, &begin.data), (BEGIN, &Value::Null));
    drop(stream);
    write(&world, &callbacks, 0..1).await;
    let mut again = EventStream::open(&world.client, "", Some(&begin.id)).await;
    let first = again.next_event().await;
    let listed = world.client.read("/events?limit=1").await;
    assert_eq!(first.data, listed["data"][0]);
}

#[tokio::test]
async fn a_stream_of_one_type_or_conversation_has_no_others() {
    let (world, callbacks) = World::with_callbacks().await;
    let mut accepted = EventStream::open(&world.client, "?type=message.accepted", None).await;
    let query = "?conversationId=conv-zapi&type=message.accepted";
    let mut of_one = EventStream::open(&world.client, query, None).await;
    write(&world, &callbacks, 0..1).await;
    for conversation in ["conv-456", "conv-zapi"] {
        world.sent(conversation).await;
    }
    for conversation in ["conv-456", "conv-zapi"] {
        let frame = accepted.next_event().await;
        assert_eq!(frame.kind, "message.accepted");
        assert_eq!(frame.data["conversationId"], conversation);
    }
    let first = of_one.next_event().await;
    assert_eq!(first.data["conversationId"], "conv-zapi");
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let world = World::start().await;
    for query in ["?type=button", "?cursor=evt_1", "?conversationId=%20"] {
        let refused = world.client.get(&format!("/events/stream{query}")).await;
        refused.refused(400, "invalid_query");
    }
    let request = world.client.request(Method::GET, "/events/stream");
    let refused = answer(request.header("last-event-id", "17")).await;
    refused.refused(400, "invalid_query");
}

#[tokio::test]
async fn a_stream_shows_nothing_of_another_organization() {
    let (world, callbacks) = World::with_callbacks().await;
    let other = world.operator.neighbour("other", "theirs").await;
    let mut stream = EventStream::open(&other, "", Some(BEGIN)).await;
    write(&world, &callbacks, 0..3).await;
    let mut body = smallest_body("theirs");
    body["agentId"] = "theirs".into();
    other.accepted(body).await;
    let first = stream.next_event().await;
    assert_eq!(first.data["organizationId"], "other");
    assert_eq!(first.kind, "message.accepted");
}

#[tokio::test]
async fn a_silent_stream_shows_that_it_lives() {
    let options = Options {
        heartbeat: Duration::from_millis(20),
        ..Options::default()
    };
    let world = World::with(options).await;
    let callbacks = world.callbacks().await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    for _ in 0..3 {
        let comment = stream.next().await.expect("a comment");
        assert!(comment.data.is_null(), "{comment:?}");
    }
    write(&world, &callbacks, 0..1).await;
    let event = stream.next_event().await;
    assert_eq!(event.data["data"]["externalId"], "TEXT-0");
}

#[tokio::test]
async fn a_stream_ends_when_the_server_does() {
    let (world, callbacks) = World::with_callbacks().await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    write(&world, &callbacks, 0..1).await;
    stream.next_event().await;
    world.stop().await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_hears_what_another_server_takes_in() {
    let world = World::connected().await;
    let Some(other) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let mut stream = EventStream::open(&world.client.at(&other.url), "", None).await;
    for text in ["one", "two"] {
        let said = world.sandbox.say(Provider::Zapi, "", CUSTOMER, text);
        said.expect("a text");
        let event = stream.next_event().await;
        assert_eq!(event.data["data"]["text"], text);
    }
}

#[tokio::test]
async fn a_deleted_key_ends_its_streams_within_a_second_and_no_others() {
    let (world, callbacks) = World::with_callbacks().await;
    let (id, second) = second_key(&world).await;
    let mut streams = [
        EventStream::open(&second, "", None).await,
        EventStream::open(&second, "", Some(BEGIN)).await,
    ];
    let mut kept = EventStream::open(&world.client, "", None).await;
    let path = format!("/organizations/demo/api-keys/{id}");
    world.client.remove(&path).await;
    for stream in &mut streams {
        ends_within(stream, Duration::from_secs(1)).await;
    }
    write(&world, &callbacks, 0..1).await;
    let event = kept.next_event().await;
    assert_eq!(event.data["data"]["externalId"], "TEXT-0");
}

#[tokio::test]
async fn a_key_that_another_server_deletes_ends_its_streams_here() {
    let world = World::start().await;
    let Some(other) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let (id, second) = second_key(&world).await;
    let mut stream = EventStream::open(&second.at(&other.url), "", None).await;
    stream.next().await.expect("where it begins");
    let path = format!("/organizations/demo/api-keys/{id}");
    world.client.remove(&path).await;
    // Half a second between two looks, and the rest for a machine that is busy.
    ends_within(&mut stream, Duration::from_secs(5)).await;
}

#[tokio::test]
async fn an_organization_has_100_streams_at_most_and_others_have_theirs() {
    let world = World::start().await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(EventStream::open(&world.client, "", None).await);
    }
    let refused = world.client.get("/events/stream").await;
    refused.refused(429, "rate_limited");
    refused.says("100 open event streams");
    assert!(refused.headers.contains_key("retry-after"));
    let other = world.operator.organization("other").await;
    drop(EventStream::open(&other, "", None).await);
    // A stream that its reader leaves makes room.
    drop(streams.pop());
    until("there is room", async || {
        let request = world.client.request(Method::GET, "/events/stream");
        let answer = request.send().await.expect("an answer");
        (answer.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_streams_of_an_organization_share_one_read_of_each_event() {
    const STREAMS: u64 = 50;
    let (world, callbacks) = World::with_callbacks().await;
    write(&world, &callbacks, 0..1).await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut stream = EventStream::open(&world.client, "", None).await;
        stream.next().await.expect("where it begins");
        streams.push(stream);
    }
    // The first event shows that a stream has read all that was before.
    write(&world, &callbacks, 1..2).await;
    for stream in &mut streams {
        stream.next_event().await;
    }
    let before = world.store.reads();
    write(&world, &callbacks, 2..3).await;
    for stream in &mut streams {
        let event = stream.next_event().await;
        assert_eq!(event.data["data"]["externalId"], "TEXT-2");
    }
    let reads = world.store.reads() - before;
    assert!(reads < STREAMS, "{reads} reads for one event");
}

#[rstest]
#[case::all("", 40)]
#[case::of_one_type("?type=message.received&conversationId=conv-456", 40)]
#[case::large("", 8000)]
#[tokio::test]
async fn a_burst_arrives_whole_and_in_order(#[case] query: &str, #[case] length: usize) {
    const BURST: usize = 300;
    let (world, callbacks) = World::with_callbacks().await;
    let mut early = EventStream::open(&world.client, query, None).await;
    let mut late = EventStream::open(&world.client, query, None).await;
    for stream in [&mut early, &mut late] {
        stream.next().await.expect("where it begins");
    }
    let texts = (0..BURST).map(|number| Text {
        id: format!("wamid.{number}"),
        from: CUSTOMER.to_owned(),
        body: "x".repeat(length),
    });
    let texts: Vec<_> = texts.collect();
    let read = async |stream: &mut EventStream| {
        for text in &texts {
            let event = stream.next_event().await;
            assert_eq!(event.data["data"]["externalId"], text.id);
        }
    };
    let delivered = async {
        callbacks
            .deliver_change(whatsapp_texts(NUMBER, &texts))
            .await;
        world.events("message.received", BURST).await;
    };
    tokio::join!(delivered, read(&mut early));
    read(&mut late).await;
}
