//! People who sign in, 50 at once, while messages are sent: hashing of passwords must not delay sends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use recado_store::{MasterKey, Store};
use serde_json::json;
use tokio::task::JoinSet;

use super::gateway::Gateway;
use super::load::{Connection, Load};
use super::process;
use crate::people::{self, PASSWORD};

/// People who sign in at once.
pub(super) const PEOPLE: usize = 50;

/// Connections that send: one, whose sends meet a processor that is free, and as many as keep all busy.
const CONNECTIONS: [usize; 2] = [1, 16];

/// How often sends alone and sends with sign-ins take turns, so that both meet the same machine.
const TURNS: u32 = 3;

/// What the sends and the sign-ins took.
pub struct Logins {
    pub connections: usize,
    /// Microseconds of every send before people sign in.
    pub alone: Histogram<u64>,
    /// Microseconds of every send while people sign in.
    pub sends: Histogram<u64>,
    /// Microseconds of every sign-in.
    pub logins: Histogram<u64>,
    /// Sign-ins each second.
    pub logins_per_second: f64,
    /// Most memory that the server has had, in MiB.
    pub peak_memory_mib: f64,
}

/// Sends, in turns alone and while people sign in, 50 at once and again.
pub async fn measure(
    gateway: &Gateway,
    database: &str,
    time: Duration,
) -> anyhow::Result<Vec<Logins>> {
    prepare(&gateway.organization, database).await?;
    let mut measured = Vec::new();
    for connections in CONNECTIONS {
        measured.push(measure_with(gateway, connections, time / TURNS).await?);
    }
    Ok(measured)
}

async fn measure_with(
    gateway: &Gateway,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Logins> {
    let load = Load { connections, time };
    let (mut alone, mut sends, mut logins) =
        (Histogram::new(3)?, Histogram::new(3)?, Histogram::new(3)?);
    let mut took = Duration::ZERO;
    for _ in 0..TURNS {
        alone.add(load.run(gateway).await?.latency)?;
        let begun = Instant::now();
        let (sent, people) = tokio::join!(
            load.run(gateway),
            sign_in_until(gateway.address, begun + time)
        );
        took += begun.elapsed();
        sends.add(sent?.latency)?;
        logins.add(people?)?;
    }
    let count = u32::try_from(logins.len())?;
    Ok(Logins {
        connections,
        alone,
        sends,
        logins_per_second: f64::from(count) / took.as_secs_f64(),
        logins,
        peak_memory_mib: process::peak_memory_mib(gateway.server_id()?)?,
    })
}

/// Makes the users, whose passwords are hashed already; no secret is opened, so any master key does.
async fn prepare(organization: &str, database: &str) -> anyhow::Result<()> {
    let store = Store::connect(database, MasterKey::generate()?).await?;
    for person in 0..PEOPLE {
        people::user(&store, organization, "agent", &email(person)).await;
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
