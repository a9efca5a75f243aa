//! Limits of the rate of sends: who has to wait, for how long, and what the caller is told.

use recado_store::DatabaseKind;
use recado_tests::prelude::*;
use recado_tests::world::OTHER_CUSTOMER;
use tokio::task::JoinSet;

use super::queue::until_it_is;

/// Sends messages at once; returns the answers that are not 200.
async fn burst(client: &Client, conversation: &str, messages: usize) -> Vec<Answer> {
    let mut sends = JoinSet::new();
    for number in 0..messages {
        let (client, body) = (
            client.clone(),
            message_of(conversation, &format!("Hi {number}")),
        );
        sends.spawn(async move { client.send(body).await });
    }
    let answers = soon("the answers", sends.join_all()).await.into_iter();
    answers.filter(|answer| answer.status != 200).collect()
}

#[tokio::test]
async fn of_46_messages_to_one_person_at_once_45_leave_and_the_last_waits_and_delays_no_other() {
    let (world, ahead) = World::with_clock().await;
    world.sandbox.change_settings(|settings| {
        settings.whatsapp.pair_limit = true;
        settings.whatsapp.throughput_limit = true;
    });
    world.sandbox.stop_clock();
    let client = &world.client;
    let refused = burst(client, "conv-456", 46).await;
    assert_eq!(world.sandbox.phone_messages().len(), 45);
    let [refused] = &refused[..] else {
        panic!("one refusal, not {}", refused.len())
    };
    refused.refused(429, "rate_limited");
    let error = text(&refused.body["error"]);
    for part in ["WhatsApp", "1 message in 6 seconds", "up to 45", "55…01"] {
        assert_contains(error, part);
    }
    assert!(!error.contains(CUSTOMER), "{error}");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .expect("a text")
        .parse()
        .expect("whole seconds");
    assert!((260..=270).contains(&wait), "{wait}");
    let policy = &refused.headers["ratelimit-policy"];
    assert_eq!(policy, "\"recipient\";q=45;w=270");
    // Nothing of it was stored.
    let path = "/conversations/conv-456/messages?limit=100";
    assert_eq!(client.list(path).await.len(), 45);
    // Another person, and the same person on another channel.
    client
        .open("conv-other", "agent-123", "whatsapp", OTHER_CUSTOMER)
        .await;
    client.accepted(smallest_body("conv-other")).await;
    client.accepted(smallest_body("conv-zapi")).await;
    let early = Duration::from_secs(wait - 10);
    ahead.pass(early);
    world.sandbox.advance(early);
    client
        .send(smallest_body("conv-456"))
        .await
        .refused(429, "rate_limited");
    ahead.pass(Duration::from_secs(10));
    world.sandbox.advance(Duration::from_secs(10));
    client.accepted(smallest_body("conv-456")).await;
}

#[tokio::test]
async fn a_refused_send_leaves_its_key_free_and_its_repeat_is_sent_when_the_time_has_come() {
    let (world, ahead) = World::with_clock().await;
    let client = &world.client;
    let slow = json!({"settings": {"messagesPerSecond": 0.1}});
    client.patch("/channels/zapi", slow).await.expect(200);
    client.accepted(message_of("conv-zapi", "first")).await;
    let second = message_of("conv-zapi", "second");
    let refused = client.send_once("k", second.clone()).await;
    refused.refused(429, "rate_limited");
    assert_contains(
        text(&refused.body["error"]),
        "1 message in 10 seconds, as the setting messagesPerSecond of the channel says",
    );
    ahead.pass(Duration::from_secs(10));
    let sent = client.send_once("k", second.clone()).await;
    assert!(!sent.is_replayed());
    let sent = sent.expect(200);
    // A repeat of what was sent takes nothing.
    let repeat = client.send_once("k", second).await;
    assert!(repeat.is_replayed());
    assert_eq!(repeat.expect(200)["message"]["id"], sent["message"]["id"]);
}

#[tokio::test]
async fn an_operator_limits_an_organization_and_a_key_has_a_limit_of_its_own() {
    let (world, ahead) = World::with_clock().await;
    let most = json!({"messagesPerSecond": 2});
    let path = "/organizations/demo";
    let own = world.client.patch(path, most.clone()).await;
    own.refused(403, "forbidden");
    let changed = world.operator.patch(path, most).await.expect(200);
    assert_eq!(changed["messagesPerSecond"], 2);
    for conversation in ["conv-zapi", "conv-456"] {
        world.client.accepted(smallest_body(conversation)).await;
    }
    let refused = world.client.send(smallest_body("conv-zapperhub")).await;
    refused.refused(429, "rate_limited");
    assert_contains(
        text(&refused.body["error"]),
        "Your organization sends at most 2 messages a second",
    );
    let nothing = json!({"messagesPerSecond": null});
    world.operator.patch(path, nothing).await.expect(200);
    world.client.accepted(smallest_body("conv-zapperhub")).await;

    let new = json!({"name": "slow", "messagesPerMinute": 1});
    let key = world
        .client
        .create("/organizations/demo/api-keys", new)
        .await;
    assert_eq!(key["messagesPerMinute"], 1);
    let slow = world.client.with_key(text(&key["key"]));
    slow.accepted(message_of("conv-zapi", "slow")).await;
    let refused = slow.send(message_of("conv-456", "slower")).await;
    refused.refused(429, "rate_limited");
    assert_contains(
        text(&refused.body["error"]),
        "This API key sends at most 1 message a minute",
    );
    world.client.accepted(message_of("conv-456", "quick")).await;
    ahead.pass(Duration::from_mins(1));
    slow.accepted(message_of("conv-456", "slower")).await;
}

#[tokio::test]
async fn a_channel_shows_its_limits_and_what_is_left_of_them() {
    let world = World::start().await;
    let client = &world.client;
    let rate = json!({"settings": {"messagesPerSecond": 0.001}});
    client.patch("/channels/zapi", rate).await.expect(200);
    client.accepted(smallest_body("conv-zapi")).await;
    let limits = client.read("/channels/zapi/limits").await;
    let [zapi] = entries(&limits["data"]) else {
        panic!("one limit: {limits}")
    };
    zapi.assert_has(json!({
        "limit": "channel", "messages": 1, "seconds": 1000, "burst": 1, "left": 0, "basis": null,
        "source": "messagesPerSecond in the settings of the channel",
    }));
    assert!(zapi["fullAt"].is_string(), "{zapi}");
    let none = client.read("/channels/zapperhub/limits").await;
    assert_eq!(none, json!({"data": []}));
    let most = json!({"messagesPerSecond": 500});
    world
        .operator
        .patch("/organizations/demo", most)
        .await
        .expect(200);
    let limits = client.read("/channels/whatsapp/limits").await;
    let [channel, recipient, organization] = entries(&limits["data"]) else {
        panic!("three limits: {limits}")
    };
    channel.assert_has(json!({
        "limit": "channel", "messages": 80, "seconds": 1, "left": 80, "fullAt": null,
        "basis": "documented", "source": "Meta, throughput",
    }));
    recipient.assert_has(json!({
        "limit": "recipient", "messages": 1, "seconds": 6, "burst": 45, "left": null, "basis": "documented",
    }));
    organization.assert_has(json!({"limit": "organization", "messages": 500, "left": 500}));
}

#[tokio::test]
async fn a_rate_that_is_not_one_is_refused_and_named() {
    let world = World::start().await;
    for rate in [json!(0), json!(2.5), json!(-1), json!("20"), json!(true)] {
        let settings = json!({"settings": {"messagesPerSecond": rate}});
        let refused = world.client.patch("/channels/whatsapp", settings).await;
        refused.refused(400, "invalid_body");
        assert_contains(text(&refused.body["error"]), "settings.messagesPerSecond");
    }
    for rate in [json!(0), json!(1.5), json!("5")] {
        let change = json!({"messagesPerSecond": rate});
        let refused = world.operator.patch("/organizations/demo", change).await;
        refused.refused(400, "invalid_body");
        let key = json!({"name": "k", "messagesPerMinute": rate});
        let refused = world.client.post("/organizations/demo/api-keys", key).await;
        refused.refused(400, "invalid_body");
    }
}

#[tokio::test]
async fn two_servers_on_one_database_share_the_limits() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    if database.kind() == DatabaseKind::Sqlite {
        // It has one server.
        return;
    }
    let other = Server::second(&database, &urls).await.expect("a server");
    let slow = json!({"settings": {"messagesPerSecond": 0.001}});
    client.patch("/channels/zapi", slow).await.expect(200);
    client.accepted(smallest_body("conv-zapi")).await;
    let second = client.at(&other.url);
    let second = second.send(message_of("conv-zapi", "second")).await;
    second.refused(429, "rate_limited");
    let there = client.at(&other.url);
    let (first, second) = tokio::join!(
        burst(&client, "conv-456", 40),
        burst(&there, "conv-456", 40),
    );
    assert_eq!(first.len() + second.len(), 35);
    server.stop().await.expect("an orderly end");
    other.stop().await.expect("an orderly end");
}

#[tokio::test]
async fn a_channel_may_leave_the_rate_to_one_person_to_meta() {
    let world = World::start().await;
    let ignored = json!({"settings": {"pairRate": "ignored"}});
    world
        .client
        .patch("/channels/whatsapp", ignored)
        .await
        .expect(200);
    assert_eq!(burst(&world.client, "conv-456", 50).await.len(), 0);
}

#[tokio::test]
async fn the_messages_that_a_key_queues_wait_for_its_rate_and_those_of_other_keys_do_not() {
    let (world, ahead) = World::with_clock().await;
    let new = json!({"name": "slow", "messagesPerMinute": 1});
    let path = "/organizations/demo/api-keys";
    let key = world.client.create(path, new).await;
    let slow = world.client.with_key(text(&key["key"]));
    let queue = async |client: &Client, conversation: &str| {
        let request = client.request(Method::POST, SEND);
        let request = request.header("prefer", "respond-async");
        let queued = answer(request.json(&smallest_body(conversation))).await;
        id(&queued.expect(202)["message"]).to_owned()
    };
    let first = queue(&slow, "conv-zapi").await;
    until_it_is(&world, &first, "accepted").await;
    let item = json!({"kind": "buttons", "message": smallest_body("conv-456")});
    let batch = json!({"messages": [item]});
    let taken = slow.post("/messages/batch", batch).await.expect(200);
    let second = id(&taken["data"][0]["message"]).to_owned();
    let refused = slow.send(smallest_body("conv-zapperhub")).await;
    refused.refused(429, "rate_limited");
    let other = queue(&world.client, "conv-zapi").await;
    until_it_is(&world, &other, "accepted").await;
    let waits = world.client.read(&format!("/messages/{second}")).await;
    assert_eq!(waits["status"], "queued");
    ahead.pass(Duration::from_mins(1));
    until_it_is(&world, &second, "accepted").await;
}
