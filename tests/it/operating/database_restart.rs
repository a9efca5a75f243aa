//! PostgreSQL restarts under a running server: no outcome is lost, and no later request fails.

use recado_store::DatabaseKind;
use recado_tests::binaries::deploy;
use recado_tests::cluster::Cluster;
use recado_tests::prelude::*;
use tokio::task::JoinSet;

/// Requests at once: more than the server has connections.
const AT_ONCE: usize = 20;

#[tokio::test]
async fn a_restart_of_the_database_loses_no_outcome_and_fails_no_later_request() {
    if TestDatabase::chosen() != DatabaseKind::Postgres {
        // A file does not restart.
        return;
    }
    let cluster = Cluster::start().expect("a PostgreSQL of its own");
    let database = TestDatabase::on(cluster.url()).await;
    let (_sandbox, urls) = world::sandbox().await;
    let (server, client) = deploy(&database, &urls).await;
    let many = async || {
        let mut requests = JoinSet::new();
        for number in 0..AT_ONCE {
            let client = client.clone();
            requests.spawn(async move {
                match number % 2 {
                    0 => client.send(smallest_body("conv-456")).await,
                    _ => client.get("/conversations").await,
                }
            });
        }
        for answer in soon("the answers", requests.join_all()).await {
            answer.expect(200);
        }
    };
    many().await;
    let held = client.hold("zapi").await;
    let send = client.begin_send("conv-zapi");
    let request = held.receive().await;

    cluster.restart().expect("a restart");
    let taken = json!({"messageId": "M1", "zaapId": "Z1"});
    request.answer(&taken).await;
    many().await;
    let answer = soon("an answer", send).await.expect("no panic").expect(200);
    assert_eq!(answer["message"]["status"], "accepted", "{answer}");
    server.stop().await.expect("an orderly end");
}
