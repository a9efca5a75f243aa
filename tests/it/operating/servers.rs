//! Several servers on one PostgreSQL: one dies, stops, or starts again, and the others go on.

use std::time::Instant;

use recado_store::DatabaseKind;
use recado_tests::held::HeldRequest;
use recado_tests::prelude::*;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What a server that was killed held is free within this time.
const FREE_WITHIN: Duration = Duration::from_secs(15);

/// Before the first event.
const BEGIN: &str = "evt_0000000000000000";

/// A server that sends to a provider that does not answer, and delivers to an endpoint that does not.
struct Busy {
    endpoint: HeldProvider,
    _provider: HeldProvider,
    _waiting: (HeldRequest, HeldRequest),
}

async fn busy(client: &Client) -> Busy {
    let (provider, endpoint) = (client.hold("zapi").await, HeldProvider::start().await);
    let to = json!({"url": endpoint.url, "events": ["message.accepted"]});
    client.create("/webhook-endpoints", to).await;
    client.accepted(smallest_body("conv-456")).await;
    let delivery = endpoint.receive().await;
    client.begin_send("conv-zapi");
    let send = provider.receive().await;
    Busy {
        endpoint,
        _provider: provider,
        _waiting: (send, delivery),
    }
}

/// The message of the held send, as the API shows it.
async fn held_message(client: &Client) -> Value {
    let path = "/conversations/conv-zapi/messages";
    client.read(path).await["data"][0].clone()
}

/// Waits until the held send has an outcome.
async fn settled(client: &Client) {
    let mut stream = EventStream::open(client, "?type=message.unknown", Some(BEGIN)).await;
    stream.next_event().await;
}

#[tokio::test]
async fn what_a_killed_server_did_goes_on_elsewhere_within_fifteen_seconds() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let Some(other) = Server::second(&database, &urls).await else {
        return;
    };
    let busy = busy(&client).await;
    let client = client.at(&other.url);
    // Longer than a lease: the other one takes nothing from a server that lives.
    let sent = held_message(&client).await;
    assert_eq!(sent["status"], "sending");
    server.kill().await.expect("a server to kill");
    let killed = Instant::now();
    tokio::join!(settled(&client), busy.endpoint.receive());
    assert!(killed.elapsed() < FREE_WITHIN, "{:?}", killed.elapsed());
    assert_eq!(held_message(&client).await["status"], "unknown");
    other.kill().await.expect("a server to kill");
}

#[tokio::test]
async fn a_restart_under_the_same_name_takes_over_at_once() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    server.stop().await.expect("an orderly end");
    let name = [("RECADO_SERVER_NAME", "blue")];
    let named = Server::with(&database, &urls, &name).await;
    let named = named.expect("a server");
    let busy = busy(&client.at(&named.url)).await;
    named.kill().await.expect("a server to kill");
    let again = Server::with(&database, &urls, &name).await;
    let again = again.expect("a server");
    let client = client.at(&again.url);
    assert_eq!(held_message(&client).await["status"], "unknown");
    busy.endpoint.receive().await;
    if database.kind() == DatabaseKind::Postgres {
        let second = Server::with(&database, &urls, &name).await;
        let refused = second.err().expect("it does not start").to_string();
        assert_contains(&refused, "RECADO_SERVER_NAME");
    }
    again.kill().await.expect("a server to kill");
}

#[tokio::test]
async fn a_stopped_server_makes_no_answer_of_the_others_doubtful() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let Some(other) = Server::second(&database, &urls).await else {
        return;
    };
    let store = database.store().await;
    let operator = world::operator_key(&store).await;
    store.close().await;
    let operator = Client::new(&other.url, &operator);
    let neighbour = operator.neighbour("neighbour", "theirs").await;
    let mut theirs = smallest_body("theirs");
    theirs["agentId"] = "theirs".into();
    // Another text than the stopped server was sending, whose repeats are not sent again.
    let fresh = message_of("conv-456", "Hi again");
    client.unlimit("whatsapp").await;
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut sends = JoinSet::new();
    for number in 0..24 {
        let (client, (_, conversation)) = (client.clone(), CONVERSATIONS[number % 3]);
        let answered = answered.clone();
        sends.spawn(async move {
            loop {
                let request = client.request(Method::POST, SEND);
                let request = request.json(&smallest_body(conversation));
                if request.send().await.is_err() || answered.send(()).is_err() {
                    return;
                }
            }
        });
    }
    for _ in 0..100 {
        let answer = soon("an answer", answers.recv()).await;
        answer.expect("a sender");
    }
    signal(&server.process, "STOP").await.expect("it runs");
    let stopped = Instant::now();
    let client = client.at(&other.url);
    let mut statuses = Vec::new();
    loop {
        neighbour.accepted(theirs.clone()).await;
        neighbour.read("/readyz").await;
        let answer = client.send(fresh.clone()).await;
        statuses.push(answer.status);
        match answer.status.as_u16() {
            200 => break,
            503 => answer.refused(503, "unavailable"),
            status => panic!("{status}: {}", answer.text),
        }
    }
    assert!(stopped.elapsed() < FREE_WITHIN, "{statuses:?}");
    // A server that starts meanwhile starts.
    let third = Server::on(&database, &urls).await.expect("a server");
    server.kill().await.expect("a server to kill");
    sends.abort_all();
    other.kill().await.expect("a server to kill");
    third.kill().await.expect("a server to kill");
}
