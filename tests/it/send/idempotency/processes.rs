//! A key counts on all servers of a database, and after the end of each.

use std::collections::{BTreeMap, HashSet};

use futures_util::FutureExt as _;
use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;
use recado_tests::sent::text_of;
use tokio::task::JoinSet;

/// Connections that make the same request at once.
const CONNECTIONS: usize = 50;

/// Makes the same request until it is not asked to wait; returns the answer.
async fn insist(client: &Client, key: &str, body: Value) -> Answer {
    loop {
        let answer = client.send_once(key, body.clone()).await;
        if answer.status != 409 {
            return answer;
        }
        answer.refused(409, "request_in_progress");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fifty_connections_to_three_servers_send_one_message_under_one_key_also_after_a_restart() {
    let Deployment {
        database,
        sandbox,
        urls,
        server,
        client,
    } = Deployment::start().await;
    let mut servers = vec![server];
    for _ in 0..2 {
        servers.extend(Server::second(&database, &urls).await);
    }
    let mut requests = JoinSet::new();
    for number in 0..CONNECTIONS {
        let client = client.at(&servers[number % servers.len()].url);
        requests.spawn(async move { insist(&client, "k", smallest_body("conv-456")).await });
    }
    let answers = soon("all answers", requests.join_all()).await;
    let sent = answers.iter().filter(|answer| !answer.is_replayed());
    assert_eq!(sent.count(), 1);
    let ids = answers
        .into_iter()
        .map(|answer| answer.expect(200)["message"]["id"].clone());
    let ids: Vec<_> = ids.collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    for server in servers {
        server.stop().await.expect("an orderly end");
    }

    let again = Server::on(&database, &urls).await.expect("a restart");
    let answer = client
        .at(&again.url)
        .send_once("k", smallest_body("conv-456"))
        .await;
    assert!(answer.is_replayed());
    assert_eq!(answer.expect(200)["message"]["id"], ids[0]);
    assert_eq!(sandbox.requests().len(), 1);
    again.stop().await.expect("an orderly end");
}

#[tokio::test]
async fn fifty_connections_repeat_a_request_whose_server_was_killed_in_its_middle_and_send_nothing()
{
    let (database, urls, server, client) = Deployment::start().await.parts();
    server.stop().await.expect("an orderly end");
    // Started again under its name, it settles at once what it was sending.
    let name = [("RECADO_SERVER_NAME", "killed")];
    let start = async || Server::with(&database, &urls, &name).await;
    let killed = start().await.expect("a server");
    let client = client.at(&killed.url);
    let held = client.hold("whatsapp").await;
    let first = client.clone();
    let first = tokio::spawn(async move {
        let request = first.request(Method::POST, SEND);
        let request = request.header("idempotency-key", "k");
        request.json(&smallest_body("conv-456")).send().await
    });
    let request = held.receive().await;
    killed.kill().await.expect("a server to kill");
    drop(request);
    let lost = soon("the end of the first request", first).await;
    lost.expect("no panic").expect_err("no answer");

    let mut servers = vec![start().await.expect("a restart")];
    for _ in 0..2 {
        servers.extend(Server::second(&database, &urls).await);
    }
    let mut repeats = JoinSet::new();
    for number in 0..CONNECTIONS {
        let client = client.at(&servers[number % servers.len()].url);
        repeats.spawn(async move { insist(&client, "k", smallest_body("conv-456")).await });
    }
    let mut ids = HashSet::new();
    for answer in soon("all answers", repeats.join_all()).await {
        answer.refused(500, "outcome_unknown");
        assert!(answer.is_replayed());
        ids.insert(text(&answer.body["messageId"]).to_owned());
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(held.receive().now_or_never().is_none(), "it went out again");
    for server in servers {
        server.stop().await.expect("an orderly end");
    }
}

fn body(sender: usize, number: usize) -> Value {
    message_of("conv-456", &format!("{sender} {number}"))
}

/// Sends, each message under a key of its own, until the server is gone; returns the number of the last message, whose
/// answer is lost.
async fn send_until_gone(client: Client, sender: usize) -> usize {
    for number in 0.. {
        let request = client
            .request(Method::POST, SEND)
            .json(&body(sender, number));
        let request = request.header("idempotency-key", format!("{sender}-{number}"));
        let Ok(response) = request.send().await else {
            return number;
        };
        if response.bytes().await.is_err() {
            return number;
        }
    }
    unreachable!("the server is killed")
}

#[tokio::test]
async fn a_client_whose_server_is_killed_makes_its_request_again_and_doubles_nothing() {
    let Deployment {
        database,
        sandbox,
        urls,
        server,
        client,
    } = Deployment::start().await;
    let slow = Fault {
        delay_ms: 5,
        ..Fault::new(Provider::Whatsapp, Effect::Delay)
    };
    sandbox.fail_next(slow, u32::MAX);
    client.unlimit("whatsapp").await;
    let mut senders = JoinSet::new();
    for sender in 0..12 {
        let client = client.clone();
        senders.spawn(async move { (sender, send_until_gone(client, sender).await) });
    }
    let busy = async || (sandbox.requests().len() > 60).then_some(());
    until("many messages are sent", busy).await;
    server.kill().await.expect("a server to kill");
    let lost: BTreeMap<_, _> = soon("the senders end", senders.join_all())
        .await
        .into_iter()
        .collect();

    let again = Server::on(&database, &urls).await.expect("a restart");
    let client = client.at(&again.url);
    let (mut outcomes, mut interrupted) = (Vec::new(), 0);
    for (sender, number) in lost {
        let key = format!("{sender}-{number}");
        let repeated = insist(&client, &key, body(sender, number));
        let repeated = soon("an outcome", repeated).await;
        interrupted += usize::from(repeated.is_replayed());
        let of_message = if repeated.status == 200 {
            &repeated.body["message"]["id"]
        } else {
            repeated.refused(500, "outcome_unknown");
            &repeated.body["messageId"]
        };
        outcomes.push(text(of_message).to_owned());
    }
    assert!(interrupted > 0, "the kill interrupted a send");
    again.stop().await.expect("an orderly end");
    let different: HashSet<_> = outcomes.iter().collect();
    assert_eq!(different.len(), outcomes.len());
    let requested: Vec<_> = sandbox.requests().iter().filter_map(text_of).collect();
    let texts: HashSet<_> = requested.iter().collect();
    assert_eq!(texts.len(), requested.len(), "a message went out twice");
}

#[tokio::test]
async fn the_command_line_survives_the_restart_of_its_server() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let held = client.hold("whatsapp").await;
    let address = server.url.clone();
    let mut command = recado_tests::binaries::command("recado").expect("the binary");
    command.args(
        "send buttons --agent agent-123 --conversation conv-456 --body Hi --button a=A".split(' '),
    );
    command.envs([("RECADO_SERVER", &*address), ("RECADO_KEY", client.key())]);
    let sending = tokio::spawn(async move { ran(&mut command).await });
    let request = held.receive().await;
    server.kill().await.expect("a server to kill");
    drop(request);
    if database.kind() == recado_store::DatabaseKind::Postgres {
        database.end_servers().await;
    }
    let listen = [("RECADO_LISTEN", address.trim_start_matches("http://"))];
    let again = Server::with(&database, &urls, &listen)
        .await
        .expect("a restart");
    let ended = soon("the command ends", sending).await.expect("no panic");
    // The message may have gone out before its server was killed.
    ended.failed(6, "outcome_unknown");
    assert!(
        held.receive().now_or_never().is_none(),
        "it is not sent again"
    );
    let stored = client.read("/conversations/conv-456/messages").await;
    assert_eq!(entries(&stored).len(), 1, "{stored}");
    again.stop().await.expect("an orderly end");
}
