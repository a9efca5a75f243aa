//! People who sign in, 50 at once, while messages are sent: hashing of passwords must not delay sends.

use std::net::SocketAddr;
use std::time::Instant;

use hdrhistogram::Histogram;
use recado_store::{MasterKey, Store};
use serde_json::json;
use tokio::task::JoinSet;

use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::load::{Connection, as_f64, milliseconds, per};
use crate::bench::process;
use crate::bench::report::metric::Metric;
use crate::people::{self, PASSWORD};

const AREA: &str = "logins";

/// People who sign in at once.
pub(super) const PEOPLE: usize = 50;

/// Connections that send: one, whose sends meet a processor that is free, and as many as keep all busy.
const CONNECTIONS: [usize; 2] = [1, 16];

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let gateways = bench.usual_gateways().await?;
    for gateway in &gateways {
        prepare(gateway).await?;
    }
    for _ in 0..bench.options.rounds {
        for connections in CONNECTIONS {
            for gateway in &gateways {
                add_turn(bench, gateway, connections).await?;
            }
        }
    }
    for gateway in &gateways {
        let peak = process::peak_memory_mib(gateway.server_id()?)?;
        let (subject, values) = (gateway.database.subject(), [(Metric::PeakMemory, peak)]);
        bench
            .samples
            .add_all(AREA, "after all of them", subject, &values);
    }
    Ok(())
}

/// Sends alone, and then while people sign in, so that both meet the same machine.
async fn add_turn(bench: &mut Bench, gateway: &Gateway, connections: usize) -> anyhow::Result<()> {
    let (load, addresses) = (bench.load(connections), [gateway.address()?]);
    let requests = &gateway.organization().requests;
    let alone = load.run(&addresses, requests).await?;
    let begun = Instant::now();
    let (sent, people) = tokio::join!(
        load.run(&addresses, requests),
        sign_in_until(addresses[0], begun + load.time)
    );
    let (sent, people, took) = (sent?, people?, begun.elapsed());
    let subject = gateway.database.subject();
    for (case, latency) in [
        ("alone", &alone.latency),
        ("with sign-ins", &sent.latency),
        ("the sign-ins", &people),
    ] {
        let case = format!("{}, {case}", load.name());
        let values = [
            (Metric::P50, milliseconds(latency, 0.5)),
            (Metric::P99, milliseconds(latency, 0.99)),
        ];
        bench.samples.add_all(AREA, &case, subject, &values);
    }
    let case = format!("{}, the sign-ins", load.name());
    let rate = per(as_f64(people.len()), took.as_secs_f64());
    bench
        .samples
        .add_all(AREA, &case, subject, &[(Metric::Throughput, rate)]);
    Ok(())
}

/// Makes the users, whose passwords are hashed already; no secret is opened, so any master key does.
pub(super) async fn prepare(gateway: &Gateway) -> anyhow::Result<()> {
    let store = Store::connect(gateway.database.url(), MasterKey::generate()?).await?;
    for person in 0..PEOPLE {
        people::user(&store, &gateway.organization().id, "agent", &email(person)).await;
    }
    store.close().await;
    Ok(())
}

pub(super) fn email(person: usize) -> String {
    format!("person{person}@example.com")
}

async fn sign_in_until(address: SocketAddr, end: Instant) -> anyhow::Result<Histogram<u64>> {
    let mut all = Histogram::new(3)?;
    while Instant::now() < end {
        let mut people = JoinSet::new();
        for person in 0..PEOPLE {
            people.spawn(async move {
                let from = format!("203.0.113.{person}");
                sign_in(address, &email(person), PASSWORD, &from, 201).await
            });
        }
        while let Some(took) = people.join_next().await {
            all.record(took??)?;
        }
    }
    Ok(all)
}

/// Makes an attempt from an address, as a proxy tells it; returns the microseconds until the answer.
pub(super) async fn sign_in(
    server: SocketAddr,
    email: &str,
    password: &str,
    from: &str,
    status: u16,
) -> anyhow::Result<u64> {
    let body = json!({"email": email, "password": password}).to_string();
    let request = format!(
        "POST /sessions HTTP/1.1\r\nhost: {server}\r\nx-forwarded-for: {from}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::open(server).await?;
    connection.ask(request.as_bytes(), status).await
}
